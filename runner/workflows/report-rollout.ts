import { short } from '../core/report-text.ts';
import type { Rollout } from '../core/rollout.ts';
import { attempt } from './attempt.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';

/** Found again by this: a change has one comment about what its merge did. */
const OUTCOME_MARKER = '<!-- mainstay:outcome -->';

/**
 * Says where a rollout is on each pull request that it merged, in one comment that is edited in place: what it waits for, or how it ended. One that a newer
 * commit overtook is that one's to report. May be repeated; a forge that cannot be reached is said and holds nothing up for good.
 */
export async function reportRollout(services: Services, at: RolloutAt): Promise<void> {
  const { forge } = repositoryOf(services, at.repository);
  const rollout = await services.store.rollouts.get(rolloutId(at));
  if (!forge.proposals || !rollout || rollout.changes.length === 0 || rollout.state === 'overtaken') return;
  const link = services.link(`rollouts/${rollout.id}`);
  const foot = `Commit ${short(at.commit)}${link ? `, [details](${link})` : ''}`;
  const text = [OUTCOME_MARKER, ...linesOf(rollout), '', foot].join('\n');
  const told = await attempt(async () => {
    for (const id of rollout.changes) {
      const change = id.slice(at.repository.length + 1);
      await forge.putComment({ change, commit: at.commit, text, marker: OUTCOME_MARKER });
    }
  }, services);
  if (!told.ok)
    services.log.error({ rollout: rollout.id, error: told.error.message }, 'the forge did not take where a rollout is');
}

function linesOf({ state, summary, waits }: Rollout): readonly string[] {
  if (state === 'succeeded') return [`**Rolled out**: ${summary}.`];
  if (state === 'failed') return [`**Not rolled out**: ${summary}.`];
  const how = waits?.for === 'failure' ? 'Say `/retry` to try again what failed.' : 'Say `/approve` to let it go on.';
  const asked = waits?.for === 'failure' || waits?.for === 'approval' || waits?.for === 'rolled-back';
  return [`**Waits**: ${summary}.`, ...(asked ? ['', how] : [])];
}
