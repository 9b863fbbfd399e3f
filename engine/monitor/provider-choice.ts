import { unknownSentinels } from '../../protocol/signatures.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import type { MonitorContext } from './monitor-context.ts';
import { type ProviderNeeds, packageOfToken } from './packages.ts';

/** A request that may name its provider. */
export interface ProviderChoice {
  /** `urn::id`, '' : not said. */
  readonly provider: string;
  readonly token: string;
  readonly parent: string;
  /** The request's own map from package to provider. */
  readonly providers?: Readonly<Record<string, string>>;
}

/**
 * The explicit provider of a request: its own, that of its `providers` map, or one that the component above hands down; '' for none
 * (source_eval.go, resolveProvider). Components have taken over what the ones above them hand down.
 */
export function explicitProvider(context: MonitorContext, choice: ProviderChoice): string {
  if (choice.provider !== '') return choice.provider;
  const packageName = packageOfToken(choice.token);
  return choice.providers?.[packageName] ?? context.resources.get(choice.parent)?.providers[packageName] ?? '';
}

/** What is left to say of a provider once it is known whether it is an explicit one. */
export interface ResolvedChoice extends ProviderNeeds {
  readonly provider: string;
  /** The type or function. */
  readonly type: string;
}

/** The reference of the provider that serves the request. Without an explicit one the default provider of the package is registered first. */
export async function resolveProvider(context: MonitorContext, choice: ResolvedChoice): Promise<string> {
  return choice.provider === ''
    ? context.defaultProviders.reference(context.packages.requestFor(packageOfToken(choice.type), choice))
    : completeReference(choice.provider);
}

/** An explicit provider without an id (a preview of its creation) has the unknown one. */
export function completeReference(reference: string): string {
  const { urn, id } = parseProviderReference(reference);
  return id === '' ? `${urn}::${unknownSentinels.string}` : reference;
}
