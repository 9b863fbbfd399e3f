import { userError } from '../../foundation/errors.ts';
import type { HistoryEntry } from './mirror.ts';

export function conflictingRevert({
  commit,
  files,
}: {
  readonly commit: string;
  readonly files: readonly string[];
}): Error {
  return userError(
    `Cannot take ${commit.slice(0, 8)} back as later commits changed the same lines: ${files.join(', ')}. ` +
      'Take those back first, or correct it forward.',
  );
}

export function nothingToRevert(commits: readonly HistoryEntry[]): Error {
  return userError(
    `Cannot take back what is not there any more: ${commits.map(({ commit }) => commit.slice(0, 8)).join(', ')}. The base branch has nothing of it.`,
  );
}
