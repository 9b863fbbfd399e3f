import { hashAssets } from '../../protocol/asset-hash.ts';
import { isPropertyMap, type PropertyMap, ResourceReference } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import { failureText } from './failure-text.ts';
import { type MonitorContext, remember } from './monitor-context.ts';
import type { CallMessage, InvokeMessage, ReadResourceRequest } from './monitor-messages.ts';
import { outputDependencies, withoutOutputMarks } from './output-values.ts';
import { checkTypeToken } from './packages.ts';
import { explicitProvider, resolveProvider } from './provider-choice.ts';
import { isProviderType } from './provider-inputs-of-request.ts';
import { responseProperties } from './response-properties.ts';
import { applyInvokeTransforms } from './transforms.ts';

/** Invoke: transforms, provider, call. Where something that it depends on is not there yet, its result is unknown and the provider is not called. */
export async function invokeFunction(context: MonitorContext, asked: InvokeMessage) {
  const { tok } = asked;
  const resolved = { ...asked, provider: explicitProvider(context, { ...asked, token: tok }) };
  const request = await applyInvokeTransforms(resolved, context.callbacks, context.invokeTransforms);
  const provider = context.registry.get(await resolveProvider(context, { ...request, type: tok }));
  if (await context.settled.hasPending(request.dependsOn)) return { unknown: true };
  const args = withoutOutputMarks(await hashAssets(request.args ?? {}, context.programDirectory));
  const { result, failures } = await provider.invoke({ token: tok, args, preview: context.info.dryRun });
  const acceptResources = request.acceptResources || tok === 'pulumi:pulumi:getResource';
  return { return: responseProperties(result, { acceptSecrets: true, acceptResources }), failures };
}

/** Call: a method of a resource (or of a provider) that its provider serves. */
export async function callMethodOf(context: MonitorContext, request: CallMessage) {
  const provider = context.registry.get(await providerOfCall(context, request));
  const call = provider.call?.bind(provider);
  if (!call) throw new ProviderError(`the provider of ${request.tok} has no methods`);
  const args = request.args ?? {};
  const depends = Object.entries(args).map(([key, value]) => {
    const given = new Set(request.argDependencies[key]?.urns);
    return [key, [...given.union(outputDependencies(value))].sort()] as const;
  });
  const { result, failures, returnDependencies } = await context.sourcePositions.during(request, (stackTraceHandle) =>
    call({
      info: { ...context.info, monitorEndpoint: context.address(), stackTraceHandle },
      token: request.tok,
      args,
      argDependencies: Object.fromEntries(depends),
      acceptsOutputValues: true,
    }).catch((error: unknown) => {
      throw context.registrar.abandon(`call to function '${request.tok}' failed: ${failureText(error, args)}`);
    }),
  );
  const returned = Object.entries(result).map(([key, value]) => {
    const urns = outputDependencies(value).union(new Set(returnDependencies[key]));
    return [key, { urns: [...urns].sort() }] as const;
  });
  return { return: withoutOutputMarks(result), failures, returnDependencies: Object.fromEntries(returned) };
}

/** The provider that was given, else that of the resource whose method it is, else the package's default one. A provider's own methods are its. */
async function providerOfCall(context: MonitorContext, request: CallMessage): Promise<string> {
  const self = selfOf(request.args ?? {});
  if (isProviderType(request.tok)) {
    if (self === undefined) throw new Error('missing __self__ argument for provider method call');
    return `${self.urn}::${self.id}`;
  }
  if (request.provider !== '') return request.provider;
  const goal = self && context.resources.get(self.urn)?.goal;
  if (self !== undefined && goal === undefined) throw new Error(`unknown resource ${self.urn}`);
  return resolveProvider(context, { ...request, provider: goal?.provider ?? '', type: request.tok });
}

function selfOf({ __self__: self }: PropertyMap): { readonly urn: string; readonly id: string } | undefined {
  if (self instanceof ResourceReference)
    return { urn: self.urn, id: typeof self.id === 'string' ? self.id : unknownSentinels.string };
  if (!isPropertyMap(self) || typeof self.urn !== 'string') return undefined;
  return { urn: self.urn, id: typeof self.id === 'string' ? self.id : '' };
}

/** ReadResource: a resource that the program looks up and does not manage. */
export async function readResource(context: MonitorContext, request: ReadResourceRequest) {
  const { type, name, parent, dependencies, additionalSecretOutputs } = request;
  checkTypeToken(type);
  const idUnknown = request.id === unknownSentinels.string;
  const inputs = withoutOutputMarks(await hashAssets(request.properties ?? {}, context.programDirectory));
  const result = await context.registrar.readResource({
    type,
    name,
    id: idUnknown ? '' : request.id,
    idUnknown,
    inputs,
    parent,
    dependencies,
    provider: isProviderType(type) ? '' : await resolveProvider(context, request),
    additionalSecretOutputs,
    ...context.sourcePositions.of(request),
  });
  remember(context, result.urn, { goal: undefined, parent, providers: {}, transforms: [] });
  context.settled.settle(result.urn, { parent, pending: false });
  return { urn: result.urn, properties: responseProperties(result.outputs, request) };
}
