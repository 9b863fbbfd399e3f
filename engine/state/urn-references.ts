import type { ResourceState } from '../deploy/resource-state.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';

/**
 * Rewrites what resources refer to where a resource was found under an alias: parents, dependencies, providers and the like that name
 * the old URN name the new one (`NormalizeURNReferences`, pkg/resource/deploy/snapshot.go). Gives the same objects where nothing changes.
 */
export function normalizeUrnReferences(resources: readonly ResourceState[]): readonly ResourceState[] {
  const renamed = new Map<string, string>();
  for (const state of resources) for (const alias of state.aliases) renamed.set(alias, state.urn);
  if (renamed.size === 0) return resources;
  return resources.map((state) => renameReferences(state, (urn) => renamed.get(urn) ?? urn));
}

/** A copy whose references are renamed; its own URN stays. The object itself where nothing changes. */
export function renameReferences(state: ResourceState, rename: (urn: string) => string): ResourceState {
  const list = (urns: readonly string[]) => (urns.every((urn) => rename(urn) === urn) ? urns : urns.map(rename));
  const lists = Object.entries(state.propertyDependencies).map(([key, urns]) => [key, list(urns)] as const);
  const changes: Partial<ResourceState> = {
    parent: state.parent && rename(state.parent),
    provider: state.provider && renameProvider(state.provider, rename),
    deletedWith: state.deletedWith && rename(state.deletedWith),
    dependencies: list(state.dependencies),
    replaceWith: list(state.replaceWith),
  };
  const sameLists = lists.every(([key, urns]) => urns === state.propertyDependencies[key]);
  const same =
    sameLists && Object.entries(changes).every(([key, value]) => value === state[key as keyof ResourceState]);
  return same
    ? state
    : { ...state, ...changes, aliases: state.aliases, propertyDependencies: Object.fromEntries(lists) };
}

function renameProvider(reference: string, rename: (urn: string) => string): string {
  const { urn, id } = parseProviderReference(reference);
  return `${rename(urn)}::${id}`;
}
