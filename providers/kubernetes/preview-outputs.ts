import { setAt } from '../../protocol/property-path.ts';
import { type PropertyMap, Unknown } from '../../protocol/property-value.ts';
import { kindOfObject } from './kind.ts';
import { type KubeObject, valueAt, withoutValueAt, withValueAt } from './object.ts';
import { objectOf } from './property-object.ts';

/** Fields that the server makes up for each object: what a dry run says of them is not what an update will bring. */
const ALLOCATED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '/Service': [
    ['spec', 'clusterIP'],
    ['spec', 'clusterIPs'],
    ['spec', 'healthCheckNodePort'],
    ['spec', 'ports'],
  ],
  '/Pod': [
    ['spec', 'nodeName'],
    ['spec', 'volumes'],
  ],
  '/PersistentVolumeClaim': [['spec', 'volumeName']],
  'batch/Job': [
    ['spec', 'selector'],
    ['spec', 'template', 'metadata', 'labels'],
  ],
};
const ALLOCATED_METADATA = ['uid', 'creationTimestamp', 'resourceVersion', 'generation'];

/**
 * What a preview may tell of a new object: a dry run's answer without status and bookkeeping, with what is made up only then
 * unknown, so that two previews of one program are the same.
 */
export function previewOfNew(answer: KubeObject, inputs: KubeObject): KubeObject {
  const { group, kind } = kindOfObject(inputs);
  const made = ALLOCATED_METADATA.map((name) => ['metadata', name] as const);
  const fields = [...made, ...(ALLOCATED[`${group}/${kind}`] ?? [])];
  return fields
    .filter((path) => valueAt(answer, ...path) !== undefined && valueAt(inputs, ...path) === undefined)
    .reduce((result, path) => withValueAt(result, path, new Unknown()), withoutBookkeeping(answer));
}

/**
 * What a preview may tell of a new object that the server cannot be asked about (its namespace is made by the same update, ...): what is
 * asked for, and that the server will make up the rest.
 */
export function previewOfUnasked(inputs: PropertyMap): PropertyMap {
  const plain = objectOf(inputs);
  const { group, kind } = kindOfObject(plain);
  const made = ALLOCATED_METADATA.map((name) => ['metadata', name] as const);
  return [...made, ...(ALLOCATED[`${group}/${kind}`] ?? [])]
    .filter((path) => isKnown(plain, path.slice(0, -1)) && valueAt(plain, ...path) === undefined)
    .reduce((result, path) => setAt(result, path, new Unknown()) as PropertyMap, inputs);
}

function isKnown(object: KubeObject, path: readonly string[]): boolean {
  const value = valueAt(object, ...path);
  return typeof value === 'object' && value !== null && !(value instanceof Unknown);
}

/** What a preview may tell of a changed object. Its version is known only afterwards, its status is of before. */
export function previewOfChanged(answer: KubeObject): KubeObject {
  return withValueAt(withoutBookkeeping(answer), ['metadata', 'resourceVersion'], new Unknown());
}

function withoutBookkeeping(answer: KubeObject): KubeObject {
  return withoutValueAt(withoutValueAt(answer, ['status']), ['metadata', 'managedFields']);
}
