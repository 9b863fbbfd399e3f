import { parseProviderReference } from '../plugins/provider-registry.ts';
import { dependenciesOf, neededUrns, neededUrnsBeyondProvider, providerUrnOf } from './dependencies.ts';
import type { ResourceState } from './resource-state.ts';

/**
 * Who needs whom among resources that are listed in dependency order (pkg/resource/graph). Several resources may share a URN
 * (a replaced one waits for its deletion), so nodes are the states themselves.
 */
export class DependencyGraph {
  readonly #resources: readonly ResourceState[];
  readonly #index = new Map<ResourceState, number>();
  /** Positions of all direct and indirect children by URN. */
  readonly #descendants = new Map<string, number[]>();

  constructor(resources: readonly ResourceState[]) {
    this.#resources = resources;
    const positionOf = new Map<string, number>();
    resources.forEach((resource, position) => {
      this.#index.set(resource, position);
      positionOf.set(resource.urn, position);
      const seen = new Set<string>();
      let parent = resource.parent;
      while (parent !== '' && !seen.has(parent)) {
        seen.add(parent);
        const list = this.#descendants.get(parent);
        if (list) list.push(position);
        else this.#descendants.set(parent, [position]);
        const at = positionOf.get(parent);
        parent = at === undefined ? '' : resources[at]!.parent;
      }
    });
  }

  has(resource: ResourceState): boolean {
    return this.#index.has(resource);
  }

  /** Lets `replacement` stand for `original`: a refreshed state takes the place of the one that it was read from. */
  alias(replacement: ResourceState, original: ResourceState): void {
    this.#index.set(replacement, this.#position(original));
  }

  /** Every resource after `root` that depends on it directly or not; `ignored` URNs are neither listed nor followed. */
  dependentsOf(
    root: ResourceState,
    options: { readonly ignored?: ReadonlySet<string>; readonly includeChildren: boolean },
  ): ResourceState[] {
    const affected = new Set([root.urn]);
    const isDependent = (candidate: ResourceState): boolean => {
      if (options.ignored?.has(candidate.urn)) return false;
      if (affected.has(providerUrnOf(candidate))) return true;
      return dependenciesOf(candidate).some(
        ({ kind, urn }) => affected.has(urn) && (kind !== 'parent' || options.includeChildren),
      );
    };
    return this.#resources.slice(this.#position(root) + 1).filter((candidate) => {
      if (!isDependent(candidate)) return false;
      affected.add(candidate.urn);
      return true;
    });
  }

  /**
   * What must outlive `resource`: its parent, its direct dependencies and provider, and where such a dependency is a component also
   * the children of it that come earlier.
   */
  dependenciesOf(resource: ResourceState): Set<ResourceState> {
    const needed = new Set(neededUrns(resource).filter((urn) => urn !== ''));
    const cursor = this.#position(resource);
    const found = new Set<ResourceState>();
    for (let position = cursor - 1; position >= 0; position--) {
      const candidate = this.#resources[position]!;
      if (!needed.has(candidate.urn)) continue;
      found.add(candidate);
      const onlyParent = candidate.urn === resource.parent && !this.#dependsBeyondParent(resource, candidate.urn);
      if (candidate.custom || onlyParent) continue;
      for (const child of this.#descendants.get(candidate.urn) ?? []) {
        if (child < cursor) found.add(this.#resources[child]!);
      }
    }
    return found;
  }

  /** Everything that `resource` needs directly or not, itself not included. */
  transitiveDependenciesOf(resource: ResourceState): Set<ResourceState> {
    const found = new Set<ResourceState>();
    const visit = (from: ResourceState): void => {
      const needed = neededUrnsBeyondProvider(from).map((urn) => this.#lookup(from, urn));
      for (const target of [...needed, this.#providerOf(from)]) {
        if (!target || found.has(target)) continue;
        found.add(target);
        visit(target);
      }
    };
    visit(resource);
    found.delete(resource);
    return found;
  }

  #dependsBeyondParent(resource: ResourceState, urn: string): boolean {
    return (
      providerUrnOf(resource) === urn ||
      dependenciesOf(resource).some((dependency) => dependency.kind !== 'parent' && dependency.urn === urn)
    );
  }

  /** By its id: a provider that was replaced serves what has not moved to the new one. */
  #providerOf(from: ResourceState): ResourceState | undefined {
    if (from.provider === '') return undefined;
    const { urn, id } = parseProviderReference(from.provider);
    const known = this.#resources.filter((candidate) => candidate.urn === urn);
    return known.find((candidate) => candidate.id === id) ?? known[0];
  }

  /** A condemned resource refers to the condemned one of two that share a URN, a live resource to the live one. */
  #lookup(from: ResourceState, urn: string): ResourceState | undefined {
    const candidates = this.#resources.filter((candidate) => candidate.urn === urn);
    return candidates.find((candidate) => candidate.delete === from.delete) ?? candidates[0];
  }

  #position(resource: ResourceState): number {
    const position = this.#index.get(resource);
    if (position === undefined) throw new Error(`${resource.urn} is not in the dependency graph`);
    return position;
  }
}
