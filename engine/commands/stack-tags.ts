import { openStack } from '../operations/open-stack.ts';
import type { Command } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import { outputFlags, stackFlag } from './shared-flags.ts';
import { jsonText, tableText } from './table-text.ts';
import { wantsJson } from './wants-json.ts';

const get: Command = {
  name: 'get',
  summary: 'Get a single stack tag value',
  usage: '<name>',
  arguments: { minimum: 1, maximum: 1 },
  async run(context, [name = ''], flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const value = (await stack.backend.tags(stack.identity))[name];
    if (value === undefined)
      throw new CommandFailure(`stack tag '${name}' not found for stack '${stack.identity.stack}'`);
    context.terminal.write(`${value}\n`);
    return undefined;
  },
};

const list: Command = {
  name: 'ls',
  aliases: ['list'],
  summary: 'List all stack tags',
  flags: outputFlags,
  async run(context, _args, flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const tags = Object.entries(await stack.backend.tags(stack.identity)).sort(([a], [b]) => (a < b ? -1 : 1));
    context.terminal.write(wantsJson(flags) ? jsonText(Object.fromEntries(tags)) : tableText(['NAME', 'VALUE'], tags));
    return undefined;
  },
};

const set: Command = {
  name: 'set',
  summary: 'Set a stack tag',
  usage: '<name> <value>',
  arguments: { minimum: 2, maximum: 2 },
  async run(context, [name = '', value = ''], flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    await stack.backend.setTags(stack.identity, { ...(await stack.backend.tags(stack.identity)), [name]: value });
    return undefined;
  },
};

const remove: Command = {
  name: 'rm',
  aliases: ['remove', 'delete'],
  summary: 'Remove a stack tag',
  usage: '<name>',
  arguments: { minimum: 1, maximum: 1 },
  async run(context, [name = ''], flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const { [name]: _, ...others } = await stack.backend.tags(stack.identity);
    await stack.backend.setTags(stack.identity, others);
    return undefined;
  },
};

/** `pulumi stack tag ...` */
export const stackTagCommand: Command = {
  name: 'tag',
  summary: 'Manage stack tags',
  sharedFlags: [stackFlag],
  commands: [get, list, set, remove],
};
