import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MainstayError } from '../foundation/errors.ts';
import { type ManagedProcess, startProcess } from '../foundation/processes.ts';
import { asChild, type Shutdown } from '../foundation/shutdown.ts';
import { type ApiClient, createApiClient } from '../runner/api/client.ts';
import { PACKAGE_FOLDER, readRunnerAddress } from './data-folder.ts';

/** A runner in a process of its own. */
export interface RunnerProcess {
  readonly url: string;
  readonly api: ApiClient;
}

const READY_WITHIN_MS = 60_000;
const RESTARTS_PER_MINUTE = 5;

/** How long a runner may take to end, in milliseconds: longer than what it gives to what is under way. */
export function graceOf({ MAINSTAY_GRACE: seconds }: Readonly<Record<string, string | undefined>>): number {
  return ((Number(seconds) || 30) + 30) * 1000;
}

/**
 * Starts the runner and keeps it up, as a service manager would: one that ends by itself is started again and goes on where it was. Resolves when it
 * answers; rejects with its last words where it does not get that far.
 */
export async function startRunnerProcess(options: {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly shutdown: Shutdown;
  /** Removes what an earlier life left, at the first start. */
  readonly anew?: boolean;
  readonly onLine: (line: string) => void;
}): Promise<RunnerProcess> {
  const { folder, shutdown } = options;
  let current = await launch(options);
  let ending = false;
  shutdown.add('runner', async () => {
    ending = true;
    await current.end({ signal: 'SIGTERM', graceMs: graceOf(options.environment) });
  });
  const address = await untilReady(folder, current);
  void (async () => {
    const restarts: number[] = [];
    while (!ending) {
      const { code, signal } = await current.exited;
      if (ending) return;
      restarts.push(Date.now());
      if (restarts.filter((at) => at > Date.now() - 60_000).length > RESTARTS_PER_MINUTE) {
        options.onLine(
          `the runner ended ${RESTARTS_PER_MINUTE} times within a minute, the last time with ${code ?? signal}: giving up`,
        );
        await shutdown.end('the runner does not stay up');
        process.exit(1);
      }
      options.onLine(`the runner ended with ${code ?? signal}; starting it again`);
      // The same port, so that the address that people have stays good.
      current = await launch({
        ...options,
        anew: false,
        environment: { ...options.environment, MAINSTAY_PORT: new URL(address.url).port },
      });
    }
  })();
  return { url: address.url, api: createApiClient(address) };
}

async function launch({
  environment,
  anew,
  onLine,
}: Parameters<typeof startRunnerProcess>[0]): Promise<ManagedProcess> {
  const args = [
    '--disable-warning=DeprecationWarning',
    join(PACKAGE_FOLDER, 'runner', 'main.ts'),
    ...(anew ? ['--reset'] : []),
  ];
  const started = await startProcess(process.execPath, args, {
    env: asChild({ ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [started.child.stdout!, started.child.stderr!]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine(line);
    });
  }
  return started;
}

async function untilReady(
  folder: string,
  { identity, child, exited }: ManagedProcess,
): Promise<{ readonly url: string; readonly token: string }> {
  let last = '';
  child.stderr!.on('data', (chunk: string) => {
    last = (last + chunk).slice(-2000);
  });
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const address = readRunnerAddress(folder);
    if (address?.pid === identity.pid) return address;
    if (ended) {
      // Its last words may still be in the pipe.
      await Promise.race([once(child.stderr!, 'close'), delay(1000)]);
      throw new MainstayError(
        'user',
        last.trim() || 'Cannot start the runner as it ended without a word. Set MAINSTAY_LOG=debug and start again.',
      );
    }
    if (performance.now() > deadline)
      throw new MainstayError(
        'transient',
        `Cannot start the runner as it is not ready after ${READY_WITHIN_MS / 1000} s. Set MAINSTAY_LOG=debug and start again.`,
      );
    await delay(20);
  }
}
