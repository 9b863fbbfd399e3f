import { userInfo } from 'node:os';
import { Command, CommanderError } from 'commander';
import { isMainstayError } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';
import type { DecisionRequest } from '../runner/api/responses.ts';
import { addLocalCommands } from './commands/local.ts';
import { addMachineCommands } from './commands/machine.ts';
import { connect } from './data-folder.ts';
import { print } from './output.ts';
import { changeLines, runDetailLines, runLines, statusLines } from './print.ts';
import { serve } from './serve.ts';

/**
 * The `mainstay` command. Exit codes: 0 well; 1 failed; 2 wrong usage; 3 `status`: something is not aligned; 75 the runner
 * cannot be reached.
 */
const NOT_ALIGNED = 3;
const UNREACHABLE = 75;

function createProgram(): Command {
  const program = new Command('mainstay').description('GitOps for Pulumi: what is on main is what runs').exitOverride();
  program
    .command('serve')
    .description('run the runner in the foreground, with its settings in the environment')
    .action(serve);
  addLocalCommands(program);
  addMachineCommands(program);
  addReading(program);
  addDecisions(program);
  return program;
}

function addReading(program: Command): void {
  program
    .command('status')
    .description('every stack: its commit, and what it waits for; exits with 3 if something is not aligned')
    .option('--json', 'print JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const status = await connect().status();
      print(json, status, () => statusLines(status));
      if (!status.aligned) process.exitCode = NOT_ALIGNED;
    });
  program
    .command('runs')
    .description('the latest runs, newest first; with an id, everything about one')
    .argument('[run]')
    .option('--json', 'print JSON')
    .option('--stack <id>', 'of one stack, as project/stack')
    .option('--kind <kind>', 'preview or update')
    .option('--limit <count>', 'how many', '20')
    .action(async (id: string | undefined, options: RunsOptions) => {
      if (id !== undefined) {
        const run = await connect().run(id);
        return print(options.json, run, () => runDetailLines(run));
      }
      const runs = await connect().runs({ stack: options.stack, kind: options.kind, limit: Number(options.limit) });
      print(options.json, runs, () => runLines(runs));
    });
  program
    .command('changes')
    .description('what is proposed, and what it would do; with an id, its comment')
    .argument('[change]')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, { json }: { readonly json?: boolean }) => {
      if (id !== undefined) {
        const change = await connect().change(id);
        return print(json, change, () => change.comment.split('\n'));
      }
      const changes = await connect().changes();
      print(json, changes, () => changeLines(changes));
    });
  program
    .command('sync')
    .description('make the runner look at its repositories now')
    .action(() => connect().sync());
}

interface RunsOptions {
  readonly json?: boolean;
  readonly stack?: string;
  readonly kind?: string;
  readonly limit: string;
}

const DECISIONS: readonly (readonly [name: string, kind: DecisionRequest['kind'], description: string])[] = [
  ['approve', 'approve', 'let a run or a rollout that waits go on'],
  ['reject', 'reject', 'end a run or a rollout that waits'],
  ['retry', 'retry', 'update again what failed, and go on with the rollout'],
  ['give-up', 'give-up', 'end a rollout that stopped at a failure'],
];

function addDecisions(program: Command): void {
  for (const [name, kind, description] of DECISIONS)
    program
      .command(name)
      .description(description)
      .argument('<id>', 'of a run (u-…) or of a rollout (repository@commit)')
      .option('--reason <text>', 'why')
      .option('--as <person>', 'who decides', userInfo().username)
      .action(async (id: string, { reason, as }: { readonly reason?: string; readonly as: string }) => {
        const decision = { kind, by: as, reason };
        const api = connect();
        await (id.includes('@') ? api.decideRollout(id, decision) : api.decideRun(id, decision));
        console.log(`${name}: ${id}`);
      });
}

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
