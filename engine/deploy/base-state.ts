import { DependencyGraph } from './dependency-graph.ts';
import type { ResourceState } from './resource-state.ts';

/** The state that a deployment starts from, with the ways to look into it. A refresh replaces it as a whole. */
export class BaseState {
  #resources: readonly ResourceState[] = [];
  #live = new Map<string, ResourceState>();
  #all = new Map<string, ResourceState[]>();
  #graph = new DependencyGraph([]);

  constructor(resources: readonly ResourceState[]) {
    this.replaceWith(resources);
  }

  /** In dependency order, condemned resources included. */
  get resources(): readonly ResourceState[] {
    return this.#resources;
  }

  get graph(): DependencyGraph {
    return this.#graph;
  }

  /** The resource of this URN that is not waiting for its deletion. */
  find(urn: string): ResourceState | undefined {
    return this.#live.get(urn);
  }

  /** Every resource of this URN. */
  findAll(urn: string): readonly ResourceState[] {
    return this.#all.get(urn) ?? [];
  }

  /** Those that are not waiting for their deletion. */
  live(): Iterable<ResourceState> {
    return this.#live.values();
  }

  /** Throws if two resources that are not condemned share a URN. */
  replaceWith(resources: readonly ResourceState[]): void {
    this.#resources = resources;
    this.#live = new Map();
    this.#all = new Map();
    for (const resource of resources) {
      this.#all.set(resource.urn, [...(this.#all.get(resource.urn) ?? []), resource]);
      if (resource.delete) continue;
      if (this.#live.has(resource.urn)) throw new Error(`unexpected duplicate resource '${resource.urn}'`);
      this.#live.set(resource.urn, resource);
    }
    this.#graph = new DependencyGraph(resources);
  }
}
