import { short } from '../core/report-text.ts';
import type { RolloutAt } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';

/** Why a commit is not to be applied: it holds one that somebody took back, and its revert is not in it. Undefined where it may be. */
export async function openRollback(services: Services, at: RolloutAt): Promise<string | undefined> {
  const { mirror } = repositoryOf(services, at.repository);
  for (const { commit, head, change, by } of await services.store.rollbacks.list(at.repository)) {
    if (!(await mirror.contains(at.commit, commit)) || (await mirror.contains(at.commit, head))) continue;
    const open = (await services.store.changes.get(`${at.repository}/${change}`))?.state ?? 'open';
    // A revert that was closed without being merged was a wrong thought.
    if (open === 'closed') continue;
    return `${short(commit)} was taken back by ${by}: merge ${change}, or approve to apply it all the same`;
  }
  return undefined;
}
