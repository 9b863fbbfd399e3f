import { enableCompileCache } from 'node:module';
import { CommanderError } from 'commander';
import { cacheDirectory } from '../foundation/cache-directory.ts';
import { isMainstayError, systemCode } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';

/**
 * The `mainstay` command. Exit codes: 0 well; 1 failed; 2 wrong usage; 3 `status`, `drift`: something is not as main says; 75 the runner
 * cannot be reached; 130 ended by Ctrl-C.
 */
const UNREACHABLE = 75;

// Whoever reads our output may have seen enough: `mainstay runs | head -1`.
process.stdout.on('error', (error) => {
  if (systemCode(error) !== 'EPIPE') throw error;
  process.exit(process.exitCode);
});

enableCompileCache(cacheDirectory('cli'));
try {
  // Compiled once, not for each command.
  const { createProgram } = await import('./program.ts');
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its own mistakes and help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  // What the machine refuses (a folder that cannot be written, a disk that is full) is said in a line; the rest is a bug of ours, with its trace.
  if (error instanceof Error && systemCode(error) !== undefined && !isMainstayError(error)) {
    console.error(
      redactor.redact(`Cannot do it as the machine refuses: ${error.message}. Correct that and try again.`),
    );
    return 1;
  }
  if (!isMainstayError(error)) throw error;
  console.error(redactor.redact(error.message));
  return error.kind === 'transient' ? UNREACHABLE : 1;
}
