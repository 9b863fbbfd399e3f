import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Provider } from '../../protocol/provider.ts';

/**
 * The providers of one operation. It is itself the `Provider` that carries out the steps of provider resources
 * (`pulumi:providers:*`): check = CheckConfig, diff = DiffConfig, create, update and same = start and configure
 * (pkg/resource/deploy/providers/registry.go). Implemented in `registry.ts`.
 */
export interface ProviderRegistry extends Provider {
  /**
   * The configured provider behind a reference (`urn::id`). Throws a `ProviderError` if there is none: a provider resource is
   * registered, or loaded from the state by `same`, before anything refers to it. The provider of an unknown configuration
   * (previews) is one that answers as pkg/resource/plugin/provider_plugin.go does for an unconfigured one.
   */
  get(reference: string): Provider;
  /** Makes the provider of an unchanged provider resource of the state available without a step (destroy, refresh). */
  load(state: ProviderResource): Promise<void>;
}

/** The part of a provider resource's state that is needed to start it. */
export interface ProviderResource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
}

/** Splits `urn:pulumi:stack::project::type::name::id`. Throws on a malformed reference. */
export function parseProviderReference(reference: string): { readonly urn: string; readonly id: string } {
  const cut = reference.lastIndexOf('::');
  const urn = reference.slice(0, cut);
  if (cut < 0 || urn.split('::').length < 4) throw new Error(`"${reference}" is not a provider reference`);
  return { urn, id: reference.slice(cut + 2) };
}
