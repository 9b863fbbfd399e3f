import { useMemo } from 'react';
import type { ResourceResponse, RunEventResponse } from '../../runner/api/responses.ts';
import { seconds, typeName } from './format.ts';
import { Badge, Empty } from './parts.tsx';
import { operationClass } from './step-list.tsx';

/** The resources under their parents, coloured by what is done to them; while a run goes on, what its events have told so far. */
export function ResourceTree(props: {
  readonly resources: readonly ResourceResponse[] | undefined;
  readonly events: readonly RunEventResponse[];
}) {
  const resources = useMemo(
    () => (props.resources && props.resources.length > 0 ? props.resources : resourcesTold(props.events)),
    [props.resources, props.events],
  );
  const children = useMemo(() => {
    const known = new Set(resources.map(({ urn }) => urn));
    return Map.groupBy(resources, ({ parent }) => (parent !== undefined && known.has(parent) ? parent : ''));
  }, [resources]);
  if (resources.length === 0) return <Empty>No resource has been seen yet.</Empty>;
  return <Branch of="" all={children} depth={0} />;
}

/** Deeper than any program: a circle of parents would be a broken state, and must not hang a page. */
const DEEPEST = 50;

function Branch({
  of,
  all,
  depth,
}: {
  readonly of: string;
  readonly all: ReadonlyMap<string, readonly ResourceResponse[]>;
  readonly depth: number;
}) {
  const resources = all.get(of);
  if (!resources || depth > DEEPEST) return null;
  return (
    <ul className="tree">
      {resources.map((resource) => (
        <li key={resource.urn}>
          <div className="resource">
            <span className={`operation ${operationClass(resource.operation)}`}>{resource.operation}</span>
            <span className="type">{typeName(resource.type)}</span> <span className="name">{resource.name}</span>{' '}
            {(resource.health === 'failed' || resource.health === 'unhealthy') && <Badge state={resource.health} />}
            {resource.milliseconds !== undefined && resource.milliseconds > 0 && (
              <span className="hint"> {seconds(resource.milliseconds)}</span>
            )}
          </div>
          {resource.problem && <pre className="problem">{resource.problem}</pre>}
          <Branch of={resource.urn} all={all} depth={depth + 1} />
        </li>
      ))}
    </ul>
  );
}

function resourcesTold(events: readonly RunEventResponse[]): readonly ResourceResponse[] {
  const resources = new Map<string, ResourceResponse>();
  for (const { event } of events) {
    if (event.kind !== 'resource') continue;
    const { urn, type, operation, state, parent, milliseconds } = event;
    const name = urn.slice(urn.lastIndexOf('::') + 2);
    const health = state === 'done' ? 'healthy' : state === 'failed' ? 'failed' : 'unknown';
    resources.set(urn, { urn, type, operation, name, parent, dependencies: [], health, milliseconds });
  }
  return [...resources.values()];
}
