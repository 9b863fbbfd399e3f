import type { ResourceState } from './resource-state.ts';

/**
 * The old state after a refresh (facts 3.6): what is gone is left out, and what refers to it refers to it no longer. A child of a
 * resource that is gone goes to its grandparent.
 *
 * Several resources may share a URN, so that whether a reference still means something depends on its place: only what comes
 * earlier can be referred to.
 */
export function rebuildBase(
  resources: readonly ResourceState[],
  refreshed: ReadonlyMap<ResourceState, ResourceState | undefined>,
): ResourceState[] {
  const known = new Set<string>();
  const formerParents = new Map<string, string>();
  const rebuilt: ResourceState[] = [];
  for (const resource of resources) {
    const current = refreshed.has(resource) ? refreshed.get(resource) : resource;
    if (!current) {
      if (!known.has(resource.urn)) formerParents.set(resource.urn, resource.parent);
      continue;
    }
    dropReferences(current, known);
    current.parent = nearestParent(current.parent, known, formerParents);
    known.add(current.urn);
    rebuilt.push(current);
  }
  return rebuilt;
}

function dropReferences(state: ResourceState, known: ReadonlySet<string>): void {
  const isKnown = (urn: string): boolean => known.has(urn);
  state.dependencies = state.dependencies.filter(isKnown);
  state.replaceWith = state.replaceWith.filter(isKnown);
  if (!isKnown(state.deletedWith)) state.deletedWith = '';
  const kept = Object.entries(state.propertyDependencies)
    .map(([key, urns]) => [key, urns.filter(isKnown)] as const)
    .filter(([, urns]) => urns.length > 0);
  state.propertyDependencies = Object.fromEntries(kept);
}

function nearestParent(parent: string, known: ReadonlySet<string>, formerParents: ReadonlyMap<string, string>): string {
  let candidate = parent;
  while (candidate !== '' && !known.has(candidate)) candidate = formerParents.get(candidate) ?? '';
  return candidate;
}
