import { mapParts } from '../../protocol/property-equality.ts';
import { type PropertyMap, type PropertyValue, Unknown, type UnknownKind } from '../../protocol/property-value.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { Alias } from '../deploy/goal.ts';
import type { GoalPlan, Plan, PlanDiff, ResourcePlan } from '../deploy/plan.ts';
import type { StepOp } from '../deploy/step.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { type Json, type JsonObject, mapFromJson, mapToJson } from '../state/property-json.ts';

/** The official form of a plan's resources (apitype.ResourcePlanV1 in sdk/go/common/apitype/plan.go). */
export type ResourcePlansJson = Readonly<Record<string, JsonObject>>;

/** Writes a plan. Unknown values are the protocol's sentinels, secrets are encrypted. */
export function planToJson(plan: Plan, manager: SecretsManager | undefined): ResourcePlansJson {
  return Object.fromEntries(Object.entries(plan).map(([urn, one]) => [urn, resourcePlanToJson(one, manager)]));
}

/** Reads a plan. Throws a text about what is wrong; the caller knows the file. */
export function planFromJson(json: ResourcePlansJson, manager: SecretsManager | undefined): Plan {
  return Object.fromEntries(Object.entries(json).map(([urn, one]) => [urn, resourcePlanFromJson(one, manager)]));
}

function resourcePlanToJson(plan: ResourcePlan, manager: SecretsManager | undefined): JsonObject {
  return {
    ...(plan.goal && { goal: goalToJson(plan.goal, manager) }),
    ...(plan.steps.length > 0 && { steps: plan.steps }),
    state: propertiesToJson(plan.outputs, manager),
    ...(plan.seed && { seed: Buffer.from(plan.seed).toString('base64') }),
  };
}

function resourcePlanFromJson(json: JsonObject, manager: SecretsManager | undefined): ResourcePlan {
  return {
    goal: json.goal ? goalFromJson(json.goal as JsonObject, manager) : undefined,
    steps: (json.steps ?? []) as readonly StepOp[],
    outputs: propertiesFromJson(json.state, manager),
    seed: typeof json.seed === 'string' ? new Uint8Array(Buffer.from(json.seed, 'base64')) : undefined,
  };
}

function goalToJson(goal: GoalPlan, manager: SecretsManager | undefined): JsonObject {
  const urns = goal.aliases.flatMap((alias) => ('urn' in alias ? [alias.urn] : []));
  const specs = goal.aliases.flatMap((alias) => ('urn' in alias ? [] : [aliasToJson(alias)]));
  return {
    type: goal.type,
    name: goal.name,
    custom: goal.custom,
    inputDiff: diffToJson(goal.inputDiff, manager),
    outputDiff: diffToJson(goal.outputDiff, manager),
    ...(goal.parent !== '' && { parent: goal.parent }),
    protect: goal.protect,
    ...(goal.dependencies.length > 0 && { dependencies: goal.dependencies }),
    ...(goal.provider !== '' && { provider: goal.provider }),
    ...(Object.keys(goal.propertyDependencies).length > 0 && { propertyDependencies: goal.propertyDependencies }),
    ...(goal.deleteBeforeReplace !== undefined && { deleteBeforeReplace: goal.deleteBeforeReplace }),
    ...(goal.ignoreChanges.length > 0 && { ignoreChanges: goal.ignoreChanges }),
    ...(goal.additionalSecretOutputs.length > 0 && { additionalSecretOutputs: goal.additionalSecretOutputs }),
    ...(urns.length > 0 && { aliases: urns }),
    ...(specs.length > 0 && { structuredAliases: specs }),
    ...(goal.id !== '' && { id: goal.id }),
    customTimeouts: { ...goal.customTimeouts },
  };
}

