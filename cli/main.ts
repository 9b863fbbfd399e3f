import { CommanderError } from 'commander';
import { isMainstayError } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';
import { createProgram } from './program.ts';

/**
 * The `mainstay` command. Exit codes: 0 well; 1 failed; 2 wrong usage; 3 `status`, `drift`: something is not as main says; 75 the runner
 * cannot be reached; 130 ended by Ctrl-C.
 */
const UNREACHABLE = 75;

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its own mistakes and help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!isMainstayError(error)) throw error;
  console.error(redactor.redact(error.message));
  return error.kind === 'transient' ? UNREACHABLE : 1;
}
