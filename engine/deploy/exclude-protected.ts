import { DependencyGraph } from './dependency-graph.ts';
import type { ResourceState } from './resource-state.ts';

/**
 * What `destroy --exclude-protected` destroys: everything but protected resources and what those need. `targets` are URNs for
 * `DeploymentOptions.targets`; where it is empty there is nothing to destroy, and the deployment must not be run.
 */
export function unprotectedTargets(resources: readonly ResourceState[]): {
  readonly targets: readonly string[];
  /** Resources that stay. */
  readonly keptCount: number;
} {
  const graph = new DependencyGraph(resources);
  const kept = new Set<ResourceState>();
  for (const resource of resources) {
    if (!resource.protect) continue;
    kept.add(resource);
    for (const needed of graph.transitiveDependenciesOf(resource)) kept.add(needed);
  }
  const targets = resources.filter((resource) => !kept.has(resource)).map((resource) => resource.urn);
  return { targets, keptCount: kept.size };
}
