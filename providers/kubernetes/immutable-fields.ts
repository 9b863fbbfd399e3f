import { immutableFields } from './api-error.ts';
import type { Cluster } from './cluster.ts';
import { type FieldChange, formatFieldPath } from './compare.ts';
import { isCustomResourceDefinition } from './kind.ts';
import { hasUnknown, type KubeObject } from './object.ts';

/**
 * Which of `changes` the server would refuse as their fields cannot be changed after creation: asked by a dry run, and only for objects that
 * change. The official provider's list knows some kinds; the server knows all of them, custom ones with transition rules too. What
 * else it refuses is the update's to explain. A definition is never replaced for that: all its instances would go with it.
 */
export async function findImmutable(options: {
  readonly changes: readonly FieldChange[];
  readonly next: KubeObject;
  readonly fieldManager: string;
  readonly cluster: Cluster;
}): Promise<readonly FieldChange[]> {
  const { changes, next, fieldManager, cluster } = options;
  if (changes.length === 0 || hasUnknown(next) || isCustomResourceDefinition(next)) return [];
  if (cluster.unusable !== undefined || !cluster.configuration.enableServerSideApply) return [];
  try {
    await cluster.apply(next, { fieldManager, force: true, dryRun: true });
    return [];
  } catch (error) {
    const refused = immutableFields(error);
    return changes.filter(({ path }) => refused.some((field) => overlaps(formatFieldPath(path), field)));
  }
}

/** Whether one path is the other or lies within it. */
function overlaps(left: string, right: string): boolean {
  const isWithin = (inner: string, outer: string) =>
    inner === outer || outer === '' || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  return isWithin(left, right) || isWithin(right, left);
}
