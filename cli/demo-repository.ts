import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { userError } from '../foundation/errors.ts';
import { startProcess } from '../foundation/processes.ts';
import { PACKAGE_FOLDER } from './data-folder.ts';

/** What of this package is a Pulumi project of its own. */
const PROGRAM_FILES = [
  'Pulumi.yaml',
  'infra',
  'components',
  'stacks',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  // What editors complete the settings from.
  'docs/reference/mainstay.schema.json',
  'docs/reference/stack.schema.json',
];

/** Makes the local bare repository from this package's own program, unless it is there. Returns whether it was made. */
export async function ensureDemoRepository(repository: string): Promise<boolean> {
  if (existsSync(repository)) return false;
  const half = `${repository}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  await git(half, 'init', '--quiet', '--bare', '--initial-branch=main');
  await inClone(half, async (clone) => {
    for (const name of PROGRAM_FILES) cpSync(join(PACKAGE_FOLDER, name), join(clone, name), { recursive: true });
    withoutPlugins(join(clone, 'Pulumi.yaml'));
    await commit(clone, 'The program as it came with Mainstay');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  });
  renameSync(half, repository);
  return true;
}

/** The plugins that Pulumi.yaml gives the official CLI are in this package, not in the repository. */
function withoutPlugins(file: string): void {
  const project = parseDocument(readFileSync(file, 'utf8'));
  project.delete('plugins');
  writeFileSync(file, project.toString());
}

/** Clones `repository` to a folder of its own, does `work` there and removes it. */
export async function inClone<T>(repository: string, work: (clone: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-clone-'));
  try {
    await git(folder, 'clone', '--quiet', repository, 'clone');
    return await work(join(folder, 'clone'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function commit(clone: string, message: string): Promise<void> {
  await git(clone, 'add', '--all');
  await git(clone, 'commit', '--quiet', '--message', message);
}

/** Whatever the user's own git is set to: their name, keys and hooks are for their work, not for the demo's. */
const OWN_WAYS = ['init.defaultBranch=main', 'commit.gpgSign=false', 'core.hooksPath=/dev/null'].flatMap((way) => [
  '-c',
  way,
]);

/** Whether git knows who commits here: without that the first commit by hand ends with a lecture. */
export async function knowsCommitter(): Promise<boolean> {
  try {
    return (await git(tmpdir(), 'config', '--get', 'user.email')) !== '';
  } catch {
    return process.env.GIT_AUTHOR_EMAIL !== undefined || process.env.EMAIL !== undefined;
  }
}

/** Standard output of a git command; throws what git says where it fails. Commits are by a demo person. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const person = {
    GIT_AUTHOR_NAME: 'You',
    GIT_AUTHOR_EMAIL: 'you@example.org',
    GIT_COMMITTER_NAME: 'You',
    GIT_COMMITTER_EMAIL: 'you@example.org',
  };
  const process_ = await startProcess('git', [...OWN_WAYS, ...args], {
    cwd: folder,
    env: { ...process.env, ...person, GIT_TERMINAL_PROMPT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = async (stream: NodeJS.ReadableStream) => {
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
    return text;
  };
  const [stdout, stderr, { code }] = await Promise.all([
    read(process_.child.stdout!),
    read(process_.child.stderr!),
    process_.exited,
  ]);
  if (code !== 0)
    throw userError(
      `Cannot run git ${args[0]} as git says: ${stderr.trim() || `exit code ${code}`}. See that git works here.`,
    );
  return stdout.trim();
}
