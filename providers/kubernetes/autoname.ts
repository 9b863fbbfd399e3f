import { createHash, randomBytes } from 'node:crypto';
import { Unknown } from '../../protocol/property-value.ts';
import type { CheckRequest } from '../../protocol/provider.ts';
import { annotations } from './annotations.ts';
import {
  annotationOf,
  fieldsAt,
  type KubeObject,
  type KubeValue,
  nameOf,
  textAt,
  valueAt,
  withValueAt,
} from './object.ts';

const SUFFIX_LENGTH = 8;

/** Eight hexadecimal digits, the same for the same seed. */
export function suffixOf(seed: Uint8Array | undefined): string {
  const source = seed && seed.length > 0 ? seed : randomBytes(32);
  return createHash('sha256').update(source).digest('hex').slice(0, SUFFIX_LENGTH);
}

/** Whether the object has a name, or will have one that is not known yet. */
export function isNamed(object: KubeObject): boolean {
  return nameOf(object) !== '' || isUnknownAt(object, 'name');
}

export function usesGenerateName(object: KubeObject): boolean {
  return !isNamed(object) && (textAt(object, 'metadata', 'generateName') !== '' || isUnknownAt(object, 'generateName'));
}

export function isAutonamed(object: KubeObject): boolean {
  return annotationOf(object, annotations.autonamed) === 'true';
}

function isUnknownAt(object: KubeObject, name: string): boolean {
  return object.metadata instanceof Unknown || valueAt(object, 'metadata', name) instanceof Unknown;
}

/**
 * Gives a name to an object that has none: the one that it had where we chose that too, else `<resource name>-<8 digits>`. The
 * annotation `pulumi.com/autonamed` says that a replacement may have another name.
 */
export function withName(object: KubeObject, old: KubeObject | undefined, request: CheckRequest): KubeObject {
  if (isNamed(object)) return object;
  if (old) return isAutonamed(old) ? named(object, nameOf(old)) : object;
  if (usesGenerateName(object)) return object;
  return named(object, newName(request));
}

function newName(request: CheckRequest): string {
  return request.autonaming?.mode === 'propose' || request.autonaming?.mode === 'enforce'
    ? request.autonaming.proposedName
    : `${request.name}-${suffixOf(request.randomSeed)}`;
}

function named(object: KubeObject, name: string): KubeObject {
  const result = withValueAt(object, ['metadata', 'name'], name);
  const known: KubeValue | undefined = valueAt(object, 'metadata', 'annotations');
  if (known instanceof Unknown) return result;
  const all = { ...fieldsAt(object, 'metadata', 'annotations'), [annotations.autonamed]: 'true' };
  return withValueAt(result, ['metadata', 'annotations'], all);
}
