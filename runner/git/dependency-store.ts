import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import { identityOf } from '../../foundation/processes.ts';
import { readImportGraph } from '../core/import-graph.ts';
import { isNpmLock, locksOf, nearestLock } from '../core/lock-files.ts';
import type { Checkout } from '../core/mirror.ts';
import { folderOf, joinPath, oncePerTree, type SourceTree } from '../core/source-tree.ts';
import { installDependencies } from './install-dependencies.ts';
import { linkModules } from './link-modules.ts';
import { type NpmLock, readNpmLock } from './npm-lock.ts';
import { repositoryNpmrc } from './npm-settings.ts';

/** Installed dependencies, one folder per lock file, Node version and platform, linked into checkouts and never changed after. */
export interface DependencyStore {
  /**
   * Gives the checkout in `folder` the dependencies of the program at `program`, and of what it imports from elsewhere in the repository: of each lock file
   * that is nearest to some of it. Rejects with a user error that says what to do where there is none but a manifest with dependencies, where it is of
   * another package manager, or where npm refuses it.
   */
  link(
    tree: SourceTree,
    place: { readonly folder: string; readonly program: string },
  ): Promise<Checkout['dependencies']>;
}

/** What nobody has used for so long is removed. */
const KEPT_MS = 30 * 24 * 3_600_000;

interface Place {
  readonly tree: SourceTree;
  readonly folder: string;
}

/**
 * `seeds` are folders that have been installed already (this repository's own): where their package-lock.json is the one asked for,
 * their node_modules is used.
 */
export function createDependencyStore(options: {
  readonly folder: string;
  readonly seeds: readonly string[];
}): DependencyStore {
  removeUnused(options.folder);
  const installing = new Map<string, Promise<void>>();
  const seeded = new WeakMap<NpmLock, { readonly seed: string | undefined }>();
  const seedOf = (lock: NpmLock) => {
    const known = seeded.get(lock) ?? { seed: options.seeds.find((candidate) => hasLock(candidate, lock.text)) };
    seeded.set(lock, known);
    return known.seed;
  };
  const installOnce = async (lock: NpmLock, { tree, folder }: Place): Promise<{ from: string; isNew: boolean }> => {
    const seed = seedOf(lock);
    if (seed !== undefined) return { from: seed, isNew: false };
    const file = joinPath(lock.folder, '.npmrc')!;
    const npmrc = tree.files.has(file) ? repositoryNpmrc(file, await tree.read(file)) : '';
    const store = join(options.folder, keyOf(tree, lock, npmrc));
    const from = join(store, ...ways(lock));
    if (existsSync(store)) {
      touch(store);
      return { from, isNew: false };
    }
    const running =
      installing.get(store) ??
      installDependencies(lock, { tree, checkout: folder, store, from: ways(lock), npmrc }).finally(() => {
        installing.delete(store);
        removeUnused(options.folder);
      });
    installing.set(store, running);
    await running;
    return { from, isNew: true };
  };
  return {
    async link(tree, { folder, program }) {
      const locks = await readLocks(tree, program);
      let result: Checkout['dependencies'] = locks.length === 0 ? 'none' : 'linked';
      for (const lock of locks) {
        const { from, isNew } = await installOnce(lock, { tree, folder });
        linkModules(lock, { from, to: folder, tree });
        if (isNew) result = 'installed';
      }
      return result;
    },
  };
}

const known = oncePerTree(async () => new Map<string, Promise<readonly NpmLock[]>>());

/** Long texts, which are read once for all stacks of a commit. */
async function readLocks(tree: SourceTree, program: string): Promise<readonly NpmLock[]> {
  const ofTree = await known(tree);
  const locks =
    ofTree.get(program) ??
    lockFilesOf(tree, program).then((paths) =>
      Promise.all(paths.map(async (path) => readNpmLock(tree, path, await tree.read(path)))),
    );
  ofTree.set(program, locks);
  locks.catch(() => ofTree.delete(program));
  return locks;
}

/** That of the program first. */
async function lockFilesOf(tree: SourceTree, program: string): Promise<readonly string[]> {
  const own = nearestLock(tree, program);
  if (own === undefined) {
    await refuseUnlocked(tree, program);
    return [];
  }
  const graph = await readImportGraph(tree, program);
  const paths = [...new Set([own, ...locksOf(tree, graph.importedBy.keys())])];
  const foreign = paths.find((path) => !isNpmLock(path));
  if (foreign === undefined) return paths;
  throw userError(
    `Cannot install the program's dependencies as only npm's package-lock.json is supported: ${foreign}. ` +
      "Make one beside it with `npm install --package-lock-only --ignore-scripts` and commit it; where both are there, npm's is used.",
  );
}

/** What is installed without a lock file is another thing tomorrow: what was reviewed is not what would run. */
async function refuseUnlocked(tree: SourceTree, program: string): Promise<void> {
  for (let folder = program; ; folder = folderOf(folder)) {
    const path = joinPath(folder, 'package.json')!;
    if (tree.files.has(path) && hasDependencies(await tree.read(path)) && !hasModules(tree, folder))
      throw userError(
        'Cannot install the dependencies as there is no package-lock.json beside the manifest or above. Run `npm install --package-lock-only` there and commit it.',
        { place: { file: path } },
      );
    if (folder === '') return;
  }
}

function hasDependencies(manifest: string): boolean {
  try {
    const { dependencies } = JSON.parse(manifest) as { readonly dependencies?: unknown };
    return typeof dependencies === 'object' && dependencies !== null && Object.keys(dependencies).length > 0;
  } catch {
    return false;
  }
}

/** They are committed. */
function hasModules(tree: SourceTree, folder: string): boolean {
  const prefix = joinPath(folder, 'node_modules')!;
  for (const path of tree.files.keys()) if (path.startsWith(`${prefix}/`)) return true;
  return false;
}

/** One folder for each that the lock file's names go up, so that they stay inside of the store. */
function ways({ locals, archives }: NpmLock): readonly string[] {
  const ups = [...locals, ...archives].map(({ name }) => name.split('/').filter((part) => part === '..').length);
  return Array.from({ length: Math.max(0, ...ups) }, () => 'in');
}

function hasLock(folder: string, text: string): boolean {
  const file = join(folder, 'package-lock.json');
  return existsSync(file) && existsSync(join(folder, 'node_modules')) && readFileSync(file, 'utf8') === text;
}

/** By what is installed: packed packages of the repository, and where the rest comes from, are not in the lock file. */
function keyOf(tree: SourceTree, { text, archives }: NpmLock, npmrc: string): string {
  const packed = archives.map(({ path }) => tree.files.get(path)).join(' ');
  const more = packed === '' && npmrc === '' ? '' : `\0${packed}\0${npmrc}`;
  const key = `${text}\0${process.version}\0${process.platform}-${process.arch}${more}`;
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

function touch(store: string): void {
  const now = new Date();
  utimesSync(store, now, now);
}

/** Also what an install that was interrupted has left. */
function removeUnused(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    const installer = Number(/\.(\d+)\.new$/.exec(name)?.[1] ?? Number.NaN);
    // One that was ended in the midst of it does not tidy up.
    const isLeft = Number.isInteger(installer) && identityOf(installer) === undefined;
    if (isLeft || Date.now() - mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}
