import type { ChangeSummary } from '../deploy/step.ts';
import { openStack } from '../operations/open-stack.ts';
import { decryptData } from '../project/stack-config.ts';
import type { ConfigData } from '../project/stack-file.ts';
import type { UpdateInfo } from '../state/backend.ts';
import type { Command } from './command.ts';
import { decrypterFor } from './config-values.ts';
import { outputFlags, showSecretsFlag, stackFlag } from './shared-flags.ts';
import { agoText, jsonText } from './table-text.ts';
import { wantsJson } from './wants-json.ts';

type Decrypt = ((text: string) => string) | undefined;

export const stackHistory: Command = {
  name: 'history',
  aliases: ['hist'],
  summary: 'Display history for a stack',
  flags: [
    ...outputFlags,
    stackFlag,
    showSecretsFlag,
    { name: 'full-dates', kind: 'boolean', summary: 'Show full dates' },
    { name: 'page', kind: 'integer', summary: 'Which page, from 1' },
    { name: 'page-size', kind: 'integer', summary: 'Updates on a page. Default: 10' },
  ],
  async run(context, _args, flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const pageSize = flags.integer('page-size') ?? 10;
    const page = Math.max(1, flags.integer('page') ?? 1);
    const updates = await stack.backend.history(stack.identity, { pageSize, page });
    const secrets = updates.flatMap(({ config }) =>
      Object.values(config)
        .filter(({ secret }) => secret)
        .map(({ value }) => ({ secure: value })),
    );
    const decrypt = flags.boolean('show-secrets') ? await decrypterFor(stack, secrets) : undefined;
    const now = Date.now();
    const text = wantsJson(flags)
      ? jsonText(updates.map((update) => updateJson(update, decrypt, flags.boolean('show-secrets'))))
      : updates.map((update) => updateText(update, flags.boolean('full-dates') ? undefined : now)).join('\n');
    context.terminal.write(text === '' ? 'Stack has never been updated\n' : text);
    return undefined;
  },
};

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function updateJson(update: UpdateInfo, decrypt: Decrypt, showSecrets: boolean): object {
  const { kind, startTime, endTime, message, environment, config, result, resourceChanges } = update;
  const finished = result !== 'in-progress';
  return {
    version: 0,
    kind,
    startTime: isoTime(startTime),
    message,
    environment,
    config: Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key, configJson(value, decrypt, showSecrets)]),
    ),
    result,
    ...(finished && { endTime: isoTime(endTime), resourceChanges }),
  };
}

function configJson(entry: UpdateInfo['config'][string], decrypt: Decrypt, showSecrets: boolean): object {
  const { value, secret, objectValue } = entry;
  if (secret && !showSecrets) return { secret };
  const plain = secret ? decrypted(value, objectValue === true, decrypt) : value;
  return { value: plain, ...(objectValue && { objectValue: parsed(plain) }), secret };
}

/** The stack's key may have changed since: a value that cannot be decrypted does not hide the rest. */
function decrypted(value: string, isObject: boolean, decrypt: Decrypt): string {
  try {
    if (!decrypt) throw new Error('no key');
    return isObject ? JSON.stringify(decryptData(JSON.parse(value) as ConfigData, decrypt)) : decrypt(value);
  } catch {
    return 'ERROR_UNABLE_TO_DECRYPT';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function updateText(update: UpdateInfo, now: number | undefined): string {
  const { kind, result, message, resourceChanges, startTime, endTime, environment } = update;
  const started = now === undefined ? isoTime(startTime) : agoText(startTime * 1000, now);
  const lines = [
    `UpdateKind: ${kind}`,
    `Status: ${result}`,
    `Message: ${message}`,
    `${changesText(resourceChanges)} Updated ${started} took ${Math.max(0, endTime - startTime)}s`,
    ...Object.entries(environment)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `    ${key}: ${value}`),
  ];
  return `${lines.join('\n')}\n`;
}

function changesText(changes: ChangeSummary): string {
  const { create = 0, delete: removed = 0, update = 0, same = 0 } = changes;
  return `+${create}-${removed}~${update} ${same}`;
}
