import { hashAssets } from '../../protocol/asset-hash.ts';
import { type ConstructOptions, ProviderError } from '../../protocol/provider.ts';
import { failureText } from './failure-text.ts';
import { deleteBeforeReplaceOf, listed, timeoutsOf } from './goal-of-request.ts';
import { type MonitorContext, remember } from './monitor-context.ts';
import type { RegisterRequest, RegisterResponse } from './monitor-messages.ts';
import { outputDependencies, withoutOutputMarks } from './output-values.ts';
import { completeReference, resolveProvider } from './provider-choice.ts';
import type { Registration } from './registration.ts';
import { responseProperties, withoutPartialValues } from './response-properties.ts';

/**
 * A remote component: its provider makes it, and registers it and its children back on this monitor (proto/pulumi/provider.proto,
 * Construct). Output values go to it as they are.
 */
export async function constructComponent(
  context: MonitorContext,
  registration: Registration,
): Promise<RegisterResponse> {
  const { request, dependencies, transforms } = registration;
  const { parent } = request;
  const provider = context.registry.get(await resolveProvider(context, request));
  const construct = provider.construct?.bind(provider);
  if (!construct) throw new ProviderError(`the provider of ${request.type} has no remote components`);
  const inputs = await hashAssets(request.object ?? {}, context.programDirectory);
  const constructed = await context.sourcePositions.during(request, (stackTraceHandle) =>
    construct({
      info: { ...context.info, monitorEndpoint: context.address(), stackTraceHandle },
      type: request.type,
      name: request.name,
      parent,
      inputs,
      inputDependencies: listed(dependencies.byProperty),
      options: optionsOf(request, dependencies.all),
    }).catch((error: unknown) => {
      const reason = failureText(error, inputs);
      throw context.registrar.abandon(`${request.type} resource '${request.name}' has a problem: ${reason}`);
    }),
  );
  const { urn, outputs, outputDependencies: given } = constructed;
  // The goal is that of the registration with which its provider came back.
  const goal = context.resources.get(urn)?.goal;
  remember(context, urn, { goal, parent, transforms, providers: request.providers });
  context.settled.settle(urn, { parent, pending: false });
  const depends = Object.entries(outputs).map(([key, value]) => {
    const urns = outputDependencies(value).union(new Set(given[key]));
    return [key, { urns: [...urns].sort() }] as const;
  });
  const object = responseProperties(withoutPartialValues(withoutOutputMarks(outputs), request), request);
  return { urn, id: '', object, propertyDependencies: Object.fromEntries(depends), result: 0, unknown: false };
}

function optionsOf(request: RegisterRequest, dependencies: readonly string[]): ConstructOptions {
  const deleteBeforeReplace = deleteBeforeReplaceOf(request);
  const customTimeouts = timeoutsOf(request);
  const providers = Object.entries(request.providers).map(([name, given]) => [name, completeReference(given)]);
  return {
    aliases: [...request.aliasUrns, ...request.aliases.flatMap(({ urn }) => (urn ? [urn] : []))],
    aliasSpecs: request.aliases.flatMap(({ spec }) => (spec ? [spec] : [])),
    dependencies,
    protect: request.protect,
    providers: Object.fromEntries(providers),
    additionalSecretOutputs: request.additionalSecretOutputs,
    deletedWith: request.deletedWith,
    ...(deleteBeforeReplace !== undefined && { deleteBeforeReplace }),
    ignoreChanges: request.ignoreChanges,
    replaceOnChanges: request.replaceOnChanges,
    retainOnDelete: request.retainOnDelete,
    replaceWith: request.replaceWith,
    replacementTrigger: request.replacementTrigger,
    resourceHooks: hooksOf(request),
    ...(customTimeouts && { customTimeouts }),
  };
}

/** Here the names of hook kinds begin with a small letter. */
function hooksOf({ hooks }: RegisterRequest): NonNullable<ConstructOptions['resourceHooks']> {
  const named = Object.entries(hooks ?? {}).filter(([, names]) => names.length > 0);
  return Object.fromEntries(named.map(([kind, names]) => [kind.charAt(0).toLowerCase() + kind.slice(1), names]));
}
