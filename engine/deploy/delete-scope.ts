import { DependencyGraph } from './dependency-graph.ts';
import { cascadingReplacements, dependentReplacements } from './dependents.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { ResourceState } from './resource-state.ts';

/** Which resources of the old state this operation may delete. */
export type DeleteScope = (resource: ResourceState) => boolean;

/**
 * Without constraints every one; with targets those, what depends on them or is a child of them, and what would have to be replaced
 * with them; with excludes all but those and what they need (facts 3.8).
 */
export async function deleteScope(context: DeploymentContext): Promise<DeleteScope> {
  const { targets, excludes } = context.constraints;
  if (targets.isConstrained) {
    const allowed = await allowedByTargets(context);
    return ({ urn }) => allowed.has(urn);
  }
  if (excludes.isConstrained) {
    const kept = keptByExcludes(context);
    return ({ urn }) => !kept.has(urn);
  }
  return () => true;
}

/** Old states and those that a destroy has just registered, in dependency order. */
export function schedulingGraph(context: DeploymentContext): DependencyGraph {
  const graph = new DependencyGraph([...context.ledger.toDelete, ...context.base.resources]);
  for (const [old, refreshed] of context.ledger.refreshed) {
    if (!graph.has(refreshed)) graph.alias(refreshed, old);
  }
  return graph;
}

async function allowedByTargets(context: DeploymentContext): Promise<Set<string>> {
  const { base, constraints } = context;
  const roots = base.resources.filter(({ urn }) => constraints.targets.names(urn));
  const graph = schedulingGraph(context);
  const targets = spread(roots, (resource, seen) =>
    graph.dependentsOf(resource, { ignored: seen, includeChildren: true }),
  );
  const allowed = new Set<string>();
  for (const urn of targets) {
    for (const resource of base.findAll(urn)) {
      allowed.add(urn);
      for (const dependent of await dependentReplacements(context, resource)) allowed.add(dependent.resource.urn);
      for (const dependent of cascadingReplacements(context, urn)) allowed.add(dependent.resource.urn);
    }
  }
  return allowed;
}

function keptByExcludes(context: DeploymentContext): Set<string> {
  const { base, constraints, options, ledger } = context;
  const isExcluded = ({ urn }: ResourceState): boolean => constraints.excludes.names(urn);
  const graph = schedulingGraph(context);
  // What a destroy has just looked up in the place of one that is excluded may need something else than that.
  const needed = ledger.toDelete.filter(isExcluded).flatMap((resource) => [...graph.dependenciesOf(resource)]);
  const roots = [...base.resources.filter(isExcluded), ...needed];
  return spread(roots, (resource, seen) => [
    ...graph.dependenciesOf(resource),
    ...(options.excludeDependents ? graph.dependentsOf(resource, { ignored: seen, includeChildren: true }) : []),
  ]);
}

/** URNs of the roots and of everything that `next` leads to from them. */
function spread(
  roots: readonly ResourceState[],
  next: (resource: ResourceState, seen: ReadonlySet<string>) => Iterable<ResourceState>,
): Set<string> {
  const seen = new Set<string>();
  const frontier = [...roots];
  for (let resource = frontier.shift(); resource; resource = frontier.shift()) {
    if (seen.has(resource.urn)) continue;
    seen.add(resource.urn);
    frontier.push(...next(resource, seen));
  }
  return seen;
}
