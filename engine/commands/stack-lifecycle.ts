import { rename, rm } from 'node:fs/promises';
import { userError } from '../../foundation/errors.ts';
import { ensureSecrets, openProjectBackend, openStack, projectIfAny } from '../operations/open-stack.ts';
import { selectedStack, selectStack } from '../operations/pulumi-home.ts';
import { parseStackReference, qualifiedStackName } from '../operations/stack-reference.ts';
import { readProject, stackFilePath } from '../project/project-file.ts';
import { type StackIdentity, StackNotFound, type StackSummary } from '../state/backend.ts';
import type { Command, CommandContext } from './command.ts';
import { copyConfig } from './config-copy.ts';
import { confirmByName } from './confirm.ts';
import { errorTexts } from './error-texts.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import { outputFlags, stackFlag, yesFlag } from './shared-flags.ts';
import { agoText, jsonText, tableText } from './table-text.ts';
import { wantsJson } from './wants-json.ts';

const secretsProviderFlag = {
  name: 'secrets-provider',
  kind: 'text',
  summary: 'Who encrypts secrets: default or passphrase',
} as const;

/** The name given as argument or by --stack; both only if they agree. */
function nameOf(args: readonly string[], flags: Flags): string | undefined {
  const [positional] = args;
  const flag = flags.text('stack');
  if (positional !== undefined && flag !== undefined && positional !== flag)
    throw new CommandFailure(
      `only one of --stack or argument stack name may be specified, not both: ${flag} and ${positional}`,
    );
  return positional ?? flag;
}

export const stackInit: Command = {
  name: 'init',
  aliases: ['new', 'create', 'setup'],
  summary: 'Create an empty stack with the given name, ready for updates',
  usage: '[[organization/]project/]<stack>',
  arguments: { minimum: 0, maximum: 1 },
  flags: [
    stackFlag,
    yesFlag,
    secretsProviderFlag,
    { name: 'no-select', kind: 'boolean', summary: 'Do not select the stack' },
    { name: 'copy-config-from', kind: 'text', summary: 'A stack to copy the settings of' },
    { name: 'teams', kind: 'list', summary: '', unsupported: 'teams need Pulumi Cloud' },
  ],
  async run(context, args, flags) {
    let name = nameOf(args, flags);
    if (name === undefined && context.interactive)
      name = (await context.terminal.ask('Stack name: ', context.signal)).trim();
    if (name === undefined || name === '') throw new CommandFailure('missing stack name');
    await createStack(context, name, {
      secretsProvider: flags.text('secrets-provider'),
      select: !flags.boolean('no-select'),
    });
    const source = flags.text('copy-config-from');
    if (source !== undefined) await copyConfig(context, { from: source, to: name });
    return undefined;
  },
};

async function createStack(
  context: CommandContext,
  name: string,
  options: { readonly secretsProvider: string | undefined; readonly select: boolean },
): Promise<void> {
  const project = await readProject(context.directory);
  const backend = await openProjectBackend(context, project);
  const identity = parseStackReference(name, project.name);
  refuseForeignProject(identity, project.name);
  if (await backend.exists(identity)) throw userError(errorTexts.stackExists(qualifiedStackName(identity)));
  const stack = await openStack(context, { name, mustExist: false });
  const given = options.secretsProvider;
  if (given !== undefined && given !== 'default' && given !== '') stack.file.setText('secretsprovider', given);
  const before = stack.file.text('encryptionsalt');
  await ensureSecrets(stack, context.environment);
  if (given === 'passphrase') stack.file.setText('secretsprovider', undefined);
  if (before === undefined) await stack.file.save();
  await backend.createStack(identity);
  if (options.select)
    await selectStack(context.environment, project, { backendUrl: backend.url, stack: qualifiedStackName(identity) });
  context.terminal.writeError(`Created stack '${identity.stack}'\n`);
}

function refuseForeignProject(identity: StackIdentity, project: string): void {
  if (identity.project === project) return;
  throw userError(
    `Cannot make a stack of another project than that of this folder: ${JSON.stringify(identity.project)}, where Pulumi.yaml says ${JSON.stringify(project)}. Change to its folder.`,
  );
}

export const stackSelect: Command = {
  name: 'select',
  summary: 'Switch the current workspace to the given stack',
  usage: '[stack]',
  arguments: { minimum: 0, maximum: 1 },
  flags: [
    stackFlag,
    secretsProviderFlag,
    { name: 'create', short: 'c', kind: 'boolean', summary: 'Create the stack if there is none' },
  ],
  async run(context, args, flags) {
    const name = nameOf(args, flags) ?? (await askForStack(context));
    const project = await readProject(context.directory);
    const backend = await openProjectBackend(context, project);
    const identity = parseStackReference(name, project.name);
    if (!(await backend.exists(identity))) {
      if (!flags.boolean('create')) throw new StackNotFound(name);
      await createStack(context, name, { secretsProvider: flags.text('secrets-provider'), select: true });
      return undefined;
    }
    await selectStack(context.environment, project, { backendUrl: backend.url, stack: qualifiedStackName(identity) });
    return undefined;
  },
};

async function askForStack(context: CommandContext): Promise<string> {
  if (!context.interactive) throw new CommandFailure('missing stack name', exitCodes.configuration);
  const project = await readProject(context.directory);
  const backend = await openProjectBackend(context, project);
  const stacks = await backend.listStacks(project.name);
  context.terminal.write(`Stacks: ${stacks.map(({ stack }) => stack).join(', ') || 'none'}\n`);
  return (await context.terminal.ask('Please choose a stack: ', context.signal)).trim();
}

