import { Unknown } from '../../protocol/property-value.ts';
import type { FieldPath } from './force-new.ts';
import { isFields, isList, type KubeFields, type KubeValue, sameValue } from './object.ts';

/** One field that differs between what was asked for and what is asked for. */
export interface FieldChange {
  readonly path: FieldPath;
  readonly kind: 'add' | 'update' | 'delete';
  /** Undefined where the field goes. */
  readonly value: KubeValue | undefined;
}

/** The fields in which `next` differs from `last`. Lists are compared place by place. A null is the same as nothing. */
export function compareFields(last: KubeFields, next: KubeFields, path: FieldPath = []): readonly FieldChange[] {
  const names = new Set([...Object.keys(next), ...Object.keys(last)]);
  return [...names].flatMap((name) => compareValues(last[name], next[name], [...path, name]));
}

function compareValues(
  last: KubeValue | undefined,
  next: KubeValue | undefined,
  path: FieldPath,
): readonly FieldChange[] {
  const was = last ?? undefined;
  const is = next ?? undefined;
  if (is === undefined) return was === undefined ? [] : [{ path, kind: 'delete', value: undefined }];
  if (was === undefined) return [{ path, kind: 'add', value: is }];
  if (is instanceof Unknown || was instanceof Unknown) return [{ path, kind: 'update', value: is }];
  if (isFields(was) && isFields(is)) return compareFields(was, is, path);
  if (isList(was) && isList(is)) return compareLists(was, is, path);
  return sameValue(was, is) ? [] : [{ path, kind: 'update', value: is }];
}

function compareLists(last: readonly KubeValue[], next: readonly KubeValue[], path: FieldPath): readonly FieldChange[] {
  const length = Math.max(last.length, next.length);
  return Array.from({ length }, (_, index) => compareValues(last[index], next[index], [...path, index])).flat();
}

/** The path as Pulumi writes property paths: `spec.containers[0].image`, `metadata.annotations["a.b/c"]`. */
export function formatFieldPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (/[."[\]]/.test(part)) return `${text}["${part.replaceAll('"', '\\"')}"]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
