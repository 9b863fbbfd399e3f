import { hashAssets } from '../../protocol/asset-hash.ts';
import { type ConstructOptions, ProviderError } from '../../protocol/provider.ts';
import { parseDuration } from './go-duration.ts';
import type { MonitorContext } from './monitor-context.ts';
import type { RegisterRequest, RegisterResponse } from './monitor-messages.ts';
import { choiceOf, resolveProvider } from './provider-choice.ts';
import { remember } from './remember-resource.ts';
import { responseProperties } from './response-properties.ts';

/** A remote component: its provider makes it, and registers it and its children back on this monitor (proto/pulumi/provider.proto, Construct). */
export async function constructComponent(context: MonitorContext, request: RegisterRequest): Promise<RegisterResponse> {
  const reference = await resolveProvider(context, choiceOf(request));
  const provider = context.registry.get(reference);
  if (!provider.construct) throw new ProviderError(`the provider of ${request.type} has no remote components`);
  // Known before the provider registers the component itself: transforms and providers reach it and its children.
  const expected = context.registrar.urnOf(request.type, request.name, request.parent);
  remember(context, { urn: expected, request: { ...request, custom: false }, goal: undefined, unsettled: false });
  const dependencies = Object.entries(request.propertyDependencies).map(
    ([key, list]) => [key, list?.urns ?? []] as const,
  );
  const { urn, outputs, outputDependencies } = await provider.construct({
    info: { ...context.info, monitorEndpoint: context.address() },
    type: request.type,
    name: request.name,
    parent: request.parent,
    inputs: await hashAssets(request.object ?? {}, context.programDirectory),
    inputDependencies: Object.fromEntries(dependencies),
    options: optionsOf(request, reference),
  });
  const propertyDependencies = Object.entries(outputDependencies).map(([key, urns]) => [key, { urns }] as const);
  return {
    urn,
    id: '',
    object: responseProperties(outputs, request),
    propertyDependencies: Object.fromEntries(propertyDependencies),
    result: 0,
    unknown: false,
  };
}

function optionsOf(request: RegisterRequest, reference: string): ConstructOptions {
  const { create = '', update = '', delete: remove = '' } = request.customTimeouts ?? {};
  return {
    aliases: [...request.aliasUrns, ...request.aliases.flatMap(({ urn }) => (urn ? [urn] : []))],
    aliasSpecs: request.aliases.flatMap(({ spec }) => (spec ? [spec] : [])),
    dependencies: request.dependencies,
    protect: request.protect,
    providers: { [request.type.split(':')[0]!]: reference, ...request.providers },
    additionalSecretOutputs: request.additionalSecretOutputs,
    deletedWith: request.deletedWith,
    ...((request.deleteBeforeReplace || request.deleteBeforeReplaceDefined) && {
      deleteBeforeReplace: request.deleteBeforeReplace,
    }),
    ignoreChanges: request.ignoreChanges,
    replaceOnChanges: request.replaceOnChanges,
    retainOnDelete: request.retainOnDelete,
    replaceWith: request.replaceWith,
    replacementTrigger: request.replacementTrigger,
    resourceHooks: hooksOf(request),
    ...(request.customTimeouts && {
      customTimeouts: { create: parseDuration(create), update: parseDuration(update), delete: parseDuration(remove) },
    }),
  };
}

/** Here the names of hook kinds begin with a small letter. */
function hooksOf({ hooks }: RegisterRequest): NonNullable<ConstructOptions['resourceHooks']> {
  const named = Object.entries(hooks ?? {}).filter(([, names]) => names.length > 0);
  return Object.fromEntries(named.map(([kind, names]) => [kind.charAt(0).toLowerCase() + kind.slice(1), names]));
}
