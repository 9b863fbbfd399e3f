import { copyFileSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { startProcess } from '../../foundation/processes.ts';
import { joinPath, type SourceTree } from '../core/source-tree.ts';
import type { NpmLock } from './npm-lock.ts';
import { npmEnvironment } from './npm-settings.ts';

const INSTALL_WITHIN_MS = 10 * 60_000;

export interface InstallPlace {
  readonly tree: SourceTree;
  /** The commit's files. */
  readonly checkout: string;
  readonly store: string;
  /** Folders from the store to where the lock file's folder is in it. */
  readonly from: readonly string[];
  readonly npmrc: string;
}

/**
 * Installs beside the place and renames: a folder in place is a whole one. Install scripts are not run. Of the repository's own packages only their
 * manifests are there: npm judges by them whether the lock file is theirs.
 */
export async function installDependencies(lock: NpmLock, place: InstallPlace): Promise<void> {
  const half = `${place.store}.${process.pid}.new`;
  rmSync(half, { recursive: true, force: true });
  const root = join(half, ...place.from);
  mkdirSync(root, { recursive: true });
  try {
    await layOut(lock, root, place);
    await runNpm(lock.path, root);
    for (const link of lock.links.keys()) rmSync(join(root, posix.relative(lock.folder, link)), { force: true });
    // It may hold a credential, and has done its work.
    rmSync(join(root, '.npmrc'));
    // Without any dependency npm makes none.
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    if (!existsSync(place.store)) renameSync(half, place.store);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

async function layOut(lock: NpmLock, root: string, { tree, checkout, npmrc }: InstallPlace): Promise<void> {
  writeFileSync(join(root, 'package-lock.json'), lock.text);
  writeFileSync(join(root, '.npmrc'), npmrc);
  for (const { name, path } of [{ name: '', path: lock.folder }, ...lock.locals]) {
    const manifest = joinPath(path, 'package.json')!;
    if (!tree.files.has(manifest)) continue;
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, 'package.json'), await tree.read(manifest));
  }
  for (const { name, path } of lock.archives) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    if (!lstatSync(join(checkout, path)).isFile())
      throw userError('Cannot install a packed package as it is a link. Commit the file itself.', {
        place: { file: path },
      });
    copyFileSync(join(checkout, path), join(root, name));
  }
}

async function runNpm(lock: string, folder: string): Promise<void> {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = await startProcess('npm', args, {
    ...{ cwd: folder, env: npmEnvironment(process.env), stdio: ['ignore', 'ignore', 'pipe'] },
  });
  let errors = '';
  npm.child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(0, 16_000);
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void npm.end();
  }, INSTALL_WITHIN_MS);
  const { code } = await npm.exited;
  clearTimeout(timer);
  if (code === 0) return;
  const passes = isLate || /E(CONNREFUSED|TIMEDOUT|AI_AGAIN|NOTFOUND|CONNRESET)|network|5\d\d /.test(errors);
  const why = isLate
    ? `it took longer than ${INSTALL_WITHIN_MS / 60_000} minutes`
    : `npm says: ${saidByNpm(errors) || `exit code ${code}`}`;
  throw new MainstayError(
    passes ? 'transient' : 'user',
    `Cannot install the dependencies of ${lock} as ${why}. Correct them or try again.`,
  );
}

/** The reason, without the manual that npm prints behind it and the name of a log that is not there any more. */
function saidByNpm(errors: string): string {
  const lines = errors.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trimEnd());
  const manual = lines.findIndex((line) => /^(Clean install a project|Usage:)/.test(line));
  const said = (manual < 0 ? lines : lines.slice(0, manual)).filter((line) => !/^(A complete log|npm warn)/.test(line));
  return said.join('\n').trim().slice(0, 2000);
}
