import type { PropertyMap } from '../../protocol/property-value.ts';
import { rootStackType } from '../deploy/urn.ts';
import { maskedMap } from '../display/masked-json.ts';
import type { OpenStack } from '../operations/open-stack.ts';
import { openStack } from '../operations/open-stack.ts';
import type { Json, JsonObject } from '../state/property-json.ts';
import type { Command } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import { jsonFlag, showSecretsFlag, stackFlag } from './shared-flags.ts';
import { jsonText, tableText } from './table-text.ts';

/** Outputs of the stack's last update. */
export async function stackOutputs(stack: OpenStack): Promise<PropertyMap> {
  const { resources } = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
  return resources.find(({ type, delete: dying }) => type === rootStackType && !dying)?.outputs ?? {};
}

/** Keys in order, internal ones left out. */
export function shownOutputs(outputs: PropertyMap, showSecrets: boolean): JsonObject {
  const entries = Object.entries(outputs)
    .filter(([key]) => !key.startsWith('__'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return maskedMap(Object.fromEntries(entries), showSecrets ? 'plain' : 'word');
}

/** The heading and table of outputs as `stack` and `stack output` print it. */
export function outputsText(outputs: JsonObject): string {
  const rows = Object.entries(outputs).map(([key, value]) => [key, plainText(value)]);
  if (rows.length === 0) return 'Current stack outputs (0):\n    No output values currently in this stack\n';
  return `Current stack outputs (${rows.length}):\n${tableText(['OUTPUT', 'VALUE'], rows, '    ')}`;
}

function plainText(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

export const stackOutput: Command = {
  name: 'output',
  summary: "Show a stack's output properties",
  usage: '[property]',
  arguments: { minimum: 0, maximum: 1 },
  flags: [
    jsonFlag,
    { name: 'shell', kind: 'boolean', summary: 'Write assignments for a shell' },
    showSecretsFlag,
    stackFlag,
  ],
  async run(context, [property], flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const outputs = shownOutputs(await stackOutputs(stack), flags.boolean('show-secrets'));
    if (property !== undefined && outputs[property] === undefined)
      throw new CommandFailure(`current stack does not have output property '${property}'`);
    if (flags.boolean('json')) context.terminal.write(jsonText(property === undefined ? outputs : outputs[property]));
    else if (flags.boolean('shell'))
      context.terminal.write(shellText(property === undefined ? outputs : { [property]: outputs[property] }));
    else if (property !== undefined) context.terminal.write(`${plainText(outputs[property])}\n`);
    else context.terminal.write(outputsText(outputs));
    return undefined;
  },
};

function shellText(outputs: JsonObject): string {
  return Object.entries(outputs)
    .map(([key, value]) => `${key}=${shellQuoted(plainText(value))}\n`)
    .join('');
}

function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
