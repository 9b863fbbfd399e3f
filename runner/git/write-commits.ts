import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';
import type { HistoryEntry, Revert, WrittenCommit } from '../core/mirror.ts';
import type { Git } from './git-command.ts';

const BOT = { name: 'Mainstay', email: 'mainstay@localhost' };

/** The commits between two, newest first: those of the first line only, or all. */
export async function historyOf(
  git: Git,
  { from, to, all }: { readonly from: string | undefined; readonly to: string; readonly all: boolean },
): Promise<readonly HistoryEntry[]> {
  const range = from === undefined ? ['--max-count=1', to] : [`${from}..${to}`];
  const line = all ? [] : ['--first-parent'];
  const text = await git.run('log', '-z', '--format=%H%x1f%P%x1f%s%x1f%an%x1f%ae%x1f%b', ...line, ...range, '--');
  return text
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [commit = '', parents = '', subject = '', author = '', email = '', body = ''] = entry.split('\x1f');
      return {
        commit: commit.trim(),
        parent: parents.split(' ')[0] || undefined,
        subject,
        authors: [author, email],
        body,
      };
    });
}

/**
 * Takes commits back on top of `onto`, newest first, as one commit: each is undone against its first parent by a merge of three. The same always makes
 * the same commit.
 */
export async function revertCommits(
  git: Git,
  {
    onto,
    commits,
    message,
  }: { readonly onto: string; readonly commits: readonly HistoryEntry[]; readonly message: string },
): Promise<Revert> {
  const date = await dateOf(git, onto);
  let at = onto;
  for (const { commit, parent } of commits) {
    if (parent === undefined)
      throw userError(`Cannot revert the first commit of a repository: ${commit.slice(0, 8)}. Choose a later one.`);
    // A commit with the parent's files on top of the commit: merging it undoes what the commit did, and nothing else.
    const tree = (await git.run('rev-parse', `${parent}^{tree}`)).trim();
    const undone = (await git.runAs({ ...BOT, date }, 'commit-tree', tree, '-p', commit, '-m', 'undo')).trim();
    const output = await git.ask('merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', at, undone);
    const [merged, ...files] = output.split('\0').filter((part) => part !== '');
    if (merged === undefined || files.length > 0) return { kind: 'conflict', commit, files: [...new Set(files)] };
    at = (await git.runAs({ ...BOT, date }, 'commit-tree', merged.trim(), '-p', at, '-m', 'undone')).trim();
  }
  const tree = (await git.run('rev-parse', `${at}^{tree}`)).trim();
  if (tree === (await git.run('rev-parse', `${onto}^{tree}`)).trim()) return { kind: 'nothing' };
  const commit = (await git.runAs({ ...BOT, date }, 'commit-tree', tree, '-p', onto, '-m', message)).trim();
  return { kind: 'reverted', commit };
}

/** A commit on top of `parent` in which `files` have these texts. The same always makes the same commit. */
export async function writeCommit(git: Git, { parent, files, message }: WrittenCommit): Promise<string> {
  const index = join(tmpdir(), `mainstay-index-${randomBytes(8).toString('hex')}`);
  const aside = git.withIndex(index);
  try {
    await aside.run('read-tree', parent);
    for (const [path, text] of Object.entries(files)) {
      const blob = await writeBlob(git, text);
      const [mode = '100644'] = (await aside.run('ls-files', '--stage', '--', path)).split(' ');
      await aside.run('update-index', '--add', '--cacheinfo', `${mode || '100644'},${blob},${path}`);
    }
    const tree = (await aside.run('write-tree')).trim();
    const date = await dateOf(git, parent);
    return (await git.runAs({ ...BOT, date }, 'commit-tree', tree, '-p', parent, '-m', message)).trim();
  } finally {
    rmSync(index, { force: true });
  }
}

async function writeBlob(git: Git, text: string): Promise<string> {
  const file = join(tmpdir(), `mainstay-blob-${randomBytes(8).toString('hex')}`);
  writeFileSync(file, text, { mode: 0o600 });
  try {
    return (await git.run('hash-object', '-w', '--no-filters', file)).trim();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Pushes a commit as the head of a branch. Rejects with a conflict where the branch has moved to something that is not in the commit. */
export async function pushCommit(git: Git, branch: string, commit: string): Promise<void> {
  try {
    await git.run('push', '--quiet', 'origin', `${commit}:refs/heads/${branch}`);
  } catch (error) {
    if (
      !/non-fast-forward|fetch first|rejected|failed to update ref|cannot lock ref|incorrect old value/i.test(
        messageOf(error),
      )
    )
      throw error;
    throw new MainstayError(
      'conflict',
      `Cannot push to ${branch} as it has moved. It is tried again on its new head.`,
      {
        cause: error,
      },
    );
  }
}

async function dateOf(git: Git, commit: string): Promise<string> {
  return (await git.run('log', '-1', '--format=%ct +0000', commit)).trim();
}
