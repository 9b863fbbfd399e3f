import { annotations } from './annotations.ts';
import { suffixOf } from './autoname.ts';
import type { Cluster } from './cluster.ts';
import {
  annotationOf,
  apiVersionOf,
  isFields,
  type KubeFields,
  type KubeObject,
  kindOf,
  type ManagedFieldsEntry,
  managedFieldsOf,
  nameOf,
  namespaceOf,
} from './object.ts';

/** The manager under which objects are created, as the official provider has it, and of everything in client-side apply. */
export const CREATING_MANAGER = 'pulumi-kubernetes';

/**
 * Managers whose fields the program takes over: tools with which a person changes an object by hand, and the provider's own
 * earlier ones. (Official list: fixCSAFieldManagers in provider/pkg/await/await.go.) kubectl has a manager per command, such as
 * `kubectl-edit`.
 */
const TAKEN_OVER: readonly { readonly prefix: string; readonly operations: readonly string[] }[] = [
  { prefix: 'kubectl', operations: ['Apply', 'Update'] },
  { prefix: 'before-first-apply', operations: ['Update'] },
  { prefix: CREATING_MANAGER, operations: ['Update'] },
  { prefix: 'pulumi-resource-kubernetes', operations: ['Update'] },
];

/** The name under which a resource's fields are applied: the annotation's, the state's, or a new one of its own. */
export function fieldManagerOf(inputs: KubeObject, recorded: string, cluster: Cluster): string {
  if (!cluster.configuration.enableServerSideApply) return CREATING_MANAGER;
  return (
    annotationOf(inputs, annotations.patchFieldManager) || recorded || `${CREATING_MANAGER}-${suffixOf(undefined)}`
  );
}

/** Whether the fields of `manager` are the program's to take over. */
export function isTakenOver(entry: Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'subresource'>): boolean {
  if (entry.subresource) return false;
  return TAKEN_OVER.some(
    ({ prefix, operations }) => entry.manager.startsWith(prefix) && operations.includes(entry.operation),
  );
}

/**
 * The managed fields of `live` with those of the managers that are taken over given to `manager`; undefined where there is nothing
 * to take over. Afterwards an apply by `manager` takes away what it no longer names.
 */
export function takeOver(live: KubeObject, manager: string): readonly ManagedFieldsEntry[] | undefined {
  const entries = managedFieldsOf(live);
  const taken = entries.filter((entry) => isTakenOver(entry) && !isOwn(entry, manager));
  if (taken.length === 0) return undefined;
  const own = entries.find((entry) => isOwn(entry, manager));
  const merged = [...(own ? [own] : []), ...taken].reduce<KubeFields>(
    (fields, entry) => mergeFields(fields, entry.fieldsV1 ?? {}),
    {},
  );
  const others = entries.filter((entry) => !isOwn(entry, manager) && !taken.includes(entry));
  return [
    ...others,
    { manager, operation: 'Apply', apiVersion: apiVersionOf(live), fieldsType: 'FieldsV1', fieldsV1: merged },
  ];
}

function isOwn(entry: ManagedFieldsEntry, manager: string): boolean {
  return entry.manager === manager && entry.operation === 'Apply' && !entry.subresource;
}

function mergeFields(left: KubeFields, right: KubeFields): KubeFields {
  const merged: Record<string, KubeFields[string]> = { ...left };
  for (const [name, value] of Object.entries(right)) {
    const known = merged[name];
    merged[name] = isFields(known) && isFields(value) ? mergeFields(known, value) : value;
  }
  return merged;
}

/** Gives up all fields of `manager`, by applying an object that says nothing. */
export async function relinquish(cluster: Cluster, object: KubeObject, manager: string): Promise<void> {
  const namespace = namespaceOf(object);
  const identity: KubeObject = {
    apiVersion: apiVersionOf(object),
    kind: kindOf(object),
    metadata: { name: nameOf(object), ...(namespace === '' ? {} : { namespace }) },
  };
  await cluster.apply(identity, { fieldManager: manager });
}
