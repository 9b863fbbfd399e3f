import { unknownSentinels } from '../../protocol/signatures.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import { ancestry, type MonitorContext } from './monitor-context.ts';
import type { RegisterRequest } from './monitor-messages.ts';
import { type ProviderNeeds, packageOfToken } from './packages.ts';

/** A request that may name its provider. */
export interface ProviderChoice extends ProviderNeeds {
  /** `urn::id`, '' : not said. */
  readonly provider: string;
  readonly token: string;
  readonly parent: string;
  /** The request's own map from package to provider. */
  readonly providers?: Readonly<Record<string, string>>;
}

/** The explicit provider of a request: its own, that of its `providers` map, or one that a component above hands down; '' for none (source_eval.go, 2226). */
export function explicitProvider(context: MonitorContext, choice: ProviderChoice): string {
  if (choice.provider !== '') return choice.provider;
  const packageName = packageOfToken(choice.token);
  const own = choice.providers?.[packageName];
  if (own) return own;
  for (const { providers } of ancestry(context, choice.parent))
    if (providers[packageName]) return providers[packageName];
  return '';
}

/**
 * The reference of the provider that serves the request. Without an explicit one the default provider of the package is registered first. An explicit provider
 * without an id (a preview of its creation) has the unknown one.
 */
export async function resolveProvider(context: MonitorContext, choice: ProviderChoice): Promise<string> {
  const explicit = explicitProvider(context, choice);
  if (explicit === '')
    return context.defaultProviders.reference(context.packages.requestFor(packageOfToken(choice.token), choice));
  const { urn, id } = parseProviderReference(explicit);
  return id === '' ? `${urn}::${unknownSentinels.string}` : explicit;
}

/** The choice of a registration. */
export function choiceOf(request: RegisterRequest): ProviderChoice {
  return { ...request, token: request.type };
}
