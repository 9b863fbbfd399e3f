import { Command } from 'commander';
import packageFile from '../package.json' with { type: 'json' };
import { addAccessCommands } from './commands/access.ts';
import { addDecidingCommands } from './commands/deciding.ts';
import { addEnvironmentCommands } from './commands/environments.ts';
import { addFollowingCommands } from './commands/following.ts';
import { addKeepingCommands } from './commands/keeping.ts';
import { addLocalCommands } from './commands/local.ts';
import { addMachineCommands } from './commands/machine.ts';
import { addReadingCommands } from './commands/reading.ts';
import { serve } from './serve.ts';

/** The `mainstay` command with all of its subcommands. */
export function createProgram(): Command {
  const program = new Command('mainstay')
    .description('GitOps for Pulumi: what is on main is what runs')
    .version(packageFile.version, '-V, --version', 'print the version')

    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(/did you mean/i.test(text) ? text : text + USAGE) });
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
  addEnvironmentCommands(program);
  addAccessCommands(program);
  program.addHelpText('after', EXIT_CODES);
  return program;
}

const USAGE = '`mainstay --help` lists the commands, `mainstay <command> --help` says what each takes.\n';

/** What scripts go by; test/journeys/command-line.test.ts shows each. */
export const EXIT_CODES = `
Exit codes: 0 well, 1 failed, 2 wrong usage, 3 not aligned (status) or drifted (drift), 75 the runner cannot be reached, 130 ended by Ctrl-C.
The runner of this machine is asked, or the one at MAINSTAY_URL with MAINSTAY_TOKEN.`;
