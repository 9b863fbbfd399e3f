import { hashAssets } from '../../protocol/asset-hash.ts';
import { withoutOutputs } from '../../protocol/property-equality.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { MonitorContext } from './monitor-context.ts';
import { warn } from './monitor-context.ts';
import type { CallMessage, InvokeMessage, ReadResourceRequest } from './monitor-messages.ts';
import { resolveProvider } from './provider-choice.ts';
import { sourcePositionOf } from './register-resource.ts';
import { responseProperties } from './response-properties.ts';
import { applyInvokeTransforms } from './transforms.ts';

/** Invoke: transforms, provider, call. Where something that it depends on is not there yet, its result is unknown and the provider is not called. */
export async function invokeFunction(context: MonitorContext, asked: InvokeMessage) {
  const request = await applyInvokeTransforms(asked, context.callbacks, context.invokeTransforms);
  if (request.dependsOn.some((urn) => context.resources.get(urn)?.unsettled !== false)) return { unknown: true };
  const provider = context.registry.get(await resolveProvider(context, { ...request, token: request.tok }));
  const args = withoutOutputs(await hashAssets(request.args ?? {}, context.programDirectory));
  const { result, failures } = await provider.invoke({ token: request.tok, args, preview: context.info.dryRun });
  const keepsReferences = request.acceptResources || request.tok === 'pulumi:pulumi:getResource';
  return { return: responseProperties(result, { acceptSecrets: true, acceptResources: keepsReferences }), failures };
}

/** Call: a method of a resource that its provider serves. */
export async function callMethodOf(context: MonitorContext, request: CallMessage) {
  const reference = await resolveProvider(context, { ...request, token: request.tok, parent: '' });
  const provider = context.registry.get(reference);
  if (!provider.call) throw new ProviderError(`the provider of ${request.tok} has no methods`);
  const { result, failures, returnDependencies } = await provider.call({
    info: { ...context.info, monitorEndpoint: context.address() },
    token: request.tok,
    args: request.args ?? {},
    argDependencies: Object.fromEntries(
      Object.entries(request.argDependencies).map(([key, list]) => [key, list?.urns ?? []]),
    ),
    acceptsOutputValues: false,
  });
  const dependencies = Object.entries(returnDependencies).map(([key, urns]) => [key, { urns }] as const);
  return { return: result, failures, returnDependencies: Object.fromEntries(dependencies) };
}

/** ReadResource: a resource that the program looks up and does not manage. */
export async function readResource(context: MonitorContext, request: ReadResourceRequest) {
  const idUnknown = request.id === '' || request.id === unknownSentinels.string;
  const inputs = withoutOutputs(await hashAssets(request.properties ?? {}, context.programDirectory));
  const provider = await resolveProvider(context, { ...request, token: request.type });
  const result = await context.registrar.readResource({
    type: request.type,
    name: request.name,
    id: idUnknown ? '' : request.id,
    idUnknown,
    inputs,
    parent: request.parent,
    dependencies: request.dependencies,
    provider,
    additionalSecretOutputs: request.additionalSecretOutputs,
    sourcePosition: sourcePositionOf(context, request.sourcePosition),
  });
  if (result.result !== 'success') throw new ProviderError(`resource '${request.id}' could not be read`);
  context.resources.set(result.urn, {
    goal: undefined,
    parent: request.parent,
    providers: {},
    transforms: [],
    unsettled: idUnknown,
  });
  if (idUnknown && !context.info.dryRun) warn(context, result.urn, 'the id to read is empty');
  return { urn: result.urn, properties: responseProperties(result.outputs, request) };
}
