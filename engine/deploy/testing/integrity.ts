import { parseProviderReference } from '../../plugins/provider-registry.ts';
import { neededUrnsBeyondProvider } from '../dependencies.ts';
import type { ResourceState } from '../resource-state.ts';
import { isProviderType, parseUrn } from '../urn.ts';

/** Throws if a list of resources is no state that an engine may use (facts 4.4). */
export function assertIntegrity(resources: readonly ResourceState[]): void {
  const seen = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();
  for (const resource of resources) {
    const { urn, type, provider, custom, id } = resource;
    // What is condemned may have lost its URN's type to what takes its place.
    if (parseUrn(urn).type !== type && !resource.delete) throw new Error(`${urn} has the type ${type}`);
    if (custom && id === '') throw new Error(`${urn} has no id`);
    if (custom && !isProviderType(type)) {
      const reference = parseProviderReference(provider);
      if (!providers.has(provider) && !resource.pendingReplacement)
        throw new Error(`${urn} comes before ${reference.urn}`);
    }
    for (const needed of neededUrnsBeyondProvider(resource)) {
      if (!seen.has(needed)) throw new Error(`${urn} needs ${needed}, which does not come before it`);
    }
    if (!resource.delete) {
      if (live.has(urn)) throw new Error(`${urn} is there twice`);
      live.add(urn);
    }
    seen.add(urn);
    if (isProviderType(type)) providers.add(`${urn}::${id}`);
  }
}
