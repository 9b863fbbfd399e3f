import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashAssets } from '../../protocol/asset-hash.ts';
import { withoutOutputs } from '../../protocol/property-equality.ts';
import {
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
} from '../../protocol/property-value.ts';
import type { CustomTimeouts } from '../../protocol/provider.ts';
import type { Alias, Goal } from '../deploy/goal.ts';
import { internalKey } from '../plugins/provider-inputs.ts';
import { constructComponent } from './construct-component.ts';
import { parseDuration } from './go-duration.ts';
import { ancestry, type MonitorContext, warn } from './monitor-context.ts';
import type { RegisterRequest, RegisterResponse, WireAlias } from './monitor-messages.ts';
import { packageOfToken } from './packages.ts';
import { choiceOf, explicitProvider, resolveProvider } from './provider-choice.ts';
import { remember } from './remember-resource.ts';
import { responseProperties } from './response-properties.ts';
import { applyTransforms } from './transforms.ts';

const RESULTS = ['success', 'fail', 'skip'] as const;
const STACK_TYPE = 'pulumi:pulumi:Stack';

/** RegisterResource in the order of pkg/resource/deploy/source_eval.go, 2281: inherit, transform, resolve the provider, register. */
export async function registerResource(context: MonitorContext, asked: RegisterRequest): Promise<RegisterResponse> {
  if (asked.stateMigrations.length > 0)
    throw new Error('state migrations are not supported by this engine. Use the official pulumi CLI.');
  if (asked.custom || asked.remote) packageOfToken(asked.type);
  const inherited = inherit(context, { ...asked, object: asked.object ?? {} });
  const request = await applyTransforms(inherited, context.callbacks, transformsFor(context, inherited));
  if (request.remote) return constructComponent(context, request);
  const goal = await goalOf(context, request);
  warnOfComponentOptions(context, request);
  const urn = context.registrar.urnOf(request.type, request.name, request.parent);
  // Children can only register once the program has the answer, but remote ones may look this up while it is made.
  remember(context, { urn, request, goal, unsettled: true });
  const result = await context.registrar.registerResource(goal);
  remember(context, { urn: result.urn, request, goal, unsettled: goal.custom && (result.id === '' || result.unknown) });
  if (result.result !== 'success' && !request.supportsResultReporting)
    throw new Error(`resource registration failed: ${result.urn}`);
  return {
    urn: result.urn,
    id: result.id,
    object: goal.custom ? responseProperties(result.outputs, request) : {},
    stables: result.stables,
    result: RESULTS.indexOf(result.result),
    unknown: result.unknown,
  };
}

/** Options that a resource has from its parent unless it sets them itself. */
function inherit(context: MonitorContext, request: RegisterRequest): RegisterRequest {
  const goal = context.resources.get(request.parent)?.goal;
  if (!goal) return request;
  const samePackage =
    goal.provider !== '' &&
    request.custom &&
    goal.provider.includes(`::pulumi:providers:${packageOfToken(request.type)}::`);
  const takesProvider = request.provider === '' && ((!request.remote && !request.custom) || samePackage);
  return {
    ...request,
    protect: request.protect ?? goal.protect,
    retainOnDelete: request.retainOnDelete ?? goal.retainOnDelete,
    deletedWith: request.deletedWith || goal.deletedWith,
    provider: takesProvider ? goal.provider : request.provider,
  };
}

/** The resource's own transforms, its ancestors' from the nearest, the stack's. */
function transformsFor(context: MonitorContext, request: RegisterRequest) {
  const inherited = [...ancestry(context, request.parent)].flatMap(({ transforms }) => transforms);
  return [...request.transforms, ...inherited, ...context.stackTransforms];
}

async function goalOf(context: MonitorContext, request: RegisterRequest): Promise<Goal> {
  const hashed = await hashAssets(request.object ?? {}, context.programDirectory);
  const { dependencies, propertyDependencies } = dependenciesOf(request, hashed);
  const inputs = withProviderInputs(request, withoutOutputs(hashed));
  return {
    type: request.type,
    name: request.name,
    custom: request.custom,
    inputs,
    parent: request.parent,
    protect: request.protect,
    dependencies,
    provider: await providerFor(context, request),
    propertyDependencies,
    deleteBeforeReplace:
      request.deleteBeforeReplace || request.deleteBeforeReplaceDefined ? request.deleteBeforeReplace : undefined,
    ignoreChanges: request.ignoreChanges,
    additionalSecretOutputs: request.additionalSecretOutputs,
    aliases: [...request.aliasUrns.map((urn) => ({ urn })), ...request.aliases.map(aliasOf)],
    importId: request.importId,
    customTimeouts: timeoutsOf(request),
    replaceOnChanges: request.replaceOnChanges,
    retainOnDelete: request.retainOnDelete,
    deletedWith: request.deletedWith,
    replaceWith: request.replaceWith,
    replacementTrigger: request.replacementTrigger,
    hideDiff: request.hideDiffs,
    sourcePosition: sourcePositionOf(context, request.sourcePosition),
    resourceHooks: Object.fromEntries(Object.entries(request.hooks ?? {}).filter(([, names]) => names.length > 0)),
  };
}

