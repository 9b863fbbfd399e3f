import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { DecisionRequest } from '../../runner/api/responses.ts';
import { connect } from '../data-folder.ts';
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
        await decide(id, { kind, by: as, reason });
        print(json, { did: name, id }, () => [`${name}: ${id}`]);
      });
  decision(program, 'retry')
    .description('do again what failed: a preview, an update and the rest of its rollout')
    .action(async (id: string, { reason, as, json }: DecisionOptions) => {
      if (id.includes('@')) await decide(id, { kind: 'retry', by: as, reason });
      else await connect().retryRun(id);
      print(json, { did: 'retry', id }, () => [`retry: ${id}`]);
    });
  program
    .command('cancel')
    .description('end a run: what is being done to a resource is finished, nothing new is begun')
    .argument('<run>')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: Json) => {
      await connect().cancelRun(id);
      print(json, { did: 'cancel', id }, () => [`cancel: ${id}`]);
    });
  program
    .command('sync')
    .description('make the runner look at its repositories now')
    .option('--json', 'print JSON')
    .action(async ({ json }: Json) => {
      await connect().sync();
      print(json, { did: 'sync' }, () => ['sync: the repositories are looked at']);
    });
  addAccess(program);
}

interface Json {
  readonly json?: boolean;
}

interface DecisionOptions extends Json {
  readonly reason?: string;
  readonly as: string;
}

function decision(program: Command, name: string): Command {
  return program
    .command(name)
    .argument('<id>', 'of a run (u-…) or of a rollout (repository@commit)')
    .option('--reason <text>', 'why')
    .option('--as <person>', 'who decides; only with the token of this machine', userInfo().username)
    .option('--json', 'print JSON');
}

function decide(id: string, request: DecisionRequest): Promise<void> {
  const api = connect();
  return id.includes('@') ? api.decideRollout(id, request) : api.decideRun(id, request);
}

function addAccess(program: Command): void {
  program
    .command('sign-in')
    .description('print a one-time link that signs a browser in to the console')
    .option('--json', 'print JSON')
    .action(async ({ json }: Json) => {
      const link = await connect().makeSignInLink();
      print(json, link, () => [link.url]);
    });
  program
    .command('token')
    .description('make an access token for a script, shown this once: set MAINSTAY_URL and MAINSTAY_TOKEN there')
    .argument('<name>', 'what it is for')
    .option('--role <role>', 'owner or viewer', 'viewer')
    .option('--days <days>', 'until it expires; default: never')
    .option('--json', 'print JSON')
    .action(async (name: string, { role, days, json }: TokenOptions) => {
      const made = await connect().makeToken({ name, role, ...(days !== undefined && { days: Number(days) }) });
      // What was asked for is shown, once: the redactor does not know it.
      print(json, made, () => [made.token]);
    });
}

interface TokenOptions extends Json {
  readonly role: 'owner' | 'viewer';
  readonly days?: string;
}
