import { systemClock } from '../../foundation/clock.ts';
import type { PropertyMap, PropertyValue } from '../../protocol/property-value.ts';
import { Secret } from '../../protocol/property-value.ts';
import {
  type CreateRequest,
  type CreateResponse,
  type DeleteRequest,
  ProviderError,
  type ReadRequest,
  type ReadResponse,
  type UpdateRequest,
} from '../../protocol/provider.ts';
import { canonical, isNothing, isZero, sortKeys } from './canonical.ts';
import { plain, plainMap } from './check.ts';
import type { AwsCalls } from './clients.ts';
import { createOnce, MARK } from './create-once.ts';
import type { ExistingCall, Plain, PlainMap, PropertyRule, ResourceCall, ResourceDefinition } from './definition.ts';
import { asTexts } from './plain-values.ts';
import { projected } from './projection.ts';
import { allTagsOf, changeTags, managedTags, ownTags, type Tags } from './tags.ts';
import { waitFor } from './wait.ts';

/** What the life of one resource needs beside the request. */
export interface LifecycleContext {
  readonly definition: ResourceDefinition;
  readonly aws: AwsCalls;
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

const DEFAULT_SECONDS = 20 * 60;

/** How long AWS may say of something new that it is not there. */
const SECONDS_UNTIL_SEEN = 60;

/**
 * Makes the resource, waits for it, sets what the create call cannot, and reads it back. From the moment that it has an id, a failure
 * is a partial one: the resource exists and must be kept.
 */
export async function createResource(context: LifecycleContext, request: CreateRequest): Promise<CreateResponse> {
  const { definition, aws } = context;
  const inputs = plainMap(request.inputs);
  if (request.preview) return { id: '', outputs: previewOutputs(definition, request.inputs) };
  const call = callOf(context, inputs, request.timeout || definition.timeouts?.create);
  const allTags = allTagsOf(inputs.tags, aws.configuration);
  const { id, marked } = await createFindably(context, call, allTags);
  const existing: ExistingCall = { ...call, id, state: {} };
  try {
    if (marked) await definition.tags?.remove(existing, [MARK]);
    await definition.ready?.(existing);
    await applyAfterCreate(definition, existing);
    if (definition.tags && !definition.tags.atCreate)
      await changeTags(definition.tags, existing, { from: {}, to: allTags });
    return { id, outputs: await outputsOf(context, existing, request.inputs) };
  } catch (error) {
    throw asPartial(error, id, request.inputs);
  }
}

/** Creates it so that it is found again, and not made twice, if the answer is lost. */
async function createFindably(
  context: LifecycleContext,
  call: ResourceCall,
  allTags: Tags,
): Promise<{ readonly id: string; readonly marked: boolean }> {
  const { definition, aws } = context;
  const { lostCreate } = definition;
  if (!lostCreate) return { id: await definition.create({ ...call, allTags }), marked: false };
  const careful = { ...call, aws: { ...aws, client: aws.clientWithoutRetries } };
  if ('mark' in lostCreate) {
    const mark = crypto.randomUUID();
    const send = () => definition.create({ ...careful, allTags: { ...allTags, [MARK]: mark } });
    return { id: await createOnce(call, { send, find: () => lostCreate.mark({ ...call, mark }) }), marked: true };
  }
  const started = systemClock.now();
  const find = async () => {
    const id = await lostCreate.id({ ...call, started });
    return id !== undefined && (await isWhatWasAskedFor(context, { ...call, id, state: {} }, allTags)) ? id : undefined;
  };
  return {
    id: await createOnce(call, { send: () => definition.create({ ...careful, allTags }), find }),
    marked: false,
  };
}

/** Whether what is there has every property and tag of the create call: somebody else's would differ, or is as good. */
async function isWhatWasAskedFor(
  { definition, aws }: LifecycleContext,
  call: ExistingCall,
  allTags: Tags,
): Promise<boolean> {
  const found = await definition.read(call);
  if (found === undefined) return false;
  const early = Object.entries(definition.properties).filter(([key, rule]) => {
    const late = rule.output || rule.writeOnly || rule.afterCreate || key === 'region' || key === 'tags';
    return !late && !isNothing(call.inputs[key]);
  });
  const same = early.every(([key, rule]) => {
    const live = projected(rule, call.inputs[key] ?? null, found[key] ?? null);
    return JSON.stringify(canonical(rule, live)) === JSON.stringify(canonical(rule, call.inputs[key]));
  });
  if (!definition.tags?.atCreate) return same;
  const tags = managedTags(asTexts(found.tags), aws.configuration);
  return same && JSON.stringify(sortKeys(tags)) === JSON.stringify(sortKeys(allTags));
}

export async function updateResource(context: LifecycleContext, request: UpdateRequest): Promise<PropertyMap> {
  const { definition, aws } = context;
  const inputs = plainMap(request.newInputs);
  const old = plainMap(request.oldInputs);
  const state = plainMap(request.oldOutputs);
  if (request.preview) return { ...request.oldOutputs, ...request.newInputs };
  const call: ExistingCall = {
    ...callOf(context, inputs, request.timeout || definition.timeouts?.update),
    id: request.id,
    state,
  };
  for (const rule of definition.updates ?? []) {
    const changed = rule.properties.some(
      (key) => !request.ignoreChanges.includes(key) && JSON.stringify(old[key]) !== JSON.stringify(inputs[key]),
    );
    if (changed) await rule.apply({ ...call, old });
  }
  if (definition.tags) {
    const from = state.tagsAll === undefined ? allTagsOf(old.tags, aws.configuration) : asTexts(state.tagsAll);
    await changeTags(definition.tags, call, { from, to: allTagsOf(inputs.tags, aws.configuration) });
  }
  await definition.ready?.(call);
  return outputsOf(context, call, request.newInputs);
}

/** What is there now. Inputs are the old ones with the cloud's values for what they name: a difference is what drifted. */
export async function readResource(context: LifecycleContext, request: ReadRequest): Promise<ReadResponse> {
  const oldInputs = plainMap(request.inputs);
  const call: ExistingCall = {
    ...callOf(context, oldInputs, request.timeout),
    id: request.id,
    state: plainMap(request.outputs),
  };
  const found = await context.definition.read(call);
  if (found === undefined) return { id: '', outputs: {}, inputs: {} };
  const imported = Object.keys(request.inputs).length === 0;
  const outputs = completeOutputs(context, found, oldInputs);
  const inputs = imported
    ? importedInputs(context, outputs)
    : refreshedInputs(context, { outputs, old: request.inputs });
  const id = typeof found.id === 'string' ? found.id : request.id;
  return { id, outputs: mark(context.definition, outputs), inputs };
}

export async function deleteResource(context: LifecycleContext, request: DeleteRequest): Promise<void> {
  const call = callOf(context, plainMap(request.inputs), request.timeout || context.definition.timeouts?.delete);
  await context.definition.delete({ ...call, id: request.id, state: plainMap(request.outputs) });
}

function callOf(
  { aws, progress, signal }: LifecycleContext,
  inputs: PlainMap,
  seconds: number | undefined,
): ResourceCall {
  return { aws, inputs, progress, signal, deadline: systemClock.now() + (seconds || DEFAULT_SECONDS) * 1000 };
}

async function applyAfterCreate(definition: ResourceDefinition, call: ExistingCall): Promise<void> {
  for (const rule of definition.updates ?? []) {
    const late = rule.properties.filter((key) => definition.properties[key]?.afterCreate);
    if (late.some((key) => call.inputs[key] !== undefined && call.inputs[key] !== null))
      await rule.apply({ ...call, old: {} });
  }
}

async function outputsOf(context: LifecycleContext, call: ExistingCall, inputs: PropertyMap): Promise<PropertyMap> {
  // What was made a moment ago is not seen everywhere at once.
  const shortly = { ...call, deadline: Math.min(call.deadline, systemClock.now() + SECONDS_UNTIL_SEEN * 1000) };
  const found = await waitFor(`${context.definition.type} ${call.id} to be seen`, shortly, () =>
    context.definition.read(call),
  );
  return mark(context.definition, completeOutputs(context, found, plainMap(inputs)));
}

/** The cloud's answer, what it never gives back from the inputs, and both kinds of tags. */
function completeOutputs(
  { definition, aws }: LifecycleContext,
  found: PlainMap,
  inputs: PlainMap,
): Record<string, Plain> {
  const outputs: Record<string, Plain> = {};
  for (const [key, rule] of Object.entries(definition.properties)) {
    const there = found[key] ?? null;
    const given = inputs[key] ?? null;
    // What AWS does not mention is at rest: then it is as the program has it, if that is at rest, too.
    const value = rule.writeOnly || (there === null && isZero(given)) ? given : there;
    if (value !== null) outputs[key] = value;
  }
  if (!definition.global) outputs.region = aws.configuration.region;
  if (!definition.tags) return outputs;
  const all: Tags = managedTags(asTexts(found.tags), aws.configuration);
  const own = ownTags(all, asTexts(inputs.tags), aws.configuration);
  delete outputs.tags;
  return { ...outputs, ...(Object.keys(own).length > 0 && { tags: own }), tagsAll: all };
}

function refreshedInputs(
  { definition }: LifecycleContext,
  { outputs, old }: { readonly outputs: PlainMap; readonly old: PropertyMap },
): PropertyMap {
  const inputs: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(old)) {
    const rule = definition.properties[key];
    inputs[key] =
      !rule || rule.writeOnly || key === 'region'
        ? value
        : (projected(rule, plain(value), outputs[key] ?? null) as PropertyValue);
  }
  for (const [key, rule] of Object.entries(definition.properties)) {
    const mine = rule.output || rule.computed || rule.writeOnly || inputs[key] !== undefined;
    // Somebody else has given it what the program leaves out.
    if (!mine && !isZero(outputs[key] ?? null)) inputs[key] = outputs[key] as PropertyValue;
  }
  return mark(definition, Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== null)) as PlainMap);
}

