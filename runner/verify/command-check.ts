import { userError } from '../../foundation/errors.ts';
import { startProcess } from '../../foundation/processes.ts';
import type { Verifier } from './verifier.ts';

/** The last of what it said that is shown. */
const SHOWN = 400;

/** Runs a command of the repository at its root, with the environment that programs get, and the outputs as JSON. */
export const commandCheck: Verifier<'command'> = async (check, { folder, outputs, environment, signal }) => {
  const [program, ...args] = check.command;
  const env = { ...environment, MAINSTAY_OUTPUTS: JSON.stringify(outputs) };
  const started = await startProcess(program!, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] }).catch(
    (error: unknown) => {
      throw userError(`Cannot verify as the command does not start: ${program}. Install it, or correct the settings.`, {
        cause: error,
      });
    },
  );
  let said = '';
  for (const stream of [started.child.stdout!, started.child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SHOWN);
    });
  let timedOut = false;
  const end = () => void started.end({ graceMs: 5000 });
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, check.timeout);
  signal.addEventListener('abort', end, { once: true });
  const { code } = await started.exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  const tail = said.trim() === '' ? '' : `: ${said.trim()}`;
  if (timedOut) return { good: false, text: `it took longer than ${check.timeout / 1000} s${tail}` };
  return code === 0
    ? { good: true, text: `it ended with 0` }
    : { good: false, text: `it ended with ${code ?? 'a signal'}${tail}` };
};
