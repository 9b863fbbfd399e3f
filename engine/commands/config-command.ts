import { ensureSecrets, type OpenStack, openStack } from '../operations/open-stack.ts';
import type { ConfigData } from '../project/stack-file.ts';
import type { Command, CommandContext } from './command.ts';
import { copyConfig } from './config-copy.ts';
import { splitAssignment } from './config-flags.ts';
import { configPlace } from './config-key-path.ts';
import { configRefresh } from './config-refresh.ts';
import { setAllFromJson } from './config-set-json.ts';
import { dataAt, decrypterFor, masked, shownValue, typedValue } from './config-values.ts';
import { CommandFailure } from './exit-codes.ts';
import type { FlagSpec, Flags } from './flags.ts';
import { jsonFlag, showSecretsFlag, stackFlag } from './shared-flags.ts';
import { jsonText, tableText } from './table-text.ts';

const configFileFlag: FlagSpec = { name: 'config-file', kind: 'text', summary: 'Use the settings of this file' };
const openFlag: FlagSpec = { name: 'open', kind: 'boolean', summary: 'Accepted; there are no environments to open' };
const pathFlag: FlagSpec = { name: 'path', kind: 'boolean', summary: 'The key is a path into an object or a list' };

/** The stack whose settings a command works on. */
export function stackOf(context: CommandContext, flags: Flags): Promise<OpenStack> {
  return openStack(context, { name: flags.text('stack'), configFile: flags.text('config-file') });
}

/** A key of the project is shown without its namespace. */
function shownKey(key: string, project: string): string {
  return key.startsWith(`${project}:`) ? key.slice(project.length + 1) : key;
}

async function showConfig(context: CommandContext, flags: Flags): Promise<void> {
  const stack = await stackOf(context, flags);
  const values = stack.file.config();
  const decrypt = flags.boolean('show-secrets') ? await decrypterFor(stack, values.values()) : undefined;
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  if (flags.boolean('json')) {
    context.terminal.write(jsonText(Object.fromEntries(sorted.map(([key, data]) => [key, shownValue(data, decrypt)]))));
    return;
  }
  // Of what is secret in part, the rest is shown.
  const rows = sorted.map(([key, data]) => [
    shownKey(key, stack.project.name),
    shownValue(decrypt ? data : masked(data), decrypt).value ?? '',
  ]);
  context.terminal.write(tableText(['KEY', 'VALUE'], rows));
}

const configGet: Command = {
  name: 'get',
  summary: 'Get a single configuration value',
  usage: '<key>',
  arguments: { minimum: 1, maximum: 1 },
  flags: [jsonFlag, openFlag, pathFlag],
  async run(context, [key = ''], flags) {
    const stack = await stackOf(context, flags);
    const place = configPlace(key, stack.project.name, flags.boolean('path'));
    const data = dataAt(stack.file.config().get(place.key), place.path);
    if (data === undefined)
      throw new CommandFailure(`configuration key '${key}' not found for stack '${stack.identity.stack}'`);
    const shown = shownValue(data, await decrypterFor(stack, [data]));
    context.terminal.write(flags.boolean('json') ? jsonText(shown) : `${shown.value ?? ''}\n`);
    return undefined;
  },
};

const configSet: Command = {
  name: 'set',
  summary: 'Set configuration value',
  usage: '<key> [value]',
  arguments: { minimum: 1, maximum: 2 },
  flags: [
    pathFlag,
    { name: 'plaintext', kind: 'boolean', summary: 'Store the value in plain text' },
    { name: 'secret', kind: 'boolean', summary: 'Encrypt the value' },
    { name: 'raw', kind: 'boolean', summary: 'Keep the newline at the end of a value from standard input' },
    { name: 'type', kind: 'text', summary: 'string, bool, int or float' },
  ],
  async run(context, [key = '', given], flags) {
    if (flags.boolean('secret') && flags.boolean('plaintext'))
      throw new CommandFailure('only one of --secret and --plaintext may be given');
    const stack = await stackOf(context, flags);
    const place = configPlace(key, stack.project.name, flags.boolean('path'));
    const text = given ?? (await valueFromInput(context, flags));
    const data = await newData(context, stack, {
      text,
      secret: flags.boolean('secret'),
      type: flags.text('type'),
      inside: flags.boolean('path'),
    });
    stack.file.setConfig(place.key, data, place.path);
    await stack.file.save();
    return undefined;
  },
};

