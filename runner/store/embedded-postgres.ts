import type { StdioOptions } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { MainstayError, userError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { identityOf, type ManagedProcess, startProcess } from '../../foundation/processes.ts';
import { redactor } from '../../foundation/redact.ts';
import { guardPostgres } from './guard-postgres.ts';
import {
  findPostgresBinaries,
  isOpenToEveryone,
  type PostgresBinaries,
  type PostgresUser,
  postgresUser,
} from './postgres-binaries.ts';

/** A PostgreSQL that runs for us. */
export interface RunningPostgres {
  /** `postgres://…`, with its password: never print it. */
  readonly url: string;
  /** True where an earlier life of ours had started it and it was still running. */
  readonly attached: boolean;
  /** Ends it the orderly way. */
  end(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;

/** Where PostgreSQL cannot be under our data folder as its user may not enter there (root's home), it lives here. */
const OPEN_FOLDER = '/var/tmp/mainstay';

/**
 * Starts the PostgreSQL of `folder` (made at first), on 127.0.0.1 and a free port, with a password that is generated once; or attaches to
 * the one that an earlier life of ours left running there. Throws a user error where it cannot run on this machine, a transient one
 * where it does not get ready.
 */
export async function startEmbeddedPostgres(options: {
  readonly folder: string;
  readonly log: Log;
}): Promise<RunningPostgres> {
  const user = postgresUser();
  const folder = homeOfData(resolve(options.folder), user);
  const binaries = await findPostgresBinaries({ user, shelter: user ? OPEN_FOLDER : dirname(folder) });
  const data = join(folder, 'data');
  const password = passwordOf(folder);
  redactor.add(password);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise({ binaries, user, folder, data, password });
  refuseOtherMajor(data, binaries);
  const attached = await attach({ folder, data, password });
  if (attached) return attached;
  const { process: started, url } = await start({ binaries, user, data, password });
  options.log.debug({ data, version: binaries.version }, 'PostgreSQL started');
  const letGo = guardPostgres({ folder, pid: started.identity.pid });
  const end = async () => {
    await started.end({ signal: 'SIGINT', graceMs: 10_000 });
    letGo();
  };
  return { url, attached: false, end };
}

/** Takes over the one of an earlier life. Undefined where there is none, or it was about to end and has. */
async function attach({
  folder,
  data,
  password,
}: {
  readonly folder: string;
  readonly data: string;
  readonly password: string;
}): Promise<RunningPostgres | undefined> {
  const living = livingPostmaster(data);
  if (!living) return undefined;
  const letGo = guardPostgres({ folder, pid: living.pid });
  const url = urlOf(living.port, password);
  const { startTime } = identityOf(living.pid) ?? { startTime: 'gone' };
  const isGone = () => identityOf(living.pid)?.startTime !== startTime;
  try {
    await untilReady(url, () => (isGone() ? 'it ended' : undefined));
  } catch (error) {
    letGo();
    if (!isGone()) throw error;
    return attach({ folder, data, password });
  }
  const end = async () => {
    await endPostmaster(living.pid);
    letGo();
  };
  return { url, attached: true, end };
}

/** The folder of PostgreSQL's files: `folder`, or one under /var/tmp where its user cannot enter `folder`. */
export function homeOfData(folder: string, user: PostgresUser | undefined): string {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
  if (!user || isOpenToEveryone(dirname(folder))) return folder;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(OPEN_FOLDER, `data-${name}`);
}

/** Ends the PostgreSQL of `folder` if one runs, and removes all its files. */
export async function removeEmbeddedPostgres(folder: string): Promise<void> {
  const home = homeOfData(resolve(folder), postgresUser());
  const living = livingPostmaster(join(home, 'data'));
  if (living) await endPostmaster(living.pid);
  rmSync(home, { recursive: true, force: true });
}

/** The password, made at first. Only we can read the file: PostgreSQL itself keeps a hash. */
function passwordOf(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const file = join(folder, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8');
}

interface Cluster {
  readonly binaries: PostgresBinaries;
  readonly user: PostgresUser | undefined;
  readonly data: string;
  readonly password: string;
}

/** Makes the data folder beside its place and renames it, so that a folder in place is a whole one. */
async function initialise(cluster: Cluster & { readonly folder: string }): Promise<void> {
  const half = `${cluster.data}.new`;
  const passwordFile = `${cluster.data}.password`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { mode: 0o700 });
  writeFileSync(passwordFile, cluster.password, { mode: 0o600 });
  if (cluster.user) for (const path of [half, passwordFile]) chownSync(path, cluster.user.uid, cluster.user.gid);
  const args = [
    '-D',
    half,
    '-U',
    'mainstay',
    `--pwfile=${passwordFile}`,
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C',
  ];
  try {
    const initdb = await startProcess(cluster.binaries.initdb, args, spawnOptions(cluster));
    const output = collect(initdb);
    const exit = await initdb.exited;
    if (exit.code !== 0)
      throw userError(
        `Cannot make the database's folder as initdb ended with ${exit.code ?? exit.signal}: ${output().trim()}. ` +
          'Correct what it says, or set DATABASE_URL to a PostgreSQL of yours.',
      );
    renameSync(half, cluster.data);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function spawnOptions({ binaries, user, data }: Pick<Cluster, 'binaries' | 'user' | 'data'>) {
  // The working directory has to be one that its user may read.
  const environment = { PATH: process.env.PATH, LANG: 'C', TZ: 'UTC', ...binaries.environment };
  return { cwd: dirname(data), env: environment, stdio: ['ignore', 'pipe', 'pipe'] as StdioOptions, ...user };
}

/** The last of what the process says. */
function collect({ child }: ManagedProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-4000);
    });
  return () => text;
}

function refuseOtherMajor(data: string, binaries: PostgresBinaries): void {
  const major = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (binaries.version.startsWith(`${major}.`)) return;
  throw userError(
    `Cannot start the embedded PostgreSQL ${binaries.version} as its files are of version ${major}: ${data}. ` +
      'Dump them with that version and restore them, or begin anew with `npm start -- --reset`.',
  );
}

async function start(cluster: Cluster): Promise<{ readonly process: ManagedProcess; readonly url: string }> {
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '32MB',
    max_connections: '60',
    // One line per connection of a log that nobody reads costs more than it tells.
    log_min_messages: 'warning',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const started = await startProcess(
    cluster.binaries.postgres,
    ['-D', cluster.data, '-p', String(port), ...args],
    spawnOptions(cluster),
  );
  const output = collect(started);
  let ended = false;
  void started.exited.then(() => {
    ended = true;
  });
  const url = urlOf(port, cluster.password);
  try {
    await untilReady(url, () => (ended ? output().trim() : undefined));
  } catch (error) {
    await started.end({ signal: 'SIGINT' });
    throw error;
  }
  return { process: started, url };
}

function urlOf(port: number, password: string): string {
  return `postgres://mainstay:${password}@127.0.0.1:${port}/postgres`;
}

async function untilReady(url: string, endedWith: (() => string | undefined) | undefined): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const failure = await tryConnect(url);
    if (failure === undefined) return;
    const last = endedWith?.();
    if (last !== undefined)
      throw new MainstayError(
        'transient',
        `Cannot start the embedded PostgreSQL as it ended: ${last}. Correct what it says and start again.`,
      );
    if (performance.now() > deadline)
      throw new MainstayError(
        'transient',
        `Cannot use the embedded PostgreSQL as it is not ready after ${READY_WITHIN_MS / 1000} s: ${failure}. Start again.`,
      );
    await delay(15);
  }
}

async function tryConnect(url: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * The postmaster that runs on `data`. A postmaster.pid of a process that is gone, a zombie (where nobody reaps) or something else by now is
 * removed, as PostgreSQL would take it for a living one.
 */
function livingPostmaster(data: string): { readonly pid: number; readonly port: number } | undefined {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n').map(Number);
  if (pid && port && identityOf(pid) && isPostgres(pid, data)) return { pid, port };
  rmSync(file, { force: true });
  return undefined;
}

function isPostgres(pid: number, data: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data);
  } catch {
    // No /proc on this system: the password tells, as connecting fails elsewhere.
    return process.platform !== 'linux';
  }
}

async function endPostmaster(pid: number): Promise<void> {
  const identity = identityOf(pid);
  if (!identity) return;
  process.kill(pid, 'SIGINT');
  const deadline = performance.now() + 10_000;
  while (identityOf(pid)?.startTime === identity.startTime && performance.now() < deadline) await delay(20);
  if (identityOf(pid)?.startTime === identity.startTime) process.kill(pid, 'SIGQUIT');
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready, fail) => server.once('error', fail).listen(0, '127.0.0.1', ready));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
