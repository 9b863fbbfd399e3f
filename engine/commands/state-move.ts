import { userError } from '../../foundation/errors.ts';
import { ensureSecrets, type OpenStack, openStack } from '../operations/open-stack.ts';
import { qualifiedStackName } from '../operations/stack-reference.ts';
import { encodeDeployment } from '../state/checkpoint.ts';
import { checkIntegrity } from '../state/integrity.ts';
import { type MoveResult, moveResources } from '../state/move-resources.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { Command, CommandContext } from './command.ts';
import { confirmChange } from './confirm.ts';
import { CommandFailure } from './exit-codes.ts';
import { yesFlag } from './shared-flags.ts';

export const stateMove: Command = {
  name: 'move',
  aliases: ['mv'],
  summary: 'Move resources from one stack to another',
  usage: '<URN>...',
  arguments: { minimum: 1, maximum: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'source', kind: 'text', summary: 'The stack to move resources from. Default: the selected one' },
    { name: 'dest', kind: 'text', summary: 'The stack to move resources to. Default: the selected one' },
    { name: 'include-parents', kind: 'boolean', summary: 'Also everything above them' },
    yesFlag,
  ],
  async run(context, urns, flags) {
    const [source, dest] = [flags.text('source'), flags.text('dest')];
    if (source === undefined && dest === undefined)
      throw new CommandFailure('at least one of --source or --dest must be provided');
    const from = await openStack(context, { name: source });
    const to = await openStack(context, { name: dest });
    if (qualifiedStackName(from.identity) === qualifiedStackName(to.identity))
      throw new CommandFailure(`cannot move resources from a stack to itself: ${qualifiedStackName(from.identity)}`);
    const locks = [await from.backend.lock(from.identity)];
    try {
      locks.push(await to.backend.lock(to.identity));
      const states = await readBoth(context, from, to);
      const moved = moveResources({
        source: states.source.resources,
        target: states.target.resources,
        targetStack: to.identity,
        urns,
        includeParents: flags.boolean('include-parents'),
      });
      show(context, moved, { from, to });
      await confirmChange(context, flags, 'Do you want to perform this move?');
      await write(moved, states, { from, to });
    } finally {
      await Promise.all(locks.map((lock) => lock.release()));
    }
    context.terminal.write(`Successfully moved resources from ${nameOf(from)} to ${nameOf(to)}\n`);
    return undefined;
  },
};

const nameOf = ({ identity }: OpenStack) => qualifiedStackName(identity);

interface BothStates {
  readonly source: Snapshot;
  readonly target: Snapshot;
}

interface BothStacks {
  readonly from: OpenStack;
  readonly to: OpenStack;
}

/** The target gets a secrets manager where it has none: what is moved may hold secrets. */
async function readBoth(context: CommandContext, from: OpenStack, to: OpenStack): Promise<BothStates> {
  const source = await from.backend.readSnapshot(from.identity, from.openSecrets);
  const target = await to.backend.readSnapshot(to.identity, to.openSecrets);
  if (target.secretsManager !== undefined) return { source, target };
  if (to.identity.project !== to.project.name)
    throw userError(
      `Cannot move resources to a stack that has no secrets manager yet: ${nameOf(to)}. Run this in the folder of its project, or update it once.`,
    );
  return { source, target: { ...target, secretsManager: await ensureSecrets(to, context.environment) } };
}

function show({ terminal }: CommandContext, moved: MoveResult, { from, to }: BothStacks): void {
  const list = (heading: string, lines: readonly string[]) =>
    lines.length > 0 && terminal.write(`${heading}\n\n${lines.map((line) => `  - ${line}\n`).join('')}\n`);
  for (const urn of moved.missing) terminal.write(`warning: Resource ${urn} not found in source stack\n`);
  list(`Planning to move the following resources from ${nameOf(from)} to ${nameOf(to)}:`, moved.moved);
  list(`Of these ${nameOf(to)} has already what follows; it only leaves ${nameOf(from)}:`, moved.present);
  const kinds = [
    [`What remains in ${nameOf(from)} refers to what is moved; these references are dropped:`, moved.brokenInSource],
    [`What is moved refers to what remains in ${nameOf(from)}; these references are dropped:`, moved.brokenInTarget],
  ] as const;
  for (const [heading, lines] of kinds) list(heading, lines);
  if (kinds.some(([, lines]) => lines.length > 0))
    terminal.write('Give the programs the outputs and inputs that take their place.\n');
}

/** The target first: a resource may be in both for a moment, and is never in none. After a kill in between, the same command finishes it. */
async function write(moved: MoveResult, states: BothStates, { from, to }: BothStacks): Promise<void> {
  checkIntegrity(moved.source);
  checkIntegrity(moved.target);
  const before = await to.backend.exportDeployment(to.identity);
  const save = (stack: OpenStack, snapshot: Snapshot) =>
    stack.backend.importDeployment(stack.identity, encodeDeployment(snapshot), { force: false });
  await save(to, { ...states.target, resources: moved.target });
  try {
    await save(from, { ...states.source, resources: moved.source });
  } catch (error) {
    await to.backend.importDeployment(to.identity, before, { force: false });
    throw error;
  }
}
