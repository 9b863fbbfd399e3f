import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, userError } from '../../foundation/errors.ts';
import type { Head } from '../core/forge.ts';
import type { Checkout, Merge, Mirror, WrittenCommit } from '../core/mirror.ts';
import { folderOf, joinPath } from '../core/source-tree.ts';
import { BlobReader } from './blob-reader.ts';
import type { DependencyStore } from './dependency-store.ts';
import { fetchChange } from './fetch-change.ts';
import { type Git, openGit } from './git-command.ts';
import { type GitCredentials, setCredentials } from './git-credentials.ts';
import { createGitTree, type GitTree, type ImportCache } from './git-tree.ts';
import { clearWorktrees, isWrittenAsStored, LINK, writeWorktree } from './git-worktree.ts';
import { bringsSomething, containsCommit, mergeCommits } from './merge-commits.ts';
import { TreeListing } from './tree-listing.ts';
import { historyOf, pushCommit, revertCommits, writeCommit } from './write-commits.ts';

/** Trees kept in memory, newest first: two per change that is being looked at. */
const TREES_KEPT = 16;

/** A mirror that can be ended. */
export interface GitMirror extends Mirror {
  readonly git: Git;
  close(): Promise<void>;
}

/** Opens the bare mirror at `folder`, made at first, of the repository at `url`. */
export async function openMirror(options: {
  readonly folder: string;
  readonly url: string;
  readonly dependencies: DependencyStore;
  /** How git signs in there; asked before each time. */
  readonly credentials?: (() => Promise<GitCredentials>) | undefined;
}): Promise<GitMirror> {
  const { folder, url } = options;
  const exists = existsSync(join(folder, 'HEAD'));
  mkdirSync(folder, { recursive: true });
  const git = openGit(folder);
  if (!exists) {
    await git.run('init', '--bare', '--quiet');
    await git.run('remote', 'add', 'origin', url);
    // Merges that no branch holds must not be collected while runs are at them.
    await git.run('config', 'gc.auto', '0');
  } else {
    await git.run('remote', 'set-url', 'origin', url);
    clearWorktrees(folder);
    await git.run('worktree', 'prune');
  }
  return new BareMirror(git, options);
}

class BareMirror implements GitMirror {
  readonly git: Git;
  readonly #signIn: () => Promise<void>;
  readonly #folder: string;
  readonly #blobs: BlobReader;
  readonly #listing: TreeListing;
  readonly #imports: ImportCache = new Map();
  readonly #trees = new Map<string, Promise<GitTree>>();
  readonly #dependencies: DependencyStore;
  #worktrees: Promise<unknown> = Promise.resolve();
  #fetching: Promise<readonly Head[]> | undefined;
  #next: Promise<readonly Head[]> | undefined;
  #pushing: Promise<unknown> = Promise.resolve();

  constructor(git: Git, options: Parameters<typeof openMirror>[0]) {
    this.git = git;
    const { credentials } = options;
    this.#signIn = async () => (credentials ? setCredentials(options, await credentials()) : undefined);
    this.#folder = options.folder;
    this.#blobs = new BlobReader(options.folder);
    this.#listing = new TreeListing(this.#blobs);
    this.#dependencies = options.dependencies;
  }

  close(): Promise<void> {
    return this.#blobs.close();
  }

