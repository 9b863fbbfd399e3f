import { enableCompileCache } from 'node:module';
import { cacheDirectory } from '../foundation/cache-directory.ts';
import { ProcessTerminal } from './display/process-terminal.ts';

/** The executable: `engine/bin/pulumi` starts it with the command line behind it. */
async function main(): Promise<void> {
  // The compiled and stripped code of the engine itself: a third of the start otherwise.
  enableCompileCache(cacheDirectory('engine'));
  ignoreClosedPipes();
  const [{ runCommand }, { createEngineServices }] = await Promise.all([
    import('./commands/run-command.ts'),
    import('./operations/engine-services.ts'),
  ]);
  const services = createEngineServices({ warm: false });
  const { stdin, stdout, stderr, env } = process;
  const terminal = new ProcessTerminal({ stdin, stdout, stderr, term: env.TERM });
  process.on('exit', () => terminal.restore());
  const code = await runCommand({
    args: process.argv.slice(2),
    directory: process.cwd(),
    environment: process.env,
    terminal,
    signal: cancelOnSignals(terminal),
    services,
  });
  await services.close();
  await flushed();
  process.exit(code);
}

/** The first Ctrl-C cancels: running steps end, the state is written, the lock released. The second one ends the process at once. */
function cancelOnSignals(terminal: ProcessTerminal): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    terminal.writeError('^C received; cancelling. If you would like to terminate immediately, press ^C again.\n');
    controller.abort(new Error(`received ${signal}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

/** `pulumi ... | head` ends reading early: what is left to say is said to nobody, the operation goes on. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** What was written to a pipe may still be on its way. */
async function flushed(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((resolve) => void stream.write('', () => resolve())),
    ),
  );
}

await main();
