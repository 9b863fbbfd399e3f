import { findAffected } from './affected-stacks.ts';
import { readSettings } from './settings.ts';
import type { SourceTree } from './source-tree.ts';
import type { Stack } from './stack.ts';
import { previewSettingsOf, settingsOf } from './stack-order.ts';

/** What a change is previewed at: the base branch, and its head merged into that. */
export interface PreviewedAt {
  readonly base: SourceTree;
  readonly merge: SourceTree;
}

/**
 * Whether the previews that were made at `was` would be others at `is`, where the base branch has moved: it affects other stacks now, or what one of those
 * is made of has moved, or that of a stack whose outputs it reads, or what its previews may see and use. `previewed` are the ids of the stacks then.
 */
export async function isStale(
  { was, is }: { readonly was: PreviewedAt; readonly is: PreviewedAt },
  options: { readonly previewed: readonly string[]; readonly upstreams: ReadonlyMap<string, readonly string[]> },
): Promise<boolean> {
  const { previewed, upstreams } = options;
  const settings = await readSettings(is.base);
  const { affected } = await findAffected(is.base, is.merge, { settings, upstreams });
  const stacks = affected.map(({ stack }) => stack);
  if (stacks.length !== new Set(previewed).size || stacks.some(({ id }) => !previewed.includes(id))) return true;
  if (stacks.length === 0) return false;
  if ((await readsOf(was, stacks)) !== (await readsOf(is, stacks))) return true;
  const moved = await findAffected(was.merge, is.merge, { settings, upstreams });
  return moved.affected.some(({ stack }) => previewed.includes(stack.id));
}

/** The settings that a preview of these stacks depends on: the base branch's for what it may, the change's own for the rest. */
async function readsOf({ base, merge }: PreviewedAt, stacks: readonly Stack[]): Promise<string> {
  const [granting, own] = await Promise.all([readSettings(base), readSettings(merge)]);
  return JSON.stringify(
    stacks.map((stack) => {
      const { engine, dependsOn, watches } = settingsOf(own, stack);
      return [previewSettingsOf(granting, stack), engine, dependsOn, watches];
    }),
  );
}
