import { userError } from '../../foundation/errors.ts';
import type { Merge } from '../core/mirror.ts';
import type { Git } from './git-command.ts';

const BOT = { name: 'Mainstay', email: 'mainstay@localhost' };

/** The commit that merging `head` into `base` makes, as `Mirror.merge` says: the same two always make the same one. */
export async function mergeCommits(git: Git, base: string, head: string): Promise<Merge> {
  if (await containsCommit(git, head, base)) return { kind: 'merged', commit: head };
  const output = await git.ask('merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', base, head);
  const [tree, ...files] = output.split('\0').filter((part) => part !== '');
  if (tree === undefined)
    throw userError(
      `Cannot merge ${head.slice(0, 8)} into ${base.slice(0, 8)} as they have no history in common. Start the branch from the base branch.`,
    );
  if (files.length > 0) return { kind: 'conflict', files: [...new Set(files)] };
  const date = (await git.run('log', '-1', '--format=%ct +0000', head)).trim();
  const message = `Merge ${head.slice(0, 8)} into ${base.slice(0, 8)}`;
  const parents = ['-p', base, '-p', head];
  const commit = await git.runAs({ ...BOT, date }, 'commit-tree', tree.trim(), ...parents, '-m', message);
  return { kind: 'merged', commit: commit.trim() };
}

/** Whether merging `head` into `onto` makes another tree than that of `onto`. What cannot be merged brings something. */
export async function bringsSomething(git: Git, onto: string, head: string): Promise<boolean> {
  const merged = (await git.ask('merge-tree', '--write-tree', '--name-only', '--no-messages', onto, head)).trim();
  return merged !== (await git.run('rev-parse', `${onto}^{tree}`)).trim();
}

/** Whether `commit` is in the history of `of`. */
export async function containsCommit(git: Git, of: string, commit: string): Promise<boolean> {
  if (of === commit) return true;
  return (await mergeBase(git, of, commit)) === commit;
}

const BASES_KEPT = 10_000;
const bases = new WeakMap<Git, Map<string, string>>();

/** Both ways round it is the same, and for ever: what is in the head and what is in the base are asked with one process. */
async function mergeBase(git: Git, one: string, other: string): Promise<string> {
  const known = bases.get(git) ?? new Map<string, string>();
  bases.set(git, known);
  const key = one < other ? `${one} ${other}` : `${other} ${one}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const base = (await git.ask('merge-base', one, other)).trim();
  if (known.size >= BASES_KEPT) known.clear();
  known.set(key, base);
  return base;
}