async function valueFromInput(context: CommandContext, flags: Flags): Promise<string> {
  if (context.interactive) return context.terminal.ask('value: ', context.signal);
  const text = await context.terminal.readInput();
  return flags.boolean('raw') ? text : text.replace(/\r?\n$/, '');
}

async function newData(
  context: CommandContext,
  stack: OpenStack,
  value: {
    readonly text: string;
    readonly secret: boolean;
    readonly type?: string | undefined;
    readonly inside: boolean;
  },
): Promise<ConfigData> {
  if (!value.secret) return typedValue(value.text, { type: value.type, inside: value.inside });
  const manager = await ensureSecrets(stack, context.environment);
  return { secure: manager.encrypt(value.text) };
}

const configSetAll: Command = {
  name: 'set-all',
  summary: 'Set multiple configuration values',
  flags: [
    { name: 'json', kind: 'text', summary: 'Settings in the form that `config --json` prints' },
    pathFlag,
    { name: 'plaintext', kind: 'list', summary: 'key=value to store in plain text' },
    { name: 'secret', kind: 'list', summary: 'key=value to encrypt' },
  ],
  async run(context, _args, flags) {
    const stack = await stackOf(context, flags);
    const json = flags.text('json');
    const given = [...flags.list('plaintext'), ...flags.list('secret')];
    if (json !== undefined) {
      if (given.length > 0 || flags.boolean('path'))
        throw new CommandFailure('the --json option cannot be used with the --plaintext, --secret or --path options');
      await setAllFromJson(context, stack, json);
      return undefined;
    }
    for (const secret of [false, true]) {
      for (const text of flags.list(secret ? 'secret' : 'plaintext')) {
        const [key, value] = splitAssignment(text);
        const place = configPlace(key, stack.project.name, flags.boolean('path'));
        const data = await newData(context, stack, { text: value, secret, inside: flags.boolean('path') });
        stack.file.setConfig(place.key, data, place.path);
      }
    }
    await stack.file.save();
    return undefined;
  },
};

async function removeKeys(context: CommandContext, keys: readonly string[], flags: Flags): Promise<undefined> {
  const stack = await stackOf(context, flags);
  for (const key of keys) {
    const place = configPlace(key, stack.project.name, flags.boolean('path'));
    stack.file.removeConfig(place.key, place.path);
  }
  await stack.file.save();
  return undefined;
}

const configRm: Command = {
  name: 'rm',
  aliases: ['remove', 'delete'],
  summary: 'Remove configuration value',
  usage: '<key>',
  arguments: { minimum: 1, maximum: 1 },
  flags: [pathFlag],
  run: (context, args, flags) => removeKeys(context, args, flags),
};

const configRmAll: Command = {
  name: 'rm-all',
  aliases: ['remove-all', 'delete-all'],
  summary: 'Remove multiple configuration values',
  usage: '<key>...',
  arguments: { minimum: 1, maximum: Number.POSITIVE_INFINITY },
  flags: [pathFlag],
  run: (context, args, flags) => removeKeys(context, args, flags),
};

const configCp: Command = {
  name: 'cp',
  aliases: ['copy'],
  summary: 'Copy config to another stack',
  usage: '[key]',
  arguments: { minimum: 0, maximum: 1 },
  flags: [pathFlag, { name: 'dest', short: 'd', kind: 'text', summary: 'The stack to copy to' }],
  async run(context, [key], flags) {
    const to = flags.text('dest');
    if (to === undefined)
      throw new CommandFailure('Cannot copy the settings as no stack to copy to was given. Give --dest.');
    await copyConfig(context, { from: flags.text('stack'), to, key, path: flags.boolean('path') });
    return undefined;
  },
};

const esc = 'ESC environments need Pulumi Cloud';

/** `pulumi config ...` */
export const configCommand: Command = {
  name: 'config',
  summary: 'Manage configuration',
  sharedFlags: [stackFlag, configFileFlag],
  flags: [jsonFlag, openFlag, showSecretsFlag],
  commands: [
    configGet,
    configSet,
    configSetAll,
    configRm,
    configRmAll,
    configRefresh,
    configCp,
    { name: 'env', summary: '', unsupported: esc },
  ],
  async run(context, _args, flags) {
    await showConfig(context, flags);
    return undefined;
  },
};
