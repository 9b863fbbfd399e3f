import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ResourceState } from '../deploy/resource-state.ts';
import { urnName } from '../deploy/urn.ts';
import { openStack } from '../operations/open-stack.ts';
import type { Command } from './command.ts';
import { stackFlag } from './shared-flags.ts';

const colors = { dependency: '#246C60', parent: '#AA6639' };

/** The resources of the state as a Graphviz graph, with the official CLI's colours: parents and dependencies. */
export const stackGraph: Command = {
  name: 'graph',
  summary: "Export a stack's dependency graph to a file, for Graphviz",
  usage: '<file>',
  arguments: { minimum: 1, maximum: 1 },
  flags: [
    stackFlag,
    { name: 'ignore-parent-edges', kind: 'boolean', summary: 'Leave parents out' },
    { name: 'ignore-dependency-edges', kind: 'boolean', summary: 'Leave dependencies out' },
    { name: 'dependency-edge-color', kind: 'text', summary: `Colour of dependencies. Default: ${colors.dependency}` },
    { name: 'parent-edge-color', kind: 'text', summary: `Colour of parents. Default: ${colors.parent}` },
    { name: 'short-node-name', kind: 'boolean', summary: 'Names instead of URNs' },
    { name: 'dot-fragment', kind: 'text', summary: 'Text to put at the top of the graph' },
  ],
  async run(context, [file = ''], flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const { resources } = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
    const graph = graphText(resources, {
      parents: flags.boolean('ignore-parent-edges') ? undefined : (flags.text('parent-edge-color') ?? colors.parent),
      dependencies: flags.boolean('ignore-dependency-edges')
        ? undefined
        : (flags.text('dependency-edge-color') ?? colors.dependency),
      short: flags.boolean('short-node-name'),
      fragment: flags.text('dot-fragment') ?? '',
    });
    await writeFile(resolve(context.directory, file), graph);
    context.terminal.write(`Wrote stack dependency graph to \`${file}\`\n`);
    return undefined;
  },
};

/** Colours of the edges that are drawn; undefined: they are not. */
interface GraphStyle {
  readonly parents: string | undefined;
  readonly dependencies: string | undefined;
  readonly short: boolean;
  /** Text for Graphviz at the top; '' for none. */
  readonly fragment: string;
}

export function graphText(resources: readonly ResourceState[], style: GraphStyle): string {
  const nodes = new Map<string, number>();
  for (const { urn } of resources) if (!nodes.has(urn)) nodes.set(urn, nodes.size);
  const names = [...nodes].map(
    ([urn, number]) => `    Resource${number} [label=${JSON.stringify(style.short ? urnName(urn) : urn)}];`,
  );
  const edges = new Set<string>();
  const draw = (from: string, to: string, color: string | undefined): void => {
    if (color === undefined || !nodes.has(to)) return;
    edges.add(`    Resource${nodes.get(from)} -> Resource${nodes.get(to)} [color = ${JSON.stringify(color)}];`);
  };
  for (const { urn, parent, dependencies } of resources) {
    for (const needed of dependencies) draw(urn, needed, style.dependencies);
    draw(urn, parent, style.parents);
  }
  return `strict digraph {\n${style.fragment && `${style.fragment}\n`}${[...names, ...edges].join('\n')}\n}\n`;
}
