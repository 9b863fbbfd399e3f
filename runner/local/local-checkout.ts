import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import { folderOf, type SourceTree } from '../core/source-tree.ts';
import { BlobReader } from '../git/blob-reader.ts';
import { type Git, openGit } from '../git/git-command.ts';
import { createGitTree, type ImportCache } from '../git/git-tree.ts';
import { linkEach } from '../git/link-modules.ts';
import { TreeListing } from '../git/tree-listing.ts';

/** A person's checkout. Nothing in it is changed but for objects that git collects by itself. */
export interface LocalCheckout {
  /** The folder of its root. */
  readonly root: string;
  readonly git: Git;
  tree(commit: string): Promise<SourceTree>;
  /** A commit of the files as they are now: whatever is not ignored, committed or not. Touches no branch and no index. */
  snapshot(): Promise<string>;
  /** Writes the files of a commit to a folder of their own, with the dependencies that are installed here. */
  materialise(commit: string): Promise<{ readonly folder: string; remove(): void }>;
  close(): Promise<void>;
}

const IDENTITY = { name: 'Mainstay', email: 'mainstay@localhost', date: '@0 +0000' };

/** Opens the checkout that `folder` is in. Throws a user error where there is none. */
export async function openLocalCheckout(folder: string): Promise<LocalCheckout> {
  if (!existsSync(folder))
    throw userError(`Cannot look at the repository as there is no such folder: ${folder}. Correct it.`);
  const root = (
    await openGit(folder)
      .ask('rev-parse', '--show-toplevel')
      .catch(() => '')
  ).trim();
  if (root === '')
    throw userError(
      `Cannot look at the repository as the folder is in none: ${resolve(folder)}. Go into a checkout, or begin one with \`git init\`.`,
    );
  const git = openGit(root);
  const blobs = new BlobReader(root);
  const listing = new TreeListing(blobs);
  const imports: ImportCache = new Map();
  return {
    root,
    git,
    close: () => blobs.close(),
    async tree(commit) {
      return createGitTree(commit, await listing.list(commit), { blobs, imports });
    },
    snapshot: () => snapshot(git),
    materialise: (commit) => materialise({ root, git }, commit),
  };
}

async function headOf(git: Git): Promise<string | undefined> {
  const head = await git.ask('rev-parse', '--verify', '--quiet', 'HEAD^{commit}').catch(() => '');
  return head.trim() || undefined;
}

/** An index of our own is filled from HEAD and then from the folder: the person's is not touched. */
async function snapshot(git: Git): Promise<string> {
  const index = mkdtempSync(join(tmpdir(), 'mainstay-index-'));
  const aside = git.withIndex(join(index, 'index'));
  try {
    const head = await headOf(git);
    if (head) await aside.run('read-tree', head);
    await aside.run('add', '--all', '--', '.');
    const tree = (await aside.run('write-tree')).trim();
    if (head && (await git.run('rev-parse', `${head}^{tree}`)).trim() === tree) return head;
    const parent = head ? ['-p', head] : [];
    return (await git.runAs(IDENTITY, 'commit-tree', tree, ...parent, '-m', 'What is in the folder')).trim();
  } finally {
    rmSync(index, { recursive: true, force: true });
  }
}

async function materialise(
  { root, git }: Pick<LocalCheckout, 'root' | 'git'>,
  commit: string,
): Promise<{ readonly folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-preview-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const aside = git.withIndex(join(folder, 'index'));
    await aside.run('read-tree', commit);
    await aside.run('checkout-index', '--all', `--prefix=${join(folder, 'files')}${sep}`);
    linkDependencies(root, join(folder, 'files'), await lockFolders(git, commit));
    return { folder: join(folder, 'files'), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The root and the folders that have a manifest: where npm installs. */
async function lockFolders(git: Git, commit: string): Promise<readonly string[]> {
  const names = (await git.run('ls-tree', '-r', '-z', '--name-only', '--full-tree', commit)).split('\0');
  return ['', ...names.filter((name) => name.endsWith('/package.json')).map(folderOf)];
}

function linkDependencies(root: string, target: string, folders: readonly string[]): void {
  mkdirSync(target, { recursive: true });
  for (const folder of folders) {
    const installed = join(root, folder, 'node_modules');
    const link = join(target, folder, 'node_modules');
    if (!existsSync(installed) || existsSync(link) || !existsSync(dirname(link))) continue;
    const own = ownPackages(root, installed);
    if (own.size === 0) symlinkSync(installed, link);
    else linkEach({ installed, target: link, skip: new Set(own.keys()) });
    for (const [name, place] of own) {
      mkdirSync(dirname(join(link, name)), { recursive: true });
      symlinkSync(join(target, place), join(link, name));
    }
  }
}

/** Packages of the checkout itself (workspaces) by name: those of the commit are meant, not what is in the folder now. */
function ownPackages(root: string, installed: string): ReadonlyMap<string, string> {
  const names = readdirSync(installed).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(installed, name)).map((inner) => `${name}/${inner}`) : [name],
  );
  const own = new Map<string, string>();
  for (const name of names) {
    if (!lstatSync(join(installed, name)).isSymbolicLink() || !existsSync(join(installed, name))) continue;
    const place = relative(realpathSync(root), realpathSync(join(installed, name)));
    if (!place.startsWith('..') && !place.split(sep).includes('node_modules')) own.set(name, place);
  }
  return own;
}

/** The branch that changes go to: what is asked for, else the remote's default, else `main` or `master`. Throws a user error where none is there. */
export async function findBase({ git }: LocalCheckout, wanted: string | undefined): Promise<string> {
  const candidates =
    wanted === undefined ? ['origin/HEAD', 'origin/main', 'main', 'master'] : [wanted, `origin/${wanted}`];
  for (const candidate of candidates) {
    const found = await git.ask('rev-parse', '--verify', '--quiet', `${candidate}^{commit}`).catch(() => '');
    if (found.trim() !== '') return found.trim();
  }
  throw userError(
    `Cannot compare with the base branch as there is none of ${candidates.join(', ')}. Fetch it, or name another with --base.`,
  );
}
