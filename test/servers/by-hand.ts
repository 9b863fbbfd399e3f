import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endRecorded, identityOf, isAlive, type ProcessIdentity } from '../../foundation/processes.ts';
import { cacheFolder } from './cache.ts';
import { SERVERS_BY_HAND } from './start.ts';

/** What is known of a server that was started by hand: its keeper process and what to show of it. */
interface RunningServer {
  readonly keeper: ProcessIdentity;
  readonly show: string;
}

const START_LIMIT = 120_000;

function recordPath(name: string): string {
  return join(cacheFolder(), 'running', `${name}.json`);
}

/** The server of this name that was started by hand and still runs. */
export async function runningServer(name: string): Promise<RunningServer | undefined> {
  const text = await readFile(recordPath(name), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record: RunningServer = JSON.parse(text);
  return isAlive(record.keeper) ? record : undefined;
}

/** Starts a server that goes on running after this process; one that runs already is left as it is. Resolves to what to show. */
export async function startByHand(name: string): Promise<string> {
  if (!Object.hasOwn(SERVERS_BY_HAND, name))
    throw new Error(`Cannot start ${name} as it is no server. There are: ${Object.keys(SERVERS_BY_HAND).join(', ')}.`);
  const running = await runningServer(name);
  if (running) return running.show;
  await mkdir(join(cacheFolder(), 'running'), { recursive: true });
  await rm(recordPath(name), { force: true });
  const logPath = join(cacheFolder(), 'running', `${name}.log`);
  const log = openSync(logPath, 'w');
  const main = join(import.meta.dirname, 'main.ts');
  const keeper = spawn(process.execPath, [main, 'keep', name], { detached: true, stdio: ['ignore', log, log] });
  let ended = false;
  keeper.once('exit', () => {
    ended = true;
  });
  keeper.unref();
  for (const deadline = performance.now() + START_LIMIT; performance.now() < deadline && !ended; await delay(50)) {
    const started = await runningServer(name);
    if (started) return started.show;
  }
  throw new Error(`Cannot start ${name}: ${(await readFile(logPath, 'utf8')).trim()}`);
}

/** Runs a server until this process is asked to end. This is the keeper process of `startByHand`. */
export async function keepServer(name: string): Promise<void> {
  const server = await SERVERS_BY_HAND[name]!();
  const record: RunningServer = { keeper: identityOf(process.pid)!, show: server.show };
  await writeFile(recordPath(name), JSON.stringify(record), { mode: 0o600 });
  // Without something to wait for Node would end.
  const alive = setInterval(() => {}, 2 ** 30);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  clearInterval(alive);
  await rm(recordPath(name), { force: true });
  await server.stop();
}

/** Ends a server that was started by hand. False where none ran. */
export async function stopByHand(name: string): Promise<boolean> {
  const running = await runningServer(name);
  if (!running) return false;
  return endRecorded(running.keeper, 20_000);
}
