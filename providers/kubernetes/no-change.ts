import type { Cluster } from './cluster.ts';
import type { FieldChange } from './compare.ts';
import { isBuiltInGroup, kindOfObject } from './kind.ts';
import {
  isFields,
  isList,
  type KubeFields,
  type KubeObject,
  type KubeValue,
  sameValue,
  withoutValueAt,
} from './object.ts';

/**
 * Whether every change is only apparent: an empty or zero value is asked for where nothing was, and the server makes nothing of it.
 * The official provider leaves such values out of its state, so they appear in stacks that it made. Which of them mean something
 * (`automountServiceAccountToken: false` does) only the server knows: it is asked by a dry run, and only in this case.
 */
export async function changesNothing(options: {
  readonly changes: readonly FieldChange[];
  readonly live: KubeObject;
  readonly next: KubeObject;
  readonly cluster: Cluster;
}): Promise<boolean> {
  const { changes, live, next, cluster } = options;
  if (changes.length === 0 || !changes.every((change) => change.kind === 'add' && isZero(change.value))) return false;
  if (!isBuiltInGroup(kindOfObject(next).group) || cluster.unusable !== undefined) return false;
  try {
    const current = await cluster.get(live);
    const result = await cluster.apply(next, { fieldManager: 'mainstay-diff', force: true, dryRun: true });
    return sameValue(withoutBookkeeping(current), withoutBookkeeping(result));
  } catch {
    // A refusal is the update's to explain: here it only means that the change may be real.
    return false;
  }
}

function isZero(value: KubeValue | undefined): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (isList(value)) return value.length === 0;
  return isFields(value) && Object.values(value).every(isZero);
}

function withoutBookkeeping(object: KubeFields): KubeFields {
  return ['managedFields', 'resourceVersion', 'generation'].reduce(
    (result, name) => withoutValueAt(result, ['metadata', name]),
    object,
  );
}
