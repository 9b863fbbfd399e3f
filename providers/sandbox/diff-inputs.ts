import {
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';
import type { PropertyDiff } from '../../protocol/provider.ts';
import { sameJson, toWorldJson } from './world-json.ts';

/** Differences between two inputs by property path (`spec.ports[0].port`, `["a.b"]`), inputs compared with inputs. */
export function diffInputs(
  olds: PropertyValue | undefined,
  news: PropertyValue | undefined,
  path = '',
): Readonly<Record<string, PropertyDiff>> {
  const before = plain(olds);
  const after = plain(news);
  if (after instanceof Unknown || before instanceof Unknown) return { [path]: { kind: 'update', inputDiff: true } };
  if (isPropertyMap(before) && isPropertyMap(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return Object.assign({}, ...names.map((name) => diffInputs(before[name], after[name], memberPath(path, name))));
  }
  if (isPropertyArray(before) && isPropertyArray(after)) {
    const length = Math.max(before.length, after.length);
    const indexes = Array.from({ length }, (_, index) => index);
    return Object.assign({}, ...indexes.map((index) => diffInputs(before[index], after[index], `${path}[${index}]`)));
  }
  if (sameJson(toWorldJson(before, ''), toWorldJson(after, ''))) return {};
  const kind = isAbsent(before) ? 'add' : isAbsent(after) ? 'delete' : 'update';
  return { [path]: { kind, inputDiff: true } };
}

/** The first member of a property path. */
export function topLevel(path: string): string {
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(path);
  return quoted ? quoted[1]!.replaceAll('\\"', '"') : (/^[^.[]*/.exec(path)?.[0] ?? path);
}

/** The value without marks of secrecy and origin; Unknown where it is not known. */
export function plain(value: PropertyValue | undefined): PropertyValue | undefined {
  if (value instanceof Secret) return plain(value.value);
  if (value instanceof Output) return value.value === undefined ? new Unknown() : plain(value.value);
  return value;
}

function isAbsent(value: PropertyValue | undefined): boolean {
  return value === undefined || value === null;
}

function memberPath(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${path}["${name.replaceAll('"', '\\"')}"]`;
  return path === '' ? name : `${path}.${name}`;
}
