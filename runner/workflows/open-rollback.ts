import { short } from '../core/report-text.ts';
import type { RolloutAt } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';

const LOOKED_BACK = 100;

/** Why a commit is not to be applied: it holds one that somebody took back, and its revert is not in it. Undefined where it may be. */
export async function openRollback(services: Services, at: RolloutAt): Promise<string | undefined> {
  const { mirror } = repositoryOf(services, at.repository);
  for (const { commit, head, change, by } of await services.store.rollbacks.list(at.repository)) {
    if (!(await mirror.contains(at.commit, commit)) || (await mirror.contains(at.commit, head))) continue;
    const id = `${at.repository}/${change}`;
    // A revert that was closed without being merged was a wrong thought.
    if ((await services.store.changes.get(id))?.state === 'closed' || (await isIn(services, at, id))) continue;
    return `${short(commit)} was taken back by ${by}: merge ${change}, or approve to apply it all the same`;
  }
  return undefined;
}

/** Whether a change came with this commit or one before it: a squash and a rebase leave nothing of its head, and the rollout that brought it knows. */
async function isIn(services: Services, { repository, commit }: RolloutAt, change: string): Promise<boolean> {
  const { mirror } = repositoryOf(services, repository);
  for (const rollout of await services.store.rollouts.list(repository, LOOKED_BACK))
    if (rollout.changes.includes(change) && (await mirror.contains(commit, rollout.commit))) return true;
  return false;
}
