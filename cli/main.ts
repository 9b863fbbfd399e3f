import { Command, CommanderError } from 'commander';
import { isMainstayError } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';
import { addDecidingCommands } from './commands/deciding.ts';
import { addFollowingCommands } from './commands/following.ts';
import { addKeepingCommands } from './commands/keeping.ts';
import { addLocalCommands } from './commands/local.ts';
import { addMachineCommands } from './commands/machine.ts';
import { addReadingCommands } from './commands/reading.ts';
import { serve } from './serve.ts';

/**
 * The `mainstay` command. Exit codes: 0 well; 1 failed; 2 wrong usage; 3 `status`, `drift`: something is not as main says; 75 the runner
 * cannot be reached; 130 ended by Ctrl-C.
 */
const UNREACHABLE = 75;

function createProgram(): Command {
  const program = new Command('mainstay').description('GitOps for Pulumi: what is on main is what runs').exitOverride();
  program
    .command('serve')
    .description('run the runner in the foreground, with its settings in the environment')
    .action(serve);
  addLocalCommands(program);
  addMachineCommands(program);
  addReadingCommands(program);
  addFollowingCommands(program);
  addDecidingCommands(program);
  addKeepingCommands(program);
  program.addHelpText('after', EXIT_CODES);
  return program;
}

const EXIT_CODES = `
Exit codes: 0 well, 1 failed, 2 wrong usage, 3 not aligned (status) or drifted (drift), 75 the runner cannot be reached, 130 ended by Ctrl-C.
The runner of this machine is asked, or the one at MAINSTAY_URL with MAINSTAY_TOKEN.`;

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
