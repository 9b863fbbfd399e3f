import type { ResourceState } from './resource-state.ts';

/**
 * The old state after a refresh (facts 3.6): what is gone is left out, and what refers to it refers to it no longer. A child of a
 * resource that is gone has no parent any more: that is what the official engine does, whatever it says of grandparents.
 *
 * Several resources may share a URN, so that whether a reference still means something depends on its place: only what comes
 * earlier can be referred to.
 */
export function rebuildBase(
  resources: readonly ResourceState[],
  refreshed: ReadonlyMap<ResourceState, ResourceState | undefined>,
): ResourceState[] {
  const known = new Set<string>();
  const rebuilt: ResourceState[] = [];
  for (const resource of resources) {
    const current = refreshed.has(resource) ? refreshed.get(resource) : resource;
    if (!current) continue;
    dropReferences(current, known);
    known.add(current.urn);
    rebuilt.push(current);
  }
  return rebuilt;
}

function dropReferences(state: ResourceState, known: ReadonlySet<string>): void {
  const isKnown = (urn: string): boolean => known.has(urn);
  if (!isKnown(state.parent)) state.parent = '';
  state.dependencies = state.dependencies.filter(isKnown);
  state.replaceWith = state.replaceWith.filter(isKnown);
  if (!isKnown(state.deletedWith)) state.deletedWith = '';
  const kept = Object.entries(state.propertyDependencies)
    .map(([key, urns]) => [key, urns.filter(isKnown)] as const)
    .filter(([, urns]) => urns.length > 0);
  state.propertyDependencies = Object.fromEntries(kept);
}
