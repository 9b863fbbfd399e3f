import { isMainstayError } from '../../foundation/errors.ts';
import type { Change } from '../core/change.ts';
import { short } from '../core/report-text.ts';
import { isStale } from '../core/stale-preview.ts';
import type { ChangeAt } from './change-at.ts';
import { upstreamsOf } from './known-upstreams.ts';
import { isMergedAt } from './merged-changes.ts';
import type { RolloutAt } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';

/**
 * The open changes whose previews are to be made again as the base branch is at another commit now. Those of the others stay what they are, with the
 * base that they were made on: their statuses are on their heads.
 */
export async function staleChanges(
  services: Services,
  { repository, commit }: RolloutAt,
): Promise<readonly ChangeAt[]> {
  const stale: ChangeAt[] = [];
  let valid = 0;
  for (const change of await services.store.changes.list(repository, 'open')) {
    if (change.held || (await isMergedAt(services, change, commit))) continue;
    if (await isMoved(services, change, commit))
      stale.push({ repository, name: change.name, head: change.head, base: commit, sameHead: true });
    else valid += 1;
  }
  if (stale.length + valid > 0)
    services.tell(
      `the base branch is at ${short(commit)}: ${stale.length} open changes are previewed again, ${valid} previews stay valid`,
    );
  return stale;
}

/** What cannot be judged is planned again: that says why. */
async function isMoved(services: Services, change: Change, commit: string): Promise<boolean> {
  if (change.base === undefined || change.merge === undefined || change.problem !== undefined) return true;
  const { mirror } = repositoryOf(services, change.repository);
  const runs = await services.store.runs.list({ change: change.id, kind: 'preview', limit: 1000 });
  const previewed = runs.filter((run) => run.commit === change.merge).map(({ stack }) => stack);
  try {
    const merged = await mirror.merge(commit, change.head);
    if (merged.kind === 'conflict') return true;
    const [was, is] = await Promise.all(
      [[change.base, change.merge] as const, [commit, merged.commit] as const].map(async ([base, merge]) => ({
        base: await mirror.tree(base),
        merge: await mirror.tree(merge),
      })),
    );
    const upstreams = upstreamsOf(await services.store.stacks.list(change.repository));
    return await isStale({ was: was!, is: is! }, { previewed: [...new Set(previewed)], upstreams });
  } catch (error) {
    if (!isMainstayError(error, 'user')) throw error;
    return true;
  }
}
