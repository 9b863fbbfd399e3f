import { newResourceState, type ResourceState } from '../deploy/resource-state.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import {
  type Json,
  type JsonObject,
  mapFromJson,
  mapToJson,
  type SecretWriter,
  valueFromJson,
  valueToJson,
} from './property-json.ts';

/** Fields that are copied as they are: name in memory, name in the file (apitype.ResourceV3, sdk/go/common/apitype/core.go). */
const COPIED = {
  id: 'id',
  parent: 'parent',
  protect: 'protect',
  taint: 'taint',
  external: 'external',
  delete: 'delete',
  dependencies: 'dependencies',
  initErrors: 'initErrors',
  provider: 'provider',
  pendingReplacement: 'pendingReplacement',
  additionalSecretOutputs: 'additionalSecretOutputs',
  aliases: 'aliases',
  importId: 'importID',
  retainOnDelete: 'retainOnDelete',
  deletedWith: 'deletedWith',
  replaceWith: 'replaceWith',
  created: 'created',
  modified: 'modified',
  sourcePosition: 'sourcePosition',
  stackTrace: 'stackTrace',
  ignoreChanges: 'ignoreChanges',
  hideDiff: 'hideDiff',
  replaceOnChanges: 'replaceOnChanges',
  refreshBeforeUpdate: 'refreshBeforeUpdate',
  viewOf: 'viewOf',
} as const satisfies Partial<Record<keyof ResourceState, string>>;

const KNOWN = new Set<string>([
  ...Object.values(COPIED),
  ...[
    'urn',
    'custom',
    'type',
    'inputs',
    'outputs',
    'propertyDependencies',
    'customTimeouts',
    'replacementTrigger',
    'resourceHooks',
  ],
]);

/** Fields of a resource that we do not know: kept with it, also in copies made by spreading, and written back as they were. */
const unknownFields = Symbol('fields that this engine does not know');
type WithUnknownFields = ResourceState & { [unknownFields]?: JsonObject };

/** Names of what the state of a resource holds beyond what we know. */
export function unknownFieldsIn(state: ResourceState): readonly string[] {
  return Object.keys((state as WithUnknownFields)[unknownFields] ?? {});
}

/** A resource as the checkpoint holds it. Empty fields are left out but `urn`, `custom` and `type`. */
export function resourceToJson(state: ResourceState, secrets: SecretWriter | undefined): JsonObject {
  const json: Record<string, Json | undefined> = { urn: state.urn, custom: state.custom };
  const put = (key: string, value: unknown) => {
    if (!isEmpty(value)) json[key] = value as Json;
  };
  put('delete', state.delete);
  put('id', state.id);
  json.type = state.type;
  put('inputs', mapToJson(state.inputs, secrets));
  put('outputs', mapToJson(state.outputs, secrets));
  for (const [field, key] of Object.entries(COPIED)) put(key, state[field as keyof typeof COPIED]);
  put('propertyDependencies', state.propertyDependencies);
  put('customTimeouts', timeoutsToJson(state));
  if (state.replacementTrigger !== undefined) put('replacementTrigger', valueToJson(state.replacementTrigger, secrets));
  put('resourceHooks', state.resourceHooks);
  return { ...json, ...(state as WithUnknownFields)[unknownFields] };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  return typeof value === 'object' && (Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0);
}

function timeoutsToJson({ customTimeouts }: ResourceState): JsonObject {
  return Object.fromEntries(Object.entries(customTimeouts ?? {}).filter(([, seconds]) => seconds > 0));
}

/** The resource of its checkpoint form. Throws a text without place; the caller knows the file. */
export function resourceFromJson(json: JsonObject, manager: SecretsManager | undefined): ResourceState {
  const { urn, type } = json;
  if (typeof urn !== 'string' || typeof type !== 'string')
    throw new Error(`a resource has no urn or no type: ${JSON.stringify(urn ?? type ?? null)}`);
  const state = newResourceState({ urn, type, custom: json.custom === true });
  const target = state as unknown as Record<string, unknown>;
  for (const [field, key] of Object.entries(COPIED)) {
    const value = json[key];
    if (isEmpty(value)) continue;
    if (kindOf(value) !== kindOf(target[field] ?? ''))
      throw new Error(`${key} is not a ${kindOf(target[field] ?? '')}`);
    target[field] = value;
  }
  state.inputs = mapFromJson(json.inputs as JsonObject | undefined, manager);
  state.outputs = mapFromJson(json.outputs as JsonObject | undefined, manager);
  state.propertyDependencies = listsOf(json.propertyDependencies);
  state.resourceHooks = listsOf(json.resourceHooks);
  state.customTimeouts = timeoutsFromJson(json.customTimeouts);
  if (json.replacementTrigger !== undefined) state.replacementTrigger = valueFromJson(json.replacementTrigger, manager);
  const unknown = Object.entries(json).filter(([key]) => !KNOWN.has(key));
  if (unknown.length > 0) (state as WithUnknownFields)[unknownFields] = Object.fromEntries(unknown);
  return state;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'string' ? 'text' : typeof value;
}

/** A null list is an empty one (Go writes nil slices so). */
function listsOf(json: Json | undefined): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries((json ?? {}) as Record<string, readonly string[] | null>).map(([key, list]) => [key, list ?? []]),
  );
}

function timeoutsFromJson(json: Json | undefined): ResourceState['customTimeouts'] {
  if (typeof json !== 'object' || json === null) return undefined;
  const {
    create = 0,
    update = 0,
    delete: remove = 0,
    read = 0,
  } = json as { readonly create?: number; readonly update?: number; readonly delete?: number; readonly read?: number };
  return { create, update, delete: remove, read };
}
