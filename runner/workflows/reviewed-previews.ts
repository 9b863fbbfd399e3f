import type { Rollout } from '../core/rollout.ts';
import type { Run } from '../core/run.ts';
import type { Services } from './services.ts';

/** Rollouts that are looked through for the one that a stack is at. */
const LOOKED_BACK = 200;

/**
 * What was reviewed of what an update is about to do, as fingerprints: the last preview that people approved for its rollout; else the
 * last preview of each change that was merged since the commit that the stack is at, together. undefined where nobody reviewed anything.
 */
export async function reviewedFingerprints(services: Services, run: Run): Promise<readonly string[] | undefined> {
  if (run.rollout === undefined) return undefined;
  // What was approved for the environment counts more than what was reviewed in the change.
  const approved = await lastPreview(services, { rollout: run.rollout, stack: run.stack });
  if (approved) return approved;
  const previews: string[] = [];
  let reviewed = false;
  for (const change of await mergedSince(services, run)) {
    const preview = await lastPreview(services, { change, stack: run.stack });
    if (!preview) continue;
    reviewed = true;
    previews.push(...preview);
  }
  return reviewed ? previews : undefined;
}

async function lastPreview(
  { store }: Services,
  of: { readonly rollout?: string; readonly change?: string; readonly stack: string },
): Promise<readonly string[] | undefined> {
  const [preview] = await store.runs.list({ ...of, kind: 'preview', states: ['succeeded'], limit: 1 });
  return preview?.outcome?.fingerprints;
}

/** The changes of this rollout, and of those before it that did not come to the stack. */
async function mergedSince({ store }: Services, run: Run): Promise<readonly string[]> {
  const all = await store.rollouts.list(run.repository, LOOKED_BACK);
  const own = all.findIndex(({ id }) => id === run.rollout);
  if (own < 0) return [];
  const known = (await store.stacks.list(run.repository)).find(({ id }) => id === run.stack);
  const isAt = ({ commit }: Rollout) => commit === known?.appliedCommit;
  const from = all.findIndex((rollout, index) => index > own && isAt(rollout));
  // Where it is not known what the stack is at, only what came with this rollout counts as reviewed.
  const since = all.slice(own, from < 0 ? own + 1 : from);
  return [...new Set(since.flatMap(({ changes }) => changes))];
}
