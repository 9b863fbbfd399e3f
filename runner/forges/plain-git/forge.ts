import { chmodSync, existsSync, mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MainstayError, userError } from '../../../foundation/errors.ts';
import type { CommitStatus, Forge, PutComment } from '../../core/forge.ts';
import { COMMENT_MARKER } from '../../core/report-text.ts';
import type { Git } from '../../git/git-command.ts';
import { containsCommit, mergeCommits } from '../../git/merge-commits.ts';
import { pushCommit } from '../../git/write-commits.ts';

const COMMENTS = 'refs/notes/mainstay';
const STATUSES = 'refs/notes/mainstay-status';

/** The file that our hook touches after each push. */
const PUSHED = 'mainstay-pushed';
const HOOK_MARK = '# Mainstay: tells the runner of pushes.';

/**
 * A repository without a forge: a pushed branch is a change. Comments and statuses are git notes on the commit, in `refs/notes/mainstay` and
 * `refs/notes/mainstay-status` of the repository itself, so they can be fetched and shown by `git log --notes=mainstay`.
 */
export function createPlainGitForge(options: {
  /** A path or any address that git takes. */
  readonly url: string;
  /** The branch that changes go into. Default: `main`. */
  readonly base?: string;
  /** The mirror that notes are written in, and pushed from. */
  readonly git: Git;
}): Forge {
  const writing = createQueue();
  return {
    name: 'plain Git',
    cloneUrl: options.url,
    proposals: undefined,
    watch: (notice) => (isBareFolder(options.url) ? watchPushes(options.url, notice) : () => {}),
    setStatus: (status) => writing(() => addStatus(options.git, status)),
    putComment: (comment) =>
      writing(async () => {
        await writeComment(options.git, comment);
        await push(options.git, COMMENTS);
      }),
    // A pushed branch is a change already.
    openChange: async ({ branch }) => branch,
    mergeChange: (change, head) =>
      writing(() => mergeBranch(options.git, { change, head, base: options.base ?? 'main' })),
  };
}

/** Merges a branch into the base branch and pushes that. Both have to be where they were seen. */
async function mergeBranch(
  git: Git,
  { change, head, base }: { readonly change: string; readonly head: string; readonly base: string },
): Promise<void> {
  const text = await git.run('ls-remote', 'origin', `refs/heads/${base}`, `refs/heads/${change}`);
  const heads = new Map(text.split('\n').map((line) => [line.slice(41), line.slice(0, 40)]));
  const onto = heads.get(`refs/heads/${base}`);
  if (onto === undefined || heads.get(`refs/heads/${change}`) !== head)
    throw new MainstayError(
      'conflict',
      `Cannot merge ${change} as its head is not ${head.slice(0, 8)} any more. Look at what it is now.`,
    );
  await git.run('fetch', '--quiet', '--no-tags', 'origin', `refs/heads/${base}`);
  // The answer of an earlier push may have been lost.
  if (await containsCommit(git, onto, head)) return;
  const merge = await mergeCommits(git, onto, head);
  if (merge.kind === 'conflict')
    throw new MainstayError(
      'conflict',
      `Cannot merge ${change} as it conflicts with ${base} in ${merge.files.join(', ')}. Merge ${base} into it and resolve that.`,
    );
  await pushCommit(git, base, merge.commit);
}

/** Notes are one ref: who writes waits for the one before. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
}

/** One line per context, the last one counts. */
async function addStatus(git: Git, { commit, context, state, text, link }: CommitStatus): Promise<void> {
  const before = await git.ask('notes', '--ref', STATUSES, 'list', commit);
  const lines = before.trim() === '' ? [] : (await git.run('notes', '--ref', STATUSES, 'show', commit)).split('\n');
  const others = lines.filter((line) => line !== '' && !line.startsWith(`${context}: `));
  const line = `${context}: ${state}: ${text}${link ? ` ${link}` : ''}`.replaceAll('\n', ' ');
  await writeNote(git, STATUSES, { commit, text: [...others, line].sort().join('\n') });
  await push(git, STATUSES);
}

const MARKER = /^<!-- mainstay:[\w-]+ -->$/;

/** A commit has one note: comments of other markers stay in it, each from its marker on. */
async function writeComment(git: Git, { commit, text, marker = COMMENT_MARKER }: PutComment): Promise<void> {
  const before = await git.ask('notes', '--ref', COMMENTS, 'list', commit);
  const lines = before.trim() === '' ? [] : (await git.run('notes', '--ref', COMMENTS, 'show', commit)).split('\n');
  const parts = new Map<string, string[]>();
  let part: string[] | undefined;
  for (const line of lines) {
    if (MARKER.test(line)) {
      part = [];
      parts.set(line, part);
    }
    part?.push(line);
  }
  parts.set(marker, [text]);
  await writeNote(git, COMMENTS, {
    commit,
    text: [...parts.values()].map((own) => own.join('\n').trim()).join('\n\n'),
  });
}

async function writeNote(
  git: Git,
  ref: string,
  { commit, text }: { readonly commit: string; readonly text: string },
): Promise<void> {
  const identity = { name: 'Mainstay', email: 'mainstay@localhost', date: `${Math.floor(Date.now() / 1000)} +0000` };
  await git.runAs(identity, 'notes', '--ref', ref, 'add', '--force', '--message', text, commit);
}

/** We are the only one who writes these refs. */
async function push(git: Git, ref: string): Promise<void> {
  await git.run('push', '--quiet', '--force', 'origin', `${ref}:${ref}`);
}

function isBareFolder(url: string): boolean {
  return existsSync(join(url, 'HEAD')) && existsSync(join(url, 'objects'));
}

/** Sees a push the moment it is done: our hook touches a file that we watch. */
function watchPushes(folder: string, notice: () => void): () => void {
  installHook(folder);
  const watcher = watch(folder, (_event, name) => {
    if (name === PUSHED) notice();
  });
  // A repository that is taken away is reported by the next look at it.
  watcher.on('error', () => {});
  return () => watcher.close();
}

function installHook(folder: string): void {
  const file = join(folder, 'hooks', 'post-receive');
  if (existsSync(file) && !readFileSync(file, 'utf8').includes(HOOK_MARK))
    throw userError(
      `Cannot be told of pushes as the repository has a post-receive hook of its own: ${file}. ` +
        `Add a line to it that runs: date > "$GIT_DIR/${PUSHED}", and the line ${HOOK_MARK}`,
    );
  mkdirSync(join(folder, 'hooks'), { recursive: true });
  writeFileSync(file, hookText());
  chmodSync(file, 0o755);
  writeFileSync(join(folder, PUSHED), '');
}

/** Notes of our own are no news. */
function hookText(): string {
  return `#!/bin/sh
${HOOK_MARK}
while read -r old new ref; do
  case "$ref" in
    refs/heads/*) pushed=yes ;;
  esac
done
if [ -n "$pushed" ]; then date > "$(git rev-parse --git-dir)/${PUSHED}"; fi
`;
}
