import type { ResourceState } from '../deploy/resource-state.ts';
import { type OpenStack, openProjectBackend, openStack, projectIfAny } from '../operations/open-stack.ts';
import { decodeDeployment, encodeDeployment } from '../state/checkpoint.ts';
import { deleteFromState, renameInState, repairState, setProtection, setTaint } from '../state/edit-state.ts';
import { checkIntegrity } from '../state/integrity.ts';
import type { Command, CommandContext } from './command.ts';
import { confirmChange } from './confirm.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import { stackFlag, yesFlag } from './shared-flags.ts';
import { stateEdit } from './state-edit.ts';
import { stateGet } from './state-get.ts';
import { stateMove } from './state-move.ts';

type Resources = readonly ResourceState[];

/** A change of the state by hand. Resolves to the new resources and what to say. */
type Edit = (resources: Resources, stack: OpenStack) => { readonly resources: Resources; readonly message: string };

/** Asks, locks, reads, changes, checks and writes. `repairing` reads a state that the integrity check refuses. */
async function editState(context: CommandContext, flags: Flags, edit: Edit, repairing = false): Promise<undefined> {
  const stack = await openStack(context, { name: flags.text('stack') });
  await confirmChange(context, flags, 'This command will edit your stack’s state directly. Confirm?');
  const lock = await stack.backend.lock(stack.identity);
  try {
    const snapshot = repairing
      ? await decodeDeployment(await stack.backend.exportDeployment(stack.identity), stack.openSecrets)
      : await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
    const { resources, message } = edit(snapshot.resources, stack);
    if (resources !== snapshot.resources) {
      checkIntegrity(resources);
      await stack.backend.importDeployment(stack.identity, encodeDeployment({ ...snapshot, resources }), {
        force: false,
      });
    }
    context.terminal.write(`${message}\n`);
  } finally {
    await lock.release();
  }
  return undefined;
}

function urnsOf(args: readonly string[], flags: Flags): readonly string[] | 'all' {
  if (flags.boolean('all')) {
    if (args.length > 0) throw new CommandFailure('cannot specify both --all and resource URNs');
    return 'all';
  }
  if (args.length === 0) throw new CommandFailure('must supply at least one resource URN, or --all');
  return args;
}

const many = { minimum: 0, maximum: Number.POSITIVE_INFINITY };
const allFlag = { name: 'all', kind: 'boolean', summary: 'Every resource' } as const;

const remove: Command = {
  name: 'delete',
  aliases: ['remove', 'rm'],
  summary: "Delete resources from a stack's state, leaving the real ones alone",
  usage: '[URN]...',
  arguments: many,
  flags: [
    stackFlag,
    yesFlag,
    allFlag,
    { name: 'force', kind: 'boolean', summary: 'Also protected ones' },
    { name: 'target-dependents', kind: 'boolean', summary: 'Also what depends on them' },
  ],
  async run(context, args, flags) {
    const urns = urnsOf(args, flags);
    const options = { force: flags.boolean('force'), targetDependents: flags.boolean('target-dependents') };
    return editState(context, flags, (resources) => ({
      resources:
        urns === 'all'
          ? withoutAll(resources, options.force)
          : urns.reduce<Resources>((rest, urn) => deleteFromState(rest, urn, options), resources),
      message: 'Resource deleted',
    }));
  },
};

function withoutAll(resources: Resources, force: boolean): Resources {
  const kept = resources.find(({ protect }) => protect);
  if (kept && !force)
    throw new CommandFailure(
      `Cannot delete all resources as one is protected: ${kept.urn}. Remove its protection, or give --force.`,
    );
  return [];
}

/** `protect`, `unprotect`, `taint` and `untaint` set one flag. */
function flagCommand(
  name: string,
  summary: string,
  change: { readonly set: (resources: Resources, urns: readonly string[] | 'all') => Resources; readonly done: string },
): Command {
  return {
    name,
    summary,
    usage: '[URN]...',
    arguments: many,
    flags: [stackFlag, yesFlag, allFlag],
    async run(context, args, flags) {
      const urns = urnsOf(args, flags);
      const what = urns === 'all' ? 'All resources' : urns.length === 1 ? 'Resource' : 'Resources';
      return editState(context, flags, (resources) => ({
        resources: change.set(resources, urns),
        message: `${what} ${change.done}`,
      }));
    },
  };
}

const rename: Command = {
  name: 'rename',
  summary: "Rename a resource in a stack's state",
  usage: '<URN> <new name>',
  arguments: { minimum: 2, maximum: 2 },
  flags: [stackFlag, yesFlag],
  run: (context, [urn = '', name = ''], flags) =>
    editState(context, flags, (resources) => ({
      resources: renameInState(resources, urn, name),
      message: 'Resource renamed',
    })),
};

const repair: Command = {
  name: 'repair',
  summary: 'Repair a state that its integrity check refuses',
  flags: [stackFlag, yesFlag],
  run: (context, _args, flags) =>
    editState(
      context,
      flags,
      (resources) => {
        const repaired = repairState(resources);
        if (repaired.changes.length === 0)
          return { resources, message: 'The snapshot is already valid; skipping repair' };
        return { resources: repaired.resources, message: ['State repaired:', ...repaired.changes].join('\n  ') };
      },
      true,
    ),
};

/** The layout of a backend is looked at whenever it is opened: one that is not current is an error that says what to do. */
const upgrade: Command = {
  name: 'upgrade',
  summary: 'Check that the state backend has the current layout',
  flags: [yesFlag],
  async run(context) {
    const backend = await openProjectBackend(context, await projectIfAny(context));
    context.terminal.writeError(`Nothing to upgrade: ${backend.url} has the current layout\n`);
    return undefined;
  },
};

/** `pulumi state ...` */
export const stateCommand: Command = {
  name: 'state',
  summary: "Edit the current stack's state",
  commands: [
    remove,
    flagCommand('protect', "Protect resources in a stack's state", {
      set: (resources, urns) => setProtection(resources, urns, true),
      done: 'protected',
    }),
    flagCommand('unprotect', "Unprotect resources in a stack's state", {
      set: (resources, urns) => setProtection(resources, urns, false),
      done: 'unprotected',
    }),
    flagCommand('taint', 'Have the next update replace resources', {
      set: (resources, urns) => setTaint(resources, urns, true),
      done: 'tainted',
    }),
    flagCommand('untaint', 'Take back `state taint`', {
      set: (resources, urns) => setTaint(resources, urns, false),
      done: 'untainted',
    }),
    rename,
    repair,
    stateEdit,
    stateGet,
    stateMove,
    upgrade,
  ],
};
