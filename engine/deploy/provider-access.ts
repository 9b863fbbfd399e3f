import type { Provider } from '../../protocol/provider.ts';
import { type ProviderRegistry, parseProviderReference } from '../plugins/provider-registry.ts';
import type { BaseState } from './base-state.ts';
import type { Ledger } from './ledger.ts';
import type { ResourceState } from './resource-state.ts';
import { isProviderType } from './urn.ts';

/** Finds the provider that serves a resource: registered in this run, or loaded from the old state when first needed. */
export class ProviderAccess {
  readonly #registry: ProviderRegistry;
  readonly #ledger: Ledger;
  readonly #base: BaseState;
  readonly #loading = new Map<string, Promise<void>>();

  constructor(parts: { readonly registry: ProviderRegistry; readonly ledger: Ledger; readonly base: BaseState }) {
    this.#registry = parts.registry;
    this.#ledger = parts.ledger;
    this.#base = parts.base;
  }

  /** The registry itself carries out the steps of provider resources. */
  get registry(): ProviderRegistry {
    return this.#registry;
  }

  /** Undefined: no such provider has been made available. */
  find(reference: string): Provider | undefined {
    const { urn, id } = parseProviderReference(reference);
    const names = [urn, this.#ledger.claimedBy.get(urn), this.#ledger.formerUrn.get(urn)];
    for (const name of names) {
      if (name === undefined) continue;
      try {
        return this.#registry.get(`${name}::${id}`);
      } catch {
        // The registry has no other way to say that it does not know a reference; the next name may be the one.
      }
    }
    return undefined;
  }

  /** Makes the provider behind a reference available from the old state unless it is. '' : nothing to do. */
  async ensure(reference: string): Promise<void> {
    if (reference === '' || this.find(reference)) return;
    let loading = this.#loading.get(reference);
    if (!loading) {
      const { urn, id } = parseProviderReference(reference);
      const state = this.#base.findAll(urn).find((candidate) => candidate.id === id);
      if (!state) throw new Error(`could not find provider ${reference}`);
      loading = this.load(state);
      this.#loading.set(reference, loading);
    }
    await loading;
  }

  /** Makes the provider of a provider resource available as it was. */
  async load(state: ResourceState): Promise<void> {
    const { urn, type, id, inputs } = state;
    await this.#registry.load({ urn, type, id, inputs });
  }

  /** Who carries out the steps of a resource; undefined for components. Throws if there is nobody. */
  serving(state: Pick<ResourceState, 'urn' | 'type' | 'custom' | 'provider'>): Provider | undefined {
    if (!state.custom) return undefined;
    if (isProviderType(state.type)) return this.#registry;
    const provider = state.provider === '' ? undefined : this.find(state.provider);
    if (!provider) throw new Error(`unknown provider '${state.provider}' for resource '${state.urn}'`);
    return provider;
  }
}
