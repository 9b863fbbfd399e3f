import { createHash } from 'node:crypto';
import { userError } from '../../foundation/errors.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import { isProviderType, rootStackType, urnName } from '../deploy/urn.ts';
import { createColors } from '../display/colors.ts';
import { maskedMap } from '../display/masked-json.ts';
import { propertyLines } from '../display/property-text.ts';
import { openStack } from '../operations/open-stack.ts';
import { findInState } from '../state/edit-state.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import { outputFlags, showSecretsFlag, stackFlag } from './shared-flags.ts';
import { jsonText } from './table-text.ts';
import { wantsJson } from './wants-json.ts';

type Resources = readonly ResourceState[];

export const stateGet: Command = {
  name: 'get',
  summary: "Show a resource's state",
  usage: '<URN or name>',
  arguments: { minimum: 1, maximum: 1 },
  flags: [stackFlag, showSecretsFlag, ...outputFlags],
  async run(context, [reference = ''], flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const { resources } = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
    const state = findByReference(context, resources, reference);
    const showSecrets = flags.boolean('show-secrets');
    context.terminal.write(wantsJson(flags) ? asJson(state, showSecrets) : asText(state, showSecrets));
    return undefined;
  },
};

/** By URN, by the identifier that the official CLI gives to each resource, or by a name that only one has. */
function findByReference(context: CommandContext, resources: Resources, reference: string): ResourceState {
  if (reference.startsWith('urn:')) return theLiving(context, findInState(resources, reference));
  const urns = new Set(resources.filter(({ urn }) => urnName(urn) === reference).map(({ urn }) => urn));
  const identified = resources.find((state) => !state.delete && identifiersOf(state).includes(reference));
  if (identified !== undefined) urns.add(identified.urn);
  if (urns.size > 1)
    throw new CommandFailure(
      `${urns.size} resources are called ${JSON.stringify(reference)}: ${[...urns].join(', ')}. Give the URN of one.`,
    );
  const [urn] = urns;
  if (urn !== undefined) return theLiving(context, findInState(resources, urn));
  throw userError(
    `Cannot find the resource in the state: ${reference}. Give its URN: look at \`pulumi stack --show-urns\`.`,
  );
}

function theLiving({ terminal }: CommandContext, found: Resources): ResourceState {
  const living = found.find((state) => !state.delete);
  if (living === undefined) return found[0]!;
  if (found.length > 1)
    terminal.writeError(
      `warning: ${found.length - 1} more of this URN wait for their deletion; this is the living one\n`,
    );
  return living;
}

/** Name and the first digits of the URN's hash, as many as it takes (pkg/cmd/pulumi/autonames): `bucket_1a2b3c`. */
function identifiersOf({ urn, type }: ResourceState): readonly string[] {
  if (type === rootStackType || isProviderType(type)) return [];
  const name = urnName(urn)
    .replaceAll(/[^A-Za-z0-9_]/gu, '_')
    .replace(/^(?=[0-9])/, '_');
  const hash = createHash('sha256').update(urn).digest('hex');
  return Array.from({ length: hash.length - 5 }, (_, index) => `${name}_${hash.slice(0, index + 6)}`);
}

function asJson(state: ResourceState, showSecrets: boolean): string {
  const { urn, id, type, inputs, outputs } = state;
  const shown = (map: PropertyMap) =>
    maskedMap(
      Object.fromEntries(Object.entries(map).filter(([key]) => !key.startsWith('__'))),
      showSecrets ? 'plain' : 'word',
    );
  return jsonText({
    id,
    inputs: shown(inputs),
    outputs: shown(outputs),
    ...(state.delete && { pendingDeletion: true }),
    type,
    urn,
  });
}

function asText(state: ResourceState, showSecrets: boolean): string {
  const style = { colors: createColors(false), showSecrets, full: true };
  const section = (title: string, map: PropertyMap) =>
    Object.keys(map).length === 0 ? '' : `${title}:\n${propertyLines(map, 1, style).join('\n')}\n\n`;
  return [
    `Type: ${state.type}\nURN:  ${state.urn}\n`,
    state.id === '' ? '' : `ID:   ${state.id}\n`,
    state.delete ? 'Pending deletion: yes\n' : '',
    section('Inputs', state.inputs),
    section('Outputs', state.outputs),
  ].join('');
}
