import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { createEmbeddedPulumi } from '../../engine/automation/pulumi-command.ts';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { messageOf } from '../../foundation/errors.ts';
import { silentLog } from '../../foundation/log.ts';
import { openDatabase } from '../store/database.ts';

/** One thing that a runner needs of a machine. */
export interface Finding {
  readonly what: string;
  /** `missing` keeps a runner from working, `limited` from some of its work. */
  readonly state: 'good' | 'limited' | 'missing';
  /** What was found, and what to do where it is not good. */
  readonly text: string;
}

const run = promisify(execFile);

/** Enough for PostgreSQL, mirrors, checkouts and dependencies of a first repository. */
const LEAST_FREE_MIB = 2048;

/** Looks at what a runner with this environment would need here. Changes nothing. */
export async function checkMachine(options: {
  readonly environment: Environment;
  readonly dataFolder: string;
}): Promise<readonly Finding[]> {
  const read = new EnvironmentReader(options.environment);
  return Promise.all([
    nodeVersion(),
    gitVersion(),
    npmVersion(),
    engines(),
    tool('helm', { arguments: ['version', '--short'], use: 'stacks with Helm charts' }),
    tool('kustomize', { arguments: ['version'], use: 'stacks with kustomizations' }),
    folder(options.dataFolder),
    database(read.text('DATABASE_URL')),
    passphrase(options.environment),
  ]);
}

async function nodeVersion(): Promise<Finding> {
  const major = Number(process.versions.node.split('.')[0]);
  const text = `${process.versions.node} at ${process.execPath}`;
  if (major >= 24) return { what: 'Node.js', state: 'good', text };
  return {
    what: 'Node.js',
    state: 'missing',
    text: `${text}: it has to be 24 or newer. On Linux \`npm ci\` brings it.`,
  };
}

/** `git merge-tree --write-tree` is what changes are merged with: it came with 2.38. */
async function gitVersion(): Promise<Finding> {
  const version = await versionOf('git', ['--version']);
  if (version === undefined)
    return { what: 'git', state: 'missing', text: 'is not on the PATH. Install git 2.38 or newer.' };
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
  const good = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 38);
  return good
    ? { what: 'git', state: 'good', text: version }
    : {
        what: 'git',
        state: 'missing',
        text: `${version}: it has to be 2.38 or newer, which can merge without a checkout.`,
      };
}

async function npmVersion(): Promise<Finding> {
  const version = await versionOf('npm', ['--version']);
  return version === undefined
    ? { what: 'npm', state: 'limited', text: 'is not on the PATH: programs with dependencies of their own cannot run.' }
    : { what: 'npm', state: 'good', text: version };
}

async function engines(): Promise<Finding> {
  const official = await versionOf('pulumi', ['version']);
  const text = `embedded, at the level of Pulumi ${createEmbeddedPulumi().version}; official ${official ?? 'none on the PATH (only stacks that name it need it)'}`;
  return { what: 'engines', state: 'good', text };
}

async function tool(
  name: string,
  { arguments: args, use }: { readonly arguments: readonly string[]; readonly use: string },
): Promise<Finding> {
  const version = await versionOf(name, args);
  return version === undefined
    ? { what: name, state: 'limited', text: `is not on the PATH: only ${use} need it.` }
    : { what: name, state: 'good', text: version };
}

async function versionOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, [...args], { timeout: 10_000 });
    return stdout.trim().split('\n')[0];
  } catch {
    return undefined;
  }
}

async function folder(path: string): Promise<Finding> {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
    const { bavail, bsize } = statfsSync(existing);
    const free = Math.floor((bavail * bsize) / 2 ** 20);
    const text = `${path}, ${(free / 1024).toFixed(1)} GiB free`;
    if (free >= LEAST_FREE_MIB) return { what: 'data folder', state: 'good', text };
    return { what: 'data folder', state: 'limited', text: `${text}: make room, or set MAINSTAY_DATA.` };
  } catch (error) {
    const text = `${path} cannot be written: ${messageOf(error)}. Set MAINSTAY_DATA to a folder that can.`;
    return { what: 'data folder', state: 'missing', text };
  }
}

async function database(url: string | undefined): Promise<Finding> {
  const what = 'PostgreSQL';
  if (url === undefined) return { what, state: 'good', text: 'embedded, in the data folder' };
  const opened = openDatabase(url, silentLog);
  try {
    const [row] = await opened.rows<{ server_version: string }>('show server_version');
    return { what, state: 'good', text: `${row?.server_version} at DATABASE_URL` };
  } catch (error) {
    return { what, state: 'missing', text: messageOf(error) };
  } finally {
    await opened.close();
  }
}

async function passphrase(environment: Environment): Promise<Finding> {
  const set = ['PULUMI_CONFIG_PASSPHRASE', 'PULUMI_CONFIG_PASSPHRASE_FILE'].find(
    (name) => environment[name] !== undefined,
  );
  const what = 'passphrase';
  if (set) return { what, state: 'good', text: `from ${set}` };
  return {
    what,
    state: 'limited',
    text: 'is not set: only stacks that use another secrets provider, or none, can run. Set PULUMI_CONFIG_PASSPHRASE.',
  };
}