export const stackUnselect: Command = {
  name: 'unselect',
  summary: 'Reset the stack selection of the current workspace',
  async run(context) {
    const project = await readProject(context.directory);
    const backend = await openProjectBackend(context, project);
    await selectStack(context.environment, project, { backendUrl: backend.url, stack: undefined });
    context.terminal.write('Stack was unselected\n');
    return undefined;
  },
};

export const stackLs: Command = {
  name: 'ls',
  aliases: ['list'],
  summary: 'List stacks',
  flags: [
    ...outputFlags,
    { name: 'all', short: 'a', kind: 'boolean', summary: 'Stacks of all projects' },
    { name: 'project', short: 'p', kind: 'text', summary: 'Stacks of this project' },
    { name: 'organization', short: 'o', kind: 'text', summary: '', unsupported: 'organizations need Pulumi Cloud' },
    { name: 'tag', short: 't', kind: 'text', summary: '', unsupported: 'filtering by tag needs Pulumi Cloud' },
  ],
  async run(context, _args, flags) {
    const project = await projectIfAny(context);
    const backend = await openProjectBackend(context, project);
    const wanted = flags.text('project') ?? (flags.boolean('all') ? undefined : project?.name);
    const stacks = await backend.listStacks(wanted);
    const selected = project && (await selectedStack(context.environment, project, backend.url));
    const current =
      selected === undefined ? undefined : qualifiedStackName(parseStackReference(selected, project?.name));
    const rows = stacks
      .map((stack) => ({
        stack,
        name: shownName(stack, project?.name),
        current: qualifiedStackName(stack) === current,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    context.terminal.write(wantsJson(flags) ? jsonText(rows.map(stackJson)) : stackTable(rows));
    return undefined;
  },
};

interface StackRow {
  readonly stack: StackSummary;
  readonly name: string;
  readonly current: boolean;
}

function shownName(stack: StackIdentity, project: string | undefined): string {
  return stack.project === project ? stack.stack : qualifiedStackName(stack);
}

function stackJson({ stack, name, current }: StackRow): object {
  return {
    name,
    current,
    ...(stack.lastUpdate !== undefined && { lastUpdate: stack.lastUpdate }),
    ...(stack.updateInProgress && { updateInProgress: true }),
    ...(stack.resourceCount !== undefined && { resourceCount: stack.resourceCount }),
  };
}

function stackTable(rows: readonly StackRow[]): string {
  const cells = rows.map(({ stack, name, current }) => [
    current ? `${name}*` : name,
    stack.updateInProgress
      ? 'in progress'
      : stack.lastUpdate === undefined
        ? 'n/a'
        : agoText(Date.parse(stack.lastUpdate), Date.now()),
    stack.resourceCount === undefined ? 'n/a' : String(stack.resourceCount),
  ]);
  return tableText(['NAME', 'LAST UPDATE', 'RESOURCE COUNT'], cells);
}

export const stackRm: Command = {
  name: 'rm',
  aliases: ['remove', 'delete'],
  summary: 'Remove a stack and its configuration',
  usage: '[stack]',
  arguments: { minimum: 0, maximum: 1 },
  flags: [
    stackFlag,
    yesFlag,
    {
      name: 'force',
      short: 'f',
      kind: 'boolean',
      summary: 'Remove it although it still has resources, which are left behind',
    },
    { name: 'preserve-config', kind: 'boolean', summary: 'Keep Pulumi.<stack>.yaml' },
    { name: 'remove-backups', kind: 'boolean', summary: 'Remove the backups too' },
  ],
  async run(context, args, flags) {
    const stack = await openStack(context, { name: nameOf(args, flags) });
    const { stack: name } = stack.identity;
    await confirmByName(context, flags, { warning: `This will permanently remove the '${name}' stack!`, name });
    const lock = await stack.backend.lock(stack.identity);
    try {
      await stack.backend.removeStack(stack.identity, {
        force: flags.boolean('force'),
        removeBackups: flags.boolean('remove-backups'),
      });
    } finally {
      await lock.release();
    }
    if (!flags.boolean('preserve-config')) await rm(stackFilePath(stack.project, name), { force: true });
    await unselectIfSelected(context, stack.identity);
    context.terminal.write(`Stack '${name}' has been removed!\n`);
    return undefined;
  },
};

async function unselectIfSelected(context: CommandContext, identity: StackIdentity): Promise<void> {
  const project = await readProject(context.directory);
  const backend = await openProjectBackend(context, project);
  const selected = await selectedStack(context.environment, project, backend.url);
  if (
    selected !== undefined &&
    qualifiedStackName(parseStackReference(selected, project.name)) === qualifiedStackName(identity)
  )
    await selectStack(context.environment, project, { backendUrl: backend.url, stack: undefined });
}

export const stackRename: Command = {
  name: 'rename',
  summary: 'Rename an existing stack',
  usage: '<new name>',
  arguments: { minimum: 1, maximum: 1 },
  flags: [stackFlag],
  async run(context, args, flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const { project, backend, identity } = stack;
    const target = parseStackReference(args[0]!, project.name);
    refuseForeignProject(target, project.name);
    const lock = await backend.lock(identity);
    try {
      await backend.renameStack(identity, target);
    } finally {
      await lock.release();
    }
    await moveStackFile(stack.file.path, stackFilePath(project, target.stack));
    const selected = await selectedStack(context.environment, project, backend.url);
    if (
      selected !== undefined &&
      qualifiedStackName(parseStackReference(selected, project.name)) === qualifiedStackName(identity)
    )
      await selectStack(context.environment, project, { backendUrl: backend.url, stack: qualifiedStackName(target) });
    context.terminal.write(`Renamed ${identity.stack} to ${target.stack}\n`);
    return undefined;
  },
};

/** A stack without settings has no file. */
async function moveStackFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
