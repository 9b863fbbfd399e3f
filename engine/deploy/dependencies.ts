import { parseProviderReference } from '../plugins/provider-registry.ts';
import type { ResourceState } from './resource-state.ts';

export type DependencyKind = 'parent' | 'dependency' | 'property' | 'deletedWith' | 'replaceWith';

/** One way in which a resource needs another one. */
export interface Dependency {
  readonly kind: DependencyKind;
  readonly urn: string;
  /** The property, for kind `property`. */
  readonly key?: string;
}

type Dependent = Pick<
  ResourceState,
  'parent' | 'dependencies' | 'propertyDependencies' | 'deletedWith' | 'replaceWith' | 'provider'
>;

/** Everything that a resource needs but its provider. */
export function dependenciesOf(state: Dependent): Dependency[] {
  const found: Dependency[] = [];
  if (state.parent !== '') found.push({ kind: 'parent', urn: state.parent });
  for (const urn of state.dependencies) if (urn !== '') found.push({ kind: 'dependency', urn });
  for (const [key, urns] of Object.entries(state.propertyDependencies)) {
    for (const urn of urns) if (urn !== '') found.push({ kind: 'property', urn, key });
  }
  if (state.deletedWith !== '') found.push({ kind: 'deletedWith', urn: state.deletedWith });
  for (const urn of state.replaceWith) if (urn !== '') found.push({ kind: 'replaceWith', urn });
  return found;
}

/** URN of the provider that serves the resource, '' for none. */
export function providerUrnOf(state: Pick<ResourceState, 'provider'>): string {
  return state.provider === '' ? '' : parseProviderReference(state.provider).urn;
}

/** URNs of everything that a resource needs but its provider. */
export function neededUrnsBeyondProvider(state: Dependent): string[] {
  return dependenciesOf(state).map((dependency) => dependency.urn);
}

/** URNs of everything that a resource needs, its provider included. */
export function neededUrns(state: Dependent): string[] {
  const urns = neededUrnsBeyondProvider(state);
  const provider = providerUrnOf(state);
  return provider === '' ? urns : [...urns, provider];
}
