import { nearestName } from '../../../foundation/nearest-name.ts';
import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  type PropertyMap,
  type PropertyValue,
  Unknown,
} from '../../../protocol/property-value.ts';
import type { CheckFailure } from '../../../protocol/provider.ts';
import { plain } from '../diff-inputs.ts';
import type { Properties } from './declarations.ts';
import type { ValueType } from './type-expression.ts';

interface CheckContext {
  readonly path: string;
  readonly object: (name: string) => Properties | undefined;
}

/** Missing, unknown and misfit members of `values`, each with its property path. Unknown values fit everywhere. */
export function checkProperties(
  values: PropertyMap,
  properties: Properties,
  context: CheckContext,
): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  const at = (name: string) => (context.path === '' ? name : `${context.path}.${name}`);
  for (const [name, property] of Object.entries(properties)) {
    if (property.required && isAbsent(values[name])) failures.push({ property: at(name), reason: 'is required' });
  }
  for (const [name, value] of Object.entries(values)) {
    // Members that the SDKs themselves add (`__defaults`).
    if (name.startsWith('__') || isAbsent(value)) continue;
    const property = properties[name];
    if (property) failures.push(...checkValue(value, property.type, { ...context, path: at(name) }));
    else failures.push({ property: at(name), reason: unknownReason(name, properties) });
  }
  return failures;
}

function unknownReason(name: string, properties: Properties): string {
  const nearest = nearestName(name, Object.keys(properties));
  return `is not a property of this type${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

function checkValue(value: PropertyValue, type: ValueType, context: CheckContext): readonly CheckFailure[] {
  const inner = plain(value);
  if (inner instanceof Unknown || isAbsent(inner)) return [];
  switch (type.kind) {
    case 'any':
      return [];
    case 'union':
      return checkUnion(inner!, type.of, context);
    case 'array':
      if (!isPropertyArray(inner)) return misfit(context, 'a list', inner!);
      return inner.flatMap((element, index) =>
        checkValue(element, type.of, { ...context, path: `${context.path}[${index}]` }),
      );
    case 'map':
      if (!isPropertyMap(inner)) return misfit(context, 'an object', inner!);
      return Object.entries(inner).flatMap(([name, member]) =>
        checkValue(member, type.of, { ...context, path: `${context.path}.${name}` }),
      );
    case 'object': {
      if (!isPropertyMap(inner)) return misfit(context, 'an object', inner!);
      const properties = context.object(type.name);
      return properties === undefined ? [] : checkProperties(inner, properties, context);
    }
    case 'asset':
      return inner instanceof Asset || inner instanceof Archive ? [] : misfit(context, 'an asset', inner!);
    case 'literal':
      return inner === type.value ? [] : misfit(context, JSON.stringify(type.value), inner!);
    default:
      return fitsScalar(inner!, type.kind) ? [] : misfit(context, `a ${type.kind}`, inner!);
  }
}

function checkUnion(value: PropertyValue, types: readonly ValueType[], context: CheckContext): readonly CheckFailure[] {
  const results = types.map((type) => checkValue(value, type, context));
  return results.some((failures) => failures.length === 0) ? [] : (results[0] ?? []);
}

/** Providers take numbers and truth values as text and the other way round, as long as the text reads as one. */
function fitsScalar(value: PropertyValue, kind: 'string' | 'number' | 'boolean'): boolean {
  if (typeof value === kind) return true;
  if (kind === 'string') return typeof value === 'number' || typeof value === 'boolean';
  if (typeof value !== 'string') return false;
  return kind === 'number' ? value.trim() !== '' && Number.isFinite(Number(value)) : /^(true|false)$/.test(value);
}

function misfit(context: CheckContext, wanted: string, value: PropertyValue): readonly CheckFailure[] {
  const got = isPropertyArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  return [{ property: context.path, reason: `must be ${wanted}, not ${got}` }];
}

function isAbsent(value: PropertyValue | undefined): boolean {
  return value === undefined || value === null;
}
