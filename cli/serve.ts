import { join } from 'node:path';
import { createLog } from '../foundation/log.ts';
import { startProcess } from '../foundation/processes.ts';
import { createShutdown, endOnSignals } from '../foundation/shutdown.ts';
import { PACKAGE_FOLDER } from './data-folder.ts';

/** Runs the runner until it ends or is asked to, and ends with its exit code. */
export async function serve(): Promise<void> {
  const shutdown = createShutdown(createLog({ level: 'error' }));
  const args = ['--disable-warning=DeprecationWarning', join(PACKAGE_FOLDER, 'runner', 'main.ts')];
  const runner = await startProcess(process.execPath, args, { stdio: 'inherit', env: process.env });
  shutdown.add('runner', async () => void (await runner.end({ graceMs: 60_000 })));
  endOnSignals(shutdown);
  const { code } = await runner.exited;
  process.exitCode = code ?? 1;
}