function goalFromJson(json: JsonObject, manager: SecretsManager | undefined): GoalPlan {
  const texts = (value: Json | undefined) => (value ?? []) as readonly string[];
  const text = (value: Json | undefined) => (value ?? '') as string;
  const urns = texts(json.aliases).map((urn) => ({ urn }));
  const timeouts = (json.customTimeouts ?? {}) as Readonly<Record<string, number>>;
  return {
    type: text(json.type),
    name: text(json.name),
    custom: json.custom === true,
    inputDiff: diffFromJson(json.inputDiff, manager),
    outputDiff: diffFromJson(json.outputDiff, manager),
    parent: text(json.parent),
    protect: json.protect === true,
    dependencies: texts(json.dependencies),
    provider: text(json.provider),
    propertyDependencies: Object.fromEntries(
      Object.entries((json.propertyDependencies ?? {}) as JsonObject).map(([key, list]) => [key, texts(list ?? [])]),
    ),
    deleteBeforeReplace: json.deleteBeforeReplace as boolean | undefined,
    ignoreChanges: texts(json.ignoreChanges),
    additionalSecretOutputs: texts(json.additionalSecretOutputs),
    aliases: [...urns, ...((json.structuredAliases ?? []) as readonly JsonObject[]).map(aliasFromJson)],
    id: text(json.id),
    customTimeouts:
      Object.keys(timeouts).length > 0 ? { create: 0, update: 0, delete: 0, read: 0, ...timeouts } : undefined,
  };
}

/** Go's field names, as resource.Alias has no others. */
function aliasToJson(alias: Exclude<Alias, { readonly urn: string }>): JsonObject {
  return {
    URN: '',
    Name: alias.name ?? '',
    Type: alias.type ?? '',
    Project: alias.project ?? '',
    Stack: alias.stack ?? '',
    Parent: alias.parentUrn ?? '',
    NoParent: alias.noParent ?? false,
  };
}

function aliasFromJson(json: JsonObject): Alias {
  if (json.URN) return { urn: json.URN as string };
  const part = (key: string) => (json[key] as string) || undefined;
  return {
    name: part('Name'),
    type: part('Type'),
    project: part('Project'),
    stack: part('Stack'),
    parentUrn: part('Parent'),
    noParent: json.NoParent === true ? true : undefined,
  };
}

function diffToJson(diff: PlanDiff, manager: SecretsManager | undefined): JsonObject {
  const adds = propertiesToJson(diff.adds, manager);
  const updates = propertiesToJson(diff.updates, manager);
  return {
    ...(Object.keys(adds).length > 0 && { adds }),
    ...(diff.deletes.length > 0 && { deletes: diff.deletes }),
    ...(Object.keys(updates).length > 0 && { updates }),
  };
}

function diffFromJson(json: Json | undefined, manager: SecretsManager | undefined): PlanDiff {
  const { adds, deletes, updates } = (json ?? {}) as JsonObject;
  return {
    adds: propertiesFromJson(adds, manager),
    deletes: (deletes ?? []) as readonly string[],
    updates: propertiesFromJson(updates, manager),
  };
}

function propertiesToJson(map: PropertyMap, manager: SecretsManager | undefined): JsonObject {
  return mapToJson(deeply(map, toSentinel) as PropertyMap, manager && { kind: 'encrypt', manager });
}

function propertiesFromJson(json: Json | undefined, manager: SecretsManager | undefined): PropertyMap {
  return deeply(mapFromJson((json ?? {}) as JsonObject, manager), fromSentinel) as PropertyMap;
}

function deeply(value: PropertyValue, change: (part: PropertyValue) => PropertyValue): PropertyValue {
  return mapParts(change(value), (part) => deeply(part, change));
}

function toSentinel(value: PropertyValue): PropertyValue {
  return value instanceof Unknown ? unknownSentinels[value.kind] : value;
}

const kinds = new Map(Object.entries(unknownSentinels).map(([kind, text]) => [text as string, kind as UnknownKind]));

function fromSentinel(value: PropertyValue): PropertyValue {
  const kind = typeof value === 'string' ? kinds.get(value) : undefined;
  return kind === undefined ? value : new Unknown(kind);
}
