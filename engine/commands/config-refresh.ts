import { copyFile } from 'node:fs/promises';
import { systemCode } from '../../foundation/errors.ts';
import { openStack } from '../operations/open-stack.ts';
import type { ConfigData } from '../project/stack-file.ts';
import type { Command } from './command.ts';
import { CommandFailure } from './exit-codes.ts';

/** Puts the settings of the last update into the stack file. */
export const configRefresh: Command = {
  name: 'refresh',
  summary: 'Update the local configuration based on the most recent deployment of the stack',
  flags: [{ name: 'force', short: 'f', kind: 'boolean', summary: 'Keep no copy of the file' }],
  async run(context, _args, flags) {
    const stack = await openStack(context, { name: flags.text('stack'), configFile: flags.text('config-file') });
    const [last] = await stack.backend.history(stack.identity, { pageSize: 1, page: 1 });
    if (!last)
      throw new CommandFailure(
        `no previous deployment of stack '${stack.identity.stack}' to take the configuration of`,
      );
    if (!flags.boolean('force')) await keepCopy(stack.file.path);
    for (const key of stack.file.config().keys()) stack.file.removeConfig(key);
    for (const [key, { value, secret, objectValue }] of Object.entries(last.config))
      stack.file.setConfig(key, objectValue ? (JSON.parse(value) as ConfigData) : secret ? { secure: value } : value);
    await stack.file.save();
    context.terminal.write(`refreshed configuration for stack '${stack.identity.stack}'\n`);
    return undefined;
  },
};

async function keepCopy(file: string): Promise<void> {
  await copyFile(file, `${file}.bak`).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
