import { hashAssets } from '../../protocol/asset-hash.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { CustomTimeouts } from '../../protocol/provider.ts';
import type { Alias, Goal } from '../deploy/goal.ts';
import { parseDuration } from './go-duration.ts';
import type { MonitorContext } from './monitor-context.ts';
import type { RegisterRequest, WireAlias } from './monitor-messages.ts';
import { outputDependencies, type PropertyDependencies, withoutOutputMarks } from './output-values.ts';
import { resolveProvider } from './provider-choice.ts';
import { isProviderType, withProviderInputs } from './provider-inputs-of-request.ts';

/** Dependencies as a whole and by property. */
export interface Dependencies {
  readonly all: readonly string[];
  readonly byProperty: PropertyDependencies;
}

/** What the step generator is told of a registration, once options are inherited and transforms applied. */
export async function goalOf(
  context: MonitorContext,
  request: RegisterRequest,
  dependencies: Dependencies,
): Promise<Goal> {
  const hashed = await hashAssets(request.object ?? {}, context.programDirectory);
  return {
    type: request.type,
    name: request.name,
    custom: request.custom,
    inputs: withProviderInputs(request, withoutOutputMarks(hashed), context.packages),
    parent: request.parent,
    protect: request.protect,
    dependencies: dependencies.all,
    // Components and providers are served by none.
    provider: request.custom && !isProviderType(request.type) ? await resolveProvider(context, request) : '',
    propertyDependencies: listed(dependencies.byProperty),
    deleteBeforeReplace: deleteBeforeReplaceOf(request),
    ignoreChanges: request.ignoreChanges,
    additionalSecretOutputs: request.additionalSecretOutputs,
    aliases: [...request.aliasUrns.map((urn) => ({ urn })), ...request.aliases.map(aliasOf)],
    importId: request.importId,
    customTimeouts: timeoutsOf(request),
    replaceOnChanges: request.replaceOnChanges,
    retainOnDelete: request.retainOnDelete,
    deletedWith: request.deletedWith,
    replaceWith: request.replaceWith,
    replacementTrigger: triggerOf(request),
    hideDiff: request.hideDiffs,
    ...context.sourcePositions.of(request),
    resourceHooks: Object.fromEntries(Object.entries(request.hooks ?? {}).filter(([, names]) => names.length > 0)),
  };
}

/** Some SDKs set the flag alone. */
export function deleteBeforeReplaceOf(request: RegisterRequest): boolean | undefined {
  return request.deleteBeforeReplace || request.deleteBeforeReplaceDefined ? request.deleteBeforeReplace : undefined;
}

export function listed(dependencies: PropertyDependencies): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(dependencies).map(([key, urns]) => [key, [...urns].sort()]));
}

function triggerOf({ replacementTrigger }: RegisterRequest): RegisterRequest['replacementTrigger'] {
  return replacementTrigger === undefined ? undefined : withoutOutputMarks({ value: replacementTrigger }).value;
}

/**
 * What the request says: where it names no dependencies by property, every property has all of them; remote components always name
 * them. What output values depend on is added by property.
 */
export function dependenciesOf(request: RegisterRequest): Dependencies {
  const properties = request.object ?? {};
  const byProperty: Record<string, ReadonlySet<string>> = {};
  const given = Object.entries(request.propertyDependencies);
  const all = new Set(request.dependencies);
  if (given.length === 0 && !request.remote) for (const key of Object.keys(properties)) byProperty[key] = all;
  for (const [key, list] of given) byProperty[key] = new Set(list?.urns);
  for (const [key, value] of Object.entries(properties))
    byProperty[key] = (byProperty[key] ?? new Set<string>()).union(outputDependencies(value));
  return { all: [...all].sort(), byProperty };
}

/** After transforms the output values alone say what depends on what; the options say what the whole depends on beside that. */
export function transformedDependencies(options: readonly string[], properties: PropertyMap): Dependencies {
  const byProperty = Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, outputDependencies(value)]),
  );
  const all = Object.values(byProperty).reduce((sum, urns) => sum.union(urns), new Set(options));
  return { all: [...all].sort(), byProperty };
}

function aliasOf({ urn, spec }: WireAlias): Alias {
  if (urn !== undefined && !spec) return { urn };
  const { name, type, stack, project, parentUrn, noParent } = spec ?? {};
  return {
    ...(name && { name }),
    ...(type && { type }),
    ...(stack && { stack }),
    ...(project && { project }),
    // An empty parent means the default one: some SDKs send it.
    ...(parentUrn && { parentUrn }),
    ...(noParent && { noParent }),
  };
}

/** In seconds. Throws on a text that is no duration. */
export function timeoutsOf({ customTimeouts }: RegisterRequest): CustomTimeouts | undefined {
  if (!customTimeouts) return undefined;
  const { create = '', update = '', delete: remove = '', read = '' } = customTimeouts;
  const seconds = {
    create: parseDuration(create),
    update: parseDuration(update),
    delete: parseDuration(remove),
    read: parseDuration(read),
  };
  return Object.values(seconds).some((value) => value > 0) ? seconds : undefined;
}
