import { hashAssets } from '../../protocol/asset-hash.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { MonitorContext } from './monitor-context.ts';
import type { ExistsResourceRequest } from './monitor-messages.ts';
import { withoutOutputMarks } from './output-values.ts';
import { checkTypeToken } from './packages.ts';
import { explicitProvider, resolveProvider } from './provider-choice.ts';

/**
 * Whether a provider knows a resource of this id: it is read, and nothing is recorded. Nothing is known of an id that is not known
 * (previews).
 */
export async function existsResource(
  context: MonitorContext,
  request: ExistsResourceRequest,
): Promise<{ readonly exists: boolean; readonly unknown: boolean }> {
  const { type, id, parent } = request;
  checkTypeToken(type);
  const provider = explicitProvider(context, { ...request, token: type });
  const reference = await resolveProvider(context, { ...request, provider });
  if (id === unknownSentinels.string) return { exists: false, unknown: true };
  const inputs = withoutOutputMarks(await hashAssets(request.properties ?? {}, context.programDirectory));
  const urn = context.registrar.urnOf(type, id, parent);
  try {
    const found = await context.registry.get(reference).read({ urn, name: id, type, id, inputs, outputs: inputs });
    return { exists: found.id !== '', unknown: found.unasked === true };
  } catch (error) {
    // One that is not healthy is there all the same.
    if (error instanceof ProviderError && error.partial) return { exists: true, unknown: false };
    throw error;
  }
}
