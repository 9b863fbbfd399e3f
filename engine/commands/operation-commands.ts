import { rm } from 'node:fs/promises';
import type { DeploymentKind } from '../deploy/deployment-options.ts';
import { unprotectedTargets } from '../deploy/exclude-protected.ts';
import { openStack } from '../operations/open-stack.ts';
import { stackFilePath } from '../project/project-file.ts';
import type { Command, CommandContext } from './command.ts';
import { saveConfigFlags } from './config-flags.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import { destroyFlags, previewFlags, refreshFlags, upFlags } from './operation-flags.ts';
import { operationOptions } from './operation-options-from-flags.ts';
import { type Operation, perform, performPreview } from './perform.ts';

async function openOperation(kind: DeploymentKind, context: CommandContext, flags: Flags): Promise<Operation> {
  const options = operationOptions(kind, context, flags);
  const stack = await openStack(context, { name: flags.text('stack'), configFile: flags.text('config-file') });
  await saveConfigFlags(context, flags, stack);
  return { context, flags, stack, options };
}

export const previewCommand: Command = {
  name: 'preview',
  aliases: ['pre'],
  summary: "Show a preview of updates to a stack's resources",
  flags: previewFlags,
  run: async (context, _args, flags) => performPreview(await openOperation('update', context, flags)),
};

export const upCommand: Command = {
  name: 'up',
  aliases: ['update'],
  summary: 'Create or update the resources in a stack',
  flags: upFlags,
  run: async (context, _args, flags) => perform(await openOperation('update', context, flags)),
};

export const refreshCommand: Command = {
  name: 'refresh',
  summary: 'Refresh the resources in a stack',
  flags: refreshFlags,
  async run(context, _args, flags) {
    const operation = await openOperation('refresh', context, flags);
    return flags.boolean('preview-only') ? performPreview(operation) : perform(operation);
  },
};

export const destroyCommand: Command = {
  name: 'destroy',
  aliases: ['down', 'dn'],
  summary: 'Destroy all existing resources in the stack',
  flags: destroyFlags,
  async run(context, _args, flags) {
    const operation = await openOperation('destroy', context, flags);
    const kept = flags.boolean('exclude-protected') ? await protectedScope(operation) : undefined;
    const left = kept && `There are still ${kept.keptCount} protected resources associated with this stack.`;
    if (kept?.targets.length === 0) {
      context.terminal.write(`There were no unprotected resources to destroy. ${left}\n`);
      return undefined;
    }
    if (flags.boolean('preview-only')) return performPreview(operation);
    const code = await perform(operation);
    if (code !== exitCodes.ok) return code;
    if (kept && kept.keptCount > 0) context.terminal.write(`All unprotected resources were destroyed. ${left}\n`);
    if (flags.boolean('remove')) await removeStack(operation);
    else if (!['target', 'exclude', 'exclude-protected', 'json'].some((name) => flags.isSet(name)))
      sayWhatIsKept(operation);
    return code;
  },
};

function sayWhatIsKept({ context, stack: { identity } }: Operation): void {
  context.terminal.write(
    `Its resources are deleted; the history and the settings of the stack are kept. To remove it altogether: pulumi stack rm ${identity.stack}\n`,
  );
}

async function protectedScope({ stack }: Operation): Promise<ReturnType<typeof unprotectedTargets>> {
  const { resources } = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
  return unprotectedTargets(resources);
}

async function removeStack({ context, stack }: Operation): Promise<ExitCode> {
  await stack.backend.removeStack(stack.identity, { force: false, removeBackups: false });
  await rm(stackFilePath(stack.project, stack.identity.stack), { force: true });
  context.terminal.write(
    `The resources in the stack have been deleted, and the stack '${stack.identity.stack}' removed.\n`,
  );
  return exitCodes.ok;
}
