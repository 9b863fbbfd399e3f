import type { ResourceState } from '../deploy/resource-state.ts';
import { isRootStack, makeUrn, parseUrn } from '../deploy/urn.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';

/**
 * Rewrites URNs where resources were found under aliases (`NormalizeURNReferences`, pkg/resource/deploy/snapshot.go): what names the
 * old URN names the new one, and what is left below a renamed parent gets that parent's types into its own URN. Aliases have done
 * their work then and are not kept: a resource that goes back to its old name would otherwise be taken for its own alias. Gives the
 * same objects where nothing changes.
 */
export function normalizeUrnReferences(resources: readonly ResourceState[]): readonly ResourceState[] {
  const renamed = new Map<string, string>();
  for (const state of resources) {
    for (const alias of state.aliases) renamed.set(alias, state.urn);
    const parent = renamed.get(state.parent);
    if (parent === undefined || isRootStack(parent)) continue;
    const { stack, project, type, name } = parseUrn(state.urn);
    renamed.set(state.urn, makeUrn({ stack, project, parent, type, name }));
  }
  if (renamed.size === 0) return resources;
  const rename = (urn: string): string => renamed.get(urn) ?? urn;
  return resources.map((state) => {
    const fixed = renameReferences(state, rename);
    const urn = rename(state.urn);
    return urn === fixed.urn && fixed.aliases.length === 0 ? fixed : { ...fixed, urn, aliases: [] };
  });
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