/** Components have a provider only where one was given; providers have none. */
async function providerFor(context: MonitorContext, request: RegisterRequest): Promise<string> {
  if (request.type.startsWith('pulumi:providers:')) return '';
  return request.custom
    ? resolveProvider(context, choiceOf(request))
    : request.provider && explicitProvider(context, choiceOf(request));
}

/** A provider resource keeps in its inputs what it takes to find its plugin again. */
function withProviderInputs(request: RegisterRequest, inputs: PropertyMap): PropertyMap {
  if (!request.type.startsWith('pulumi:providers:')) return inputs;
  const internal: Record<string, PropertyValue> = {};
  if (request.pluginDownloadUrl !== '') internal.pluginDownloadURL = request.pluginDownloadUrl;
  const checksums = Object.entries(request.pluginChecksums).map(([platform, sum]) => [
    platform,
    Buffer.from(sum).toString('hex'),
  ]);
  if (checksums.length > 0) internal.pluginChecksums = Object.fromEntries(checksums);
  if (Object.keys(request.envVarMappings).length > 0) internal.envVarMappings = request.envVarMappings;
  const version: PropertyMap = request.version !== '' ? { version: request.version } : {};
  return {
    ...inputs,
    ...version,
    ...((request.version !== '' || Object.keys(internal).length > 0) && { [internalKey]: internal }),
  };
}

/**
 * Dependencies by property. Where the request names none by property, every property depends on all of its dependencies; what outputs in the inputs
 * depend on is added.
 */
function dependenciesOf(request: RegisterRequest, inputs: PropertyMap) {
  const dependencies = new Set(request.dependencies);
  const byProperty: Record<string, readonly string[]> = {};
  const named = Object.keys(request.propertyDependencies).length > 0 || request.remote;
  for (const [key, value] of Object.entries(inputs)) {
    const given = named ? (request.propertyDependencies[key]?.urns ?? []) : request.dependencies;
    const urns = new Set(given);
    collectDependencies(value, urns);
    for (const urn of urns) dependencies.add(urn);
    // An empty list too: the official engine writes one for every property.
    byProperty[key] = [...urns].sort();
  }
  return { dependencies: [...dependencies].sort(), propertyDependencies: byProperty };
}

function collectDependencies(value: PropertyValue | undefined, into: Set<string>): void {
  if (value instanceof Output) for (const urn of value.dependencies) into.add(urn);
  if (value instanceof Output || value instanceof Secret) collectDependencies(value.value, into);
  else if (isPropertyArray(value)) for (const item of value) collectDependencies(item, into);
  else if (isPropertyMap(value)) for (const item of Object.values(value)) collectDependencies(item, into);
}

function aliasOf({ urn, spec }: WireAlias): Alias {
  if (urn !== undefined && !spec) return { urn };
  const { name, type, stack, project, parentUrn, noParent } = spec ?? {};
  return {
    ...(name && { name }),
    ...(type && { type }),
    ...(stack && { stack }),
    ...(project && { project }),
    ...(parentUrn !== undefined && { parentUrn }),
    ...(noParent && { noParent }),
  };
}

function timeoutsOf({ customTimeouts }: RegisterRequest): CustomTimeouts | undefined {
  if (!customTimeouts) return undefined;
  const { create = '', update = '', delete: remove = '' } = customTimeouts;
  const seconds = { create: parseDuration(create), update: parseDuration(update), delete: parseDuration(remove) };
  return seconds.create + seconds.update + seconds.delete > 0 ? seconds : undefined;
}

/** `project:///index.ts#12,3`: positions in the project only, so that states do not differ by where it is checked out. */
export function sourcePositionOf(context: MonitorContext, position: RegisterRequest['sourcePosition']): string {
  if (!position?.uri?.startsWith('file://')) return '';
  const path = relative(context.rootDirectory, fileURLToPath(position.uri)).replaceAll('\\', '/');
  if (path.startsWith('..')) return '';
  const column = position.column ? `,${position.column}` : '';
  return `project:///${path}${position.line ? `#${position.line}${column}` : ''}`;
}

const CUSTOM_ONLY: readonly (readonly [keyof RegisterRequest, string])[] = [
  ['ignoreChanges', 'ignoreChanges'],
  ['customTimeouts', 'customTimeouts'],
  ['additionalSecretOutputs', 'additionalSecretOutputs'],
  ['replaceOnChanges', 'replaceOnChanges'],
  ['retainOnDelete', 'retainOnDelete'],
  ['deletedWith', 'deletedWith'],
  ['replaceWith', 'replaceWith'],
];

function warnOfComponentOptions(context: MonitorContext, request: RegisterRequest): void {
  if (request.custom || request.type === STACK_TYPE) return;
  for (const [key, name] of CUSTOM_ONLY) {
    const value = request[key];
    const isSet = Array.isArray(value)
      ? value.length > 0
      : key === 'customTimeouts'
        ? timeoutsOf(request) !== undefined
        : Boolean(value);
    if (isSet)
      warn(
        context,
        context.registrar.urnOf(request.type, request.name, request.parent),
        `The option '${name}' has no effect on component resources.`,
      );
  }
}
