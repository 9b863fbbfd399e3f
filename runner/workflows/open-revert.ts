import { isMainstayError } from '../../foundation/errors.ts';
import type { Actor } from '../core/account.ts';
import type { HistoryEntry } from '../core/mirror.ts';
import { short } from '../core/report-text.ts';
import { conflictingRevert, nothingToRevert } from '../core/rollback-errors.ts';
import { repositoryOf, type Services } from './services.ts';

/** What was offered. */
export interface OfferedRevert {
  /** Name of the change: the branch, or the pull request's number. */
  readonly change: string;
  /** Its head, on top of the base branch. */
  readonly commit: string;
  readonly branch: string;
}

export interface RevertRequest extends Actor {
  readonly repository: string;
  /** Newest first. */
  readonly commits: readonly HistoryEntry[];
  readonly reason: string;
}

/**
 * Opens the change that takes commits back on top of the base branch. May be repeated: the same commits on the same base are the same change. Nothing
 * is rolled out that holds them from then on, until the change is merged or closed. Rejects with a user error where they cannot be taken back.
 */
export async function openRevert(services: Services, request: RevertRequest): Promise<OfferedRevert> {
  const { repository, commits, by, via, reason } = request;
  const { mirror, base, forge } = repositoryOf(services, repository);
  const onto = (await mirror.fetch()).find(({ branch }) => branch === base)!.commit;
  const title = titleOf(commits);
  const message = `${title}\n\n${commits.map(({ commit }) => `This reverts commit ${commit}.`).join('\n')}\n\nReason: ${reason}\nAsked by: ${by}`;
  const reverted = await mirror.revert({ onto, commits, message });
  if (reverted.kind === 'conflict') throw conflictingRevert(reverted);
  if (reverted.kind === 'nothing') throw nothingToRevert(commits);
  const newest = commits[0]!.commit;
  const branch = `revert-${short(newest)}-${short(onto)}`;
  await mirror.push(branch, reverted.commit).catch((error: unknown) => {
    // Somebody has gone on with it: that is the change.
    if (!isMainstayError(error, 'conflict')) throw error;
  });
  const change = await forge.openChange({ branch, title, text: `${message}\n` });
  await services.store.rollbacks.put({
    ...{ id: `${repository}@${newest}`, repository, commit: newest, change, head: reverted.commit, by, reason },
  });
  await services.store.audit.add({
    ...{ kind: 'rollback', repository, subject: `${repository}/${change}`, by, via, text: `${title}: ${reason}` },
    detail: { commits: commits.map(({ commit }) => commit) },
    key: `revert ${repository} ${reverted.commit}`,
  });
  services.tell(`opened ${change} (${title}) as ${reason}`);
  return { change, commit: reverted.commit, branch };
}

function titleOf(commits: readonly HistoryEntry[]): string {
  const [first] = commits;
  return commits.length === 1
    ? `Revert "${first!.subject}"`
    : `Revert "${first!.subject}" and ${commits.length - 1} before it`;
}
