import { graphlib, layout } from '@dagrejs/dagre';
import { Background, Controls, type Edge, type Node, Position, ReactFlow } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useMemo, useState } from 'react';
import type { ResourceResponse } from '../../runner/api/responses.ts';
import { typeName } from './format.ts';
import { Empty } from './parts.tsx';
import { operationClass } from './step-list.tsx';

const WIDTH = 190;
const HEIGHT = 44;
/** A graph of more is no picture any more: then what changes and its neighbours are shown. */
const MOST_NODES = 120;

/** Who depends on whom, laid out from left to right; an arrow goes to what needs. */
export function ResourceGraph({ resources }: { readonly resources: readonly ResourceResponse[] }) {
  const [everything, setEverything] = useState(resources.length <= MOST_NODES);
  const shown = useMemo(() => (everything ? resources : changedAndNear(resources)), [resources, everything]);
  const { nodes, edges } = useMemo(() => graphOf(shown), [shown]);
  if (resources.length === 0) return <Empty>The graph is drawn when the engine has seen all resources.</Empty>;
  return (
    <>
      <div className="toolbar">
        <ul className="legend" aria-label="Colours">
          {['create', 'update', 'replace', 'delete', 'same'].map((operation) => (
            <li key={operation} className={`operation ${operation}`}>
              {operation}
            </li>
          ))}
          <li className="badge bad">filled: unhealthy</li>
        </ul>
        {resources.length > MOST_NODES && (
          <label>
            <input type="checkbox" checked={everything} onChange={({ target }) => setEverything(target.checked)} /> all{' '}
            {resources.length} resources
          </label>
        )}
      </div>
      <div className="graph">
        <ReactFlow
          key={shown.length}
          nodes={nodes}
          edges={edges}
          fitView
          fitViewOptions={{ minZoom: 0.5 }}
          minZoom={0.1}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          colorMode="system"
          onlyRenderVisibleElements
        >
          <Background />
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
    </>
  );
}

function changedAndNear(resources: readonly ResourceResponse[]): readonly ResourceResponse[] {
  const changed = new Set(resources.filter(({ operation }) => operation !== 'same').map(({ urn }) => urn));
  if (changed.size === 0) return resources.slice(0, MOST_NODES);
  const near = (resource: ResourceResponse) =>
    changed.has(resource.urn) ||
    linksOf(resource).some((urn) => changed.has(urn)) ||
    resources.some((other) => changed.has(other.urn) && linksOf(other).includes(resource.urn));
  return resources.filter(near);
}

function linksOf({ parent, dependencies }: ResourceResponse): readonly string[] {
  return parent === undefined ? dependencies : [...dependencies, parent];
}

/** Parents are drawn where nothing else says how a resource hangs together; the stack itself, which is everybody's parent, is not. */
function graphOf(all: readonly ResourceResponse[]): { readonly nodes: Node[]; readonly edges: Edge[] } {
  const resources = all.filter(({ type }) => type !== 'pulumi:pulumi:Stack' && !type.startsWith('pulumi:providers:'));
  const known = new Set(resources.map(({ urn }) => urn));
  const edges = resources.flatMap((resource): Edge[] => {
    const needed = [...new Set(resource.dependencies)].filter((urn) => known.has(urn));
    const { parent } = resource;
    const only = needed.length === 0 && parent !== undefined && known.has(parent) ? [parent] : [];
    const edgeTo = (urn: string) => ({ id: `${urn} ${resource.urn}`, source: urn, target: resource.urn });
    return [...needed.map(edgeTo), ...only.map((urn) => ({ ...edgeTo(urn), className: 'of-parent' }))];
  });
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 60 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { urn } of resources) graph.setNode(urn, { width: WIDTH, height: HEIGHT });
  for (const { source, target } of edges) graph.setEdge(source, target);
  layout(graph);
  const nodes = resources.map((resource): Node => {
    const { x, y } = graph.node(resource.urn) as { x: number; y: number };
    return {
      id: resource.urn,
      position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 },
      sourcePosition: Position.Right,
      targetPosition: Position.Left,
      width: WIDTH,
      height: HEIGHT,
      className: `${operationClass(resource.operation)} ${resource.health}`,
      ariaLabel: `${resource.type} ${resource.name}: ${resource.operation}, ${resource.health}`,
      data: { label: <Label resource={resource} /> },
    };
  });
  return { nodes, edges };
}

function Label({ resource }: { readonly resource: ResourceResponse }) {
  return (
    <>
      <span className="type">{typeName(resource.type)}</span>
      <span className="name">{resource.name}</span>
    </>
  );
}
