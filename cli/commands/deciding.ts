import type { Command } from 'commander';
import type { DecisionRequest } from '../../runner/api/responses.ts';
import { connect } from '../data-folder.ts';
import { type Acting, acting } from '../options.ts';
import { print } from '../output.ts';

const DECISIONS: readonly (readonly [name: string, kind: DecisionRequest['kind'], description: string])[] = [
  ['approve', 'approve', 'let a run or a rollout that waits go on'],
  ['reject', 'reject', 'end a run or a rollout that waits'],
  ['give-up', 'give-up', 'end a rollout that stopped at a failure'],
  [
    'break-glass',
    'break-glass',
    'go past every gate of the environment that a rollout waits at; everybody is told the --reason',
  ],
];

/** Commands that make a runner do something, or let it. */
export function addDecidingCommands(program: Command): void {
  for (const [name, kind, description] of DECISIONS)
    decision(program, name)
      .description(description)
      .action(async (id: string, { reason, as, json }: DecisionOptions) => {
        await decide(id, { kind, reason }, as);
        print(json, { did: name, id }, () => [`${name}: ${id}`]);
      });
  decision(program, 'retry')
    .description('do again what failed: a preview, an update and the rest of its rollout')
    .action(async (id: string, { reason, as, json }: DecisionOptions) => {
      if (id.includes('@')) await decide(id, { kind: 'retry', reason }, as);
      else await connect({ as }).retryRun(id);
      print(json, { did: 'retry', id }, () => [`retry: ${id}`]);
    });
  acting(program.command('cancel'))
    .description('end a run: what is being done to a resource is finished, nothing new is begun')
    .argument('<run>')
    .action(async (id: string, { as, json }: Acting) => {
      await connect({ as }).cancelRun(id);
      print(json, { did: 'cancel', id }, () => [`cancel: ${id}`]);
    });
  acting(program.command('sync'))
    .description('make the runner look at its repositories now')
    .action(async ({ as, json }: Acting) => {
      await connect({ as }).sync();
      print(json, { did: 'sync' }, () => ['sync: the repositories are looked at']);
    });
}

interface DecisionOptions extends Acting {
  readonly reason?: string;
}

function decision(program: Command, name: string): Command {
  return acting(
    program
      .command(name)
      .argument('<id>', 'of a run (u-…) or of a rollout (repository@commit)')
      .option('--reason <text>', 'why'),
  );
}

function decide(id: string, request: DecisionRequest, as: string | undefined): Promise<void> {
  const api = connect({ as });
  return id.includes('@') ? api.decideRollout(id, request) : api.decideRun(id, request);
}
