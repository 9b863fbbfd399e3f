import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { startProcess } from '../../foundation/processes.ts';
import type { Checkout } from '../core/mirror.ts';
import { folderOf, type SourceTree } from '../core/source-tree.ts';

/** Installed dependencies, one folder per lock file, Node version and platform, linked into checkouts and never changed after. */
export interface DependencyStore {
  /** Gives the checkout in `folder` the dependencies of the program at `program`. */
  link(
    tree: SourceTree,
    place: { readonly folder: string; readonly program: string },
  ): Promise<Checkout['dependencies']>;
}

const FOREIGN_LOCKS = ['yarn.lock', 'pnpm-lock.yaml', 'bun.lock'];
const INSTALL_WITHIN_MS = 10 * 60_000;

/**
 * `seeds` are folders that have been installed already (this repository's own): where their package-lock.json is the one asked for,
 * their node_modules is used.
 */
export function createDependencyStore(options: {
  readonly folder: string;
  readonly seeds: readonly string[];
}): DependencyStore {
  const installing = new Map<string, Promise<string>>();
  return {
    async link(tree, { folder, program }) {
      const lock = nearest(tree, program, 'package-lock.json');
      if (lock === undefined) return refuseForeign(tree, program);
      const text = await tree.read(lock);
      const target = join(folder, folderOf(lock), 'node_modules');
      const seed = options.seeds.find((candidate) => hasLock(candidate, text));
      if (seed !== undefined) {
        symlinkSync(join(seed, 'node_modules'), target);
        return 'linked';
      }
      const store = join(options.folder, keyOf(text));
      const known = existsSync(store);
      if (!known) {
        const running = installing.get(store) ?? install(tree, lock, store).finally(() => installing.delete(store));
        installing.set(store, running);
        await running;
      }
      symlinkSync(join(store, 'node_modules'), target);
      return known ? 'linked' : 'installed';
    },
  };
}

function refuseForeign(tree: SourceTree, program: string): 'none' {
  const foreign = FOREIGN_LOCKS.map((name) => nearest(tree, program, name)).find((path) => path !== undefined);
  if (foreign === undefined) return 'none';
  throw userError(
    `Cannot install the program's dependencies as only npm's package-lock.json is supported: ${foreign}. Add one with \`npm install --package-lock-only\`.`,
  );
}

function nearest(tree: SourceTree, program: string, name: string): string | undefined {
  for (let folder = program; ; folder = folderOf(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (tree.files.has(path)) return path;
    if (folder === '') return undefined;
  }
}

function hasLock(folder: string, text: string): boolean {
  const file = join(folder, 'package-lock.json');
  return existsSync(file) && existsSync(join(folder, 'node_modules')) && readFileSync(file, 'utf8') === text;
}

function keyOf(lock: string): string {
  const key = `${lock}\0${process.version}\0${process.platform}-${process.arch}`;
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

/** Installs beside the place and renames: a folder in place is a whole one. Install scripts are not run. */
async function install(tree: SourceTree, lock: string, store: string): Promise<string> {
  const half = `${store}.${process.pid}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  const folder = folderOf(lock);
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (tree.files.has(path)) writeFileSync(join(half, name), await tree.read(path));
  }
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = await startProcess('npm', args, {
    ...{ cwd: half, env: npmEnvironment(process.env), stdio: ['ignore', 'ignore', 'pipe'] },
  });
  let errors = '';
  npm.child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-2000);
  });
  const timer = setTimeout(() => void npm.end(), INSTALL_WITHIN_MS);
  const { code } = await npm.exited;
  clearTimeout(timer);
  if (code !== 0) {
    rmSync(half, { recursive: true, force: true });
    const kind = /E(CONNREFUSED|TIMEDOUT|AI_AGAIN|NOTFOUND|CONNRESET)|network|5\d\d /.test(errors)
      ? 'transient'
      : 'user';
    throw new MainstayError(
      kind,
      `Cannot install the dependencies of ${lock} as npm says: ${errors.trim() || `exit code ${code}`}. Correct them or try again.`,
    );
  }
  mkdirSync(join(half, 'node_modules'), { recursive: true });
  renameSync(half, store);
  return store;
}

/** What npm needs of our environment: a repository's .npmrc can send any variable that it sees to a registry of its choice. */
const NPM_VARIABLES =
  /^(PATH|HOME|USERPROFILE|LANG|LC_ALL|TMPDIR|TEMP|SystemRoot|npm_config_.*|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;

export function npmEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => NPM_VARIABLES.test(name)));
}