  /** Who comes while a fetch is under way shares the next one: the one under way may have missed what they know of. */
  fetch(): Promise<readonly Head[]> {
    if (!this.#fetching) {
      this.#fetching = this.#fetchNow().finally(() => {
        this.#fetching = undefined;
      });
      return this.#fetching;
    }
    this.#next ??= this.#fetching.then(
      () => this.#startNext(),
      () => this.#startNext(),
    );
    return this.#next;
  }

  #startNext(): Promise<readonly Head[]> {
    this.#next = undefined;
    return this.fetch();
  }

  async #fetchNow(): Promise<readonly Head[]> {
    await this.#pushing;
    await this.#signIn();
    await besideWorktrees(() =>
      this.git.run('fetch', '--quiet', '--prune', '--no-tags', 'origin', '+refs/heads/*:refs/remotes/origin/*'),
    );
    const text = await this.git.run(
      'for-each-ref',
      '--format=%(objectname) %(refname:lstrip=3)',
      'refs/remotes/origin',
    );
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ commit: line.slice(0, 40), branch: line.slice(41) }))
      .filter(({ branch }) => branch !== 'HEAD');
  }

  async fetchChange(change: Parameters<Mirror['fetchChange']>[0]): Promise<void> {
    // What is here already is not fetched again.
    if (await this.#blobs.has(`${change.commit}^{commit}`)) return;
    await this.#signIn();
    return fetchChange(this.git, change);
  }

  tree(commit: string): Promise<GitTree> {
    const known = this.#trees.get(commit) ?? this.#readTree(commit);
    this.#trees.delete(commit);
    this.#trees.set(commit, known);
    for (const oldest of this.#trees.keys()) {
      if (this.#trees.size <= TREES_KEPT) break;
      this.#trees.delete(oldest);
    }
    known.catch(() => this.#trees.delete(commit));
    return known;
  }

  async #readTree(commit: string): Promise<GitTree> {
    const listed = await this.#listing.list(commit);
    return createGitTree(commit, listed, { blobs: this.#blobs, imports: this.#imports });
  }

  merge(base: string, head: string): Promise<Merge> {
    return mergeCommits(this.git, base, head);
  }

  brings(onto: string, head: string): Promise<boolean> {
    return bringsSomething(this.git, onto, head);
  }

  contains(of: string, commit: string): Promise<boolean> {
    return containsCommit(this.git, of, commit);
  }

  async describe(commit: string): Promise<{ readonly subject: string; readonly author: string; readonly at: Date }> {
    const text = await this.git.run('log', '-1', '--format=%s%x00%an%x00%ct', commit);
    const [subject = '', author = '', seconds] = text.trim().split('\0');
    return { subject, author, at: new Date(Number(seconds) * 1000) };
  }

  async resolve(hash: string): Promise<string | undefined> {
    if (!/^[0-9a-f]{4,40}$/.test(hash)) return undefined;
    const found = (await this.git.ask('rev-parse', '--verify', '--quiet', `${hash}^{commit}`)).trim();
    return found === '' ? undefined : found;
  }

  history(range: Parameters<Mirror['history']>[0]): ReturnType<Mirror['history']> {
    return historyOf(this.git, range);
  }

  revert(options: Parameters<Mirror['revert']>[0]): ReturnType<Mirror['revert']> {
    return revertCommits(this.git, options);
  }

  write(commit: WrittenCommit): Promise<string> {
    return writeCommit(this.git, commit);
  }

  /** A push moves our own note of the branch's head, and so does a fetch: git does not let both at once. */
  push(branch: string, commit: string): Promise<void> {
    const pushed = Promise.all([this.#pushing, this.#fetching?.catch(() => {}), this.#signIn()]).then(() =>
      pushCommit(this.git, branch, commit),
    );
    this.#pushing = pushed.catch(() => {});
    return pushed;
  }

  async checkout(commit: string, place: { readonly folder: string; readonly program: string }): Promise<Checkout> {
    const tree = await this.tree(commit);
    const attributes = await attributesOf(tree);
    await refuseLinksOut(tree);
    rmSync(place.folder, { recursive: true, force: true });
    const remove = isWrittenAsStored(tree, attributes)
      ? await writeWorktree({ mirror: this.#folder, blobs: this.#blobs }, tree, place.folder)
      : await this.#addWorktree(commit, place.folder);
    const dependencies = await this.#dependencies.link(tree, place);
    return { folder: place.folder, dependencies, remove };
  }

  /** One after the other: git keeps a list of them. */
  async #addWorktree(commit: string, folder: string): Promise<() => Promise<void>> {
    const added = this.#worktrees.then(async () => {
      await this.git.run('worktree', 'prune');
      await this.git.run('worktree', 'add', '--quiet', '--detach', '--force', folder, commit);
    });
    this.#worktrees = added.catch(() => {});
    await added;
    return () => rm(folder, { recursive: true, force: true });
  }
}

/**
 * What a link of a repository leads to is read with our own rights: it has to be in the repository. It may go up only at its beginning, from where it is:
 * behind another link that would lead elsewhere.
 */
async function refuseLinksOut(tree: GitTree): Promise<void> {
  for (const [path, mode] of tree.modes) {
    if (mode !== LINK) continue;
    const target = await tree.read(path);
    const isPlain = !posix.isAbsolute(target) && posix.normalize(target) === target;
    if (!isPlain || joinPath(folderOf(path), target) === undefined)
      throw userError(
        `Cannot check the commit out as a link leads out of the repository: ${target}. Put the file itself there.`,
        { place: { file: path } },
      );
  }
}

/** The texts of the .gitattributes. Files under LFS would be checked out as pointers. */
async function attributesOf(tree: GitTree): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const path of tree.files.keys()) {
    if (!/(^|\/)\.gitattributes$/.test(path)) continue;
    const text = await tree.read(path);
    if (/filter=lfs/.test(text))
      throw userError('Cannot check the commit out as Git LFS is not supported. Keep large files elsewhere.', {
        place: { file: path },
      });
    texts.push(text);
  }
  return texts;
}

/** How often a fetch that met a worktree in the making is tried again. */
const FETCH_TRIES = 20;

/** A fetch looks at the heads of all worktrees, and one that is just being added has none yet: it is there a moment later. */
async function besideWorktrees<T>(fetch: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetch();
    } catch (error) {
      if (tries >= FETCH_TRIES || !/bad object worktrees\//.test(messageOf(error))) throw error;
      await delay(50);
    }
  }
}
