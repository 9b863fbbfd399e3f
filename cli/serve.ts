import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '../foundation/log.ts';
import { startProcess } from '../foundation/processes.ts';
import { asChild, createShutdown, endOnSignals, type Shutdown } from '../foundation/shutdown.ts';
import { PACKAGE_FOLDER } from './data-folder.ts';
import { graceOf } from './runner-process.ts';

/** The runner's exit code where its database is away: every run goes on in its next life. */
const AWAY = 75;

/** Waits before the next life, in seconds: the last one again and again. */
const PAUSES = [1, 2, 5, 10];

/** Runs the runner until it ends or is asked to, and ends with its exit code. One whose database went away is started again until that is back. */
export async function serve(): Promise<void> {
  const shutdown = createShutdown(createLog({ level: 'error' }));
  endOnSignals(shutdown);
  for (let lives = 0; !shutdown.signal.aborted; lives += 1) {
    const began = performance.now();
    const code = await live(shutdown);
    if (code !== AWAY || shutdown.signal.aborted) {
      process.exitCode = code;
      return;
    }
    if (performance.now() - began > 60_000) lives = 0;
    await delay((PAUSES[lives] ?? PAUSES.at(-1)!) * 1000, undefined, { signal: shutdown.signal }).catch(() => {});
  }
}

async function live(shutdown: Shutdown): Promise<number> {
  const args = ['--disable-warning=DeprecationWarning', join(PACKAGE_FOLDER, 'runner', 'main.ts')];
  const runner = await startProcess(process.execPath, args, { stdio: 'inherit', env: asChild(process.env) });
  const forget = shutdown.add('runner', async () => void (await runner.end({ graceMs: graceOf(process.env) })));
  const { code } = await runner.exited;
  forget();
  return code ?? 1;
}
