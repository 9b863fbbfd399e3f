import type { ResourceState } from '../deploy/resource-state.ts';
import { isRootStack, makeUrn, parseUrn } from '../deploy/urn.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import type { JsonObject } from './property-json.ts';

/** The fields that name other resources; they have the same names in the checkpoint. */
type UrnFields = Pick<
  ResourceState,
  | 'urn'
  | 'parent'
  | 'provider'
  | 'deletedWith'
  | 'dependencies'
  | 'replaceWith'
  | 'propertyDependencies'
  | 'aliases'
  | 'viewOf'
>;

/**
 * Rewrites URNs where resources were found under aliases (`NormalizeURNReferences`, pkg/resource/deploy/snapshot.go): what names the
 * old URN names the new one, and what is left below a renamed parent gets that parent's types into its own URN. Aliases have done
 * their work then and are not kept: a resource that goes back to its old name would otherwise be taken for its own alias. Gives the
 * same objects where nothing changes.
 */
export function normalizeUrnReferences(resources: readonly ResourceState[]): readonly ResourceState[] {
  return renameAll(resources, renamesOf(resources));
}

/** The old URNs and what they are called now. `known` are renames from before. */
export function renamesOf(
  resources: readonly UrnFields[],
  known: readonly (readonly [string, string])[] = [],
): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>(known);
  for (const state of resources) {
    for (const alias of state.aliases) renamed.set(alias, state.urn);
    const parent = renamed.get(state.parent);
    if (parent === undefined || isRootStack(parent)) continue;
    const { stack, project, type, name } = parseUrn(state.urn);
    renamed.set(state.urn, makeUrn({ stack, project, parent, type, name }));
  }
  return renamed;
}

function renameAll<T extends UrnFields>(resources: readonly T[], renamed: ReadonlyMap<string, string>): readonly T[] {
  if (renamed.size === 0) return resources;
  const rename = (urn: string): string => renamed.get(urn) ?? urn;
  return resources.map((state) => {
    const fixed = renameReferences(state, rename);
    const urn = rename(state.urn);
    return urn === fixed.urn && fixed.aliases.length === 0 ? fixed : { ...fixed, urn, aliases: [] };
  });
}

/** `normalizeUrnReferences` for resources as the checkpoint holds them. */
export function normalizeJson(
  resources: readonly JsonObject[],
  known: readonly (readonly [string, string])[],
): readonly JsonObject[] {
  const fields = resources.map(urnFieldsOf);
  const renamed = renameAll(fields, renamesOf(fields, known));
  return resources.map((resource, index) => {
    const now = renamed[index]!;
    if (now === fields[index]) return resource;
    const changed = Object.entries(now).filter(
      ([key, value]) => key in resource && value !== fields[index]![key as keyof UrnFields],
    );
    const { aliases: _, ...rest } = { ...resource, ...(Object.fromEntries(changed) as JsonObject) };
    return rest;
  });
}

function urnFieldsOf(json: JsonObject): UrnFields {
  const given = json as unknown as Partial<UrnFields>;
  return {
    urn: given.urn ?? '',
    parent: given.parent ?? '',
    provider: given.provider ?? '',
    deletedWith: given.deletedWith ?? '',
    viewOf: given.viewOf ?? '',
    dependencies: given.dependencies ?? [],
    replaceWith: given.replaceWith ?? [],
    propertyDependencies: Object.fromEntries(
      Object.entries(given.propertyDependencies ?? {}).map(([key, urns]) => [key, urns ?? []]),
    ),
    aliases: given.aliases ?? [],
  };
}

/** A copy whose references are renamed; its own URN stays. The object itself where nothing changes. */
export function renameReferences<T extends UrnFields>(state: T, rename: (urn: string) => string): T {
  const list = (urns: readonly string[]) => (urns.every((urn) => rename(urn) === urn) ? urns : urns.map(rename));
  const lists = Object.entries(state.propertyDependencies).map(([key, urns]) => [key, list(urns)] as const);
  const changes: Partial<UrnFields> = {
    parent: state.parent && rename(state.parent),
    provider: state.provider && renameProvider(state.provider, rename),
    deletedWith: state.deletedWith && rename(state.deletedWith),
    viewOf: state.viewOf && rename(state.viewOf),
    dependencies: list(state.dependencies),
    replaceWith: list(state.replaceWith),
  };
  const sameLists = lists.every(([key, urns]) => urns === state.propertyDependencies[key]);
  const same = sameLists && Object.entries(changes).every(([key, value]) => value === state[key as keyof UrnFields]);
  return same ? state : { ...state, ...changes, propertyDependencies: Object.fromEntries(lists) };
}

function renameProvider(reference: string, rename: (urn: string) => string): string {
  const { urn, id } = parseProviderReference(reference);
  return `${rename(urn)}::${id}`;
}