/**
 * Everything that a program could have given, but what is at rest; and the default where AWS does not mention it.
 */
function importedInputs({ definition }: LifecycleContext, outputs: PlainMap): PropertyMap {
  const inputs: Record<string, Plain> = {};
  for (const [key, rule] of Object.entries(definition.properties)) {
    if (rule.output || rule.writeOnly || key === 'region') continue;
    const value = withoutParts(rule, outputs[key] ?? rule.default ?? null);
    if (rule.required || rule.default !== undefined || rule.computed ? value !== null : !isZero(value))
      inputs[key] = value;
  }
  return mark(definition, inputs);
}

function withoutParts({ computedParts = [] }: PropertyRule, value: Plain): Plain {
  if (computedParts.length === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !computedParts.includes(key)));
}

/** Puts the secret marks on. */
function mark(definition: ResourceDefinition, values: PlainMap): PropertyMap {
  const marked: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(values)) {
    const propertyValue = (value ?? null) as PropertyValue;
    const secret = definition.properties[key]?.secret && !((propertyValue as unknown) instanceof Secret);
    marked[key] = secret ? new Secret(propertyValue) : propertyValue;
  }
  return marked;
}

/** In a preview: what the program gives is known, what AWS sets is not. */
function previewOutputs(definition: ResourceDefinition, inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(inputs).filter(([key]) => definition.properties[key] && !definition.properties[key].output),
  );
}

function asPartial(error: unknown, id: string, inputs: PropertyMap): ProviderError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProviderError(message, { cause: error, partial: { id, outputs: inputs, inputs, reasons: [message] } });
}
