import { Unknown } from '../../protocol/property-value.ts';
import { kindOfObject } from './kind.ts';
import { type KubeObject, valueAt, withoutValueAt, withValueAt } from './object.ts';

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

/** What a preview may tell of a changed object. Its version is known only afterwards, its status is of before. */
export function previewOfChanged(answer: KubeObject): KubeObject {
  return withValueAt(withoutBookkeeping(answer), ['metadata', 'resourceVersion'], new Unknown());
}

function withoutBookkeeping(answer: KubeObject): KubeObject {
  return withoutValueAt(withoutValueAt(answer, ['status']), ['metadata', 'managedFields']);
}
