import { hostname } from 'node:os';
import type { ResourceState } from '../deploy/resource-state.ts';
import { parseUrn, rootStackType } from '../deploy/urn.ts';
import { openStack } from '../operations/open-stack.ts';
import { qualifiedStackName } from '../operations/stack-reference.ts';
import type { CommandContext } from './command.ts';
import type { FlagSpec, Flags } from './flags.ts';
import { outputFlags, showSecretsFlag, stackFlag } from './shared-flags.ts';
import { outputsText, shownOutputs } from './stack-output.ts';
import { agoText, jsonText, tableText } from './table-text.ts';
import { wantsJson } from './wants-json.ts';

export const showStackFlags: readonly FlagSpec[] = [
  stackFlag,
  showSecretsFlag,
  ...outputFlags,
  { name: 'show-ids', short: 'i', kind: 'boolean', summary: "Show each resource's id" },
  { name: 'show-urns', short: 'u', kind: 'boolean', summary: "Show each resource's URN" },
  { name: 'show-name', kind: 'boolean', summary: "Show only the stack's name" },
];

/** `pulumi stack`: the selected stack, its resources and its outputs. */
export async function showStack(context: CommandContext, _args: readonly string[], flags: Flags): Promise<undefined> {
  const stack = await openStack(context, { name: flags.text('stack') });
  const { terminal } = context;
  const name = flags.boolean('fully-qualify-stack-names') ? qualifiedStackName(stack.identity) : stack.identity.stack;
  if (flags.boolean('show-name')) {
    terminal.write(`${name}\n`);
    return undefined;
  }
  const { resources } = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
  const root = resources.find(({ type, delete: dying }) => type === rootStackType && !dying);
  const outputs = shownOutputs(root?.outputs ?? {}, flags.boolean('show-secrets'));
  const summary = (await stack.backend.listStacks(stack.identity.project)).find(
    (one) => one.stack === stack.identity.stack,
  );
  if (wantsJson(flags)) {
    terminal.write(
      jsonText({ name, lastUpdate: summary?.lastUpdate, resources: resources.map(resourceSummary), outputs }),
    );
    return undefined;
  }
  const updated = summary?.lastUpdate;
  terminal.write(`Current stack is ${name}:\n    Managed by ${hostname()}\n`);
  if (updated !== undefined)
    terminal.write(`    Last updated: ${agoText(Date.parse(updated), Date.now())} (${updated})\n`);
  terminal.write(resourcesText(resources, flags));
  terminal.write(`\n${outputsText(outputs)}`);
  terminal.write('\nUse `pulumi stack select` to change stack; `pulumi stack ls` lists known ones\n');
  return undefined;
}

function resourceSummary({ urn, type, id, parent }: ResourceState): object {
  return { urn, type, ...(id !== '' && { id }), ...(parent !== '' && { parent }) };
}

function resourcesText(resources: readonly ResourceState[], flags: Flags): string {
  if (resources.length === 0) return 'Current stack resources (0):\n    No resources currently in this stack\n';
  const rows = treeRows(resources, flags);
  const lines = tableText(
    ['TYPE', 'NAME'],
    rows.map(({ cells }) => cells),
    '    ',
  )
    .trimEnd()
    .split('\n');
  // What is said of a resource stands below its row, and makes no column wider.
  const all = lines.flatMap((line, index) => [line, ...(rows[index - 1]?.below ?? [])]);
  return `Current stack resources (${resources.length}):\n${all.join('\n')}\n`;
}

interface Row {
  readonly cells: readonly string[];
  /** Lines as they are. */
  readonly below: readonly string[];
}

/** Parents before their children, with lines between them. */
function treeRows(resources: readonly ResourceState[], flags: Flags): readonly Row[] {
  const known = new Set(resources.map(({ urn }) => urn));
  const root = resources.find(({ type }) => type === rootStackType)?.urn ?? '';
  const parentOf = (state: ResourceState) => (known.has(state.parent) ? state.parent : state.urn === root ? '' : root);
  const children = Map.groupBy(resources, parentOf);
  const rows: Row[] = [];
  const visit = (state: ResourceState, margin: string, connector: string) => {
    const { type, name } = parseUrn(state.urn);
    const inner = margin + (connector === '' ? '' : connector.startsWith('└') ? '   ' : '│  ');
    const own = children.get(state.urn) ?? [];
    const info = `    ${inner}${own.length > 0 ? '│  ' : '   '}`;
    const urn = flags.boolean('show-urns') ? [`${info}URN: ${state.urn}`] : [];
    const id = flags.boolean('show-ids') && state.id !== '' ? [`${info}ID: ${state.id}`] : [];
    rows.push({ cells: [`${margin}${connector}${type}`, name], below: [...urn, ...id] });
    own.forEach((child, index) => void visit(child, inner, index === own.length - 1 ? '└─ ' : '├─ '));
  };
  for (const state of children.get('') ?? []) visit(state, '', '');
  return rows;
}
