import { annotations } from './annotations.ts';
import { ApiError, conflictingManagers, isApiError } from './api-error.ts';
import type { Cluster, WriteOptions } from './cluster.ts';
import { compareFields } from './compare.ts';
import { CREATING_MANAGER, isTakenOver, takeOver } from './field-managers.ts';
import { isCustomResourceDefinition } from './kind.ts';
import {
  annotationOf,
  type KubeFields,
  type KubeObject,
  type KubeValue,
  managedFieldsOf,
  nameOf,
  textAt,
  withValueAt,
} from './object.ts';

/** What an object is written with. */
export interface ApplyRequest {
  readonly cluster: Cluster;
  readonly inputs: KubeObject;
  readonly fieldManager: string;
  /** The resource patches an object of somebody else. */
  readonly isPatch: boolean;
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Creates the object. One that exists already is an error, except for patches and with `upsertExistingObjects`. Objects are created
 * by a plain POST under one common manager, as the official provider does: the first update makes the resource's own manager
 * their owner, whichever of the two providers does it.
 */
export async function createObject(request: ApplyRequest): Promise<KubeObject> {
  const { cluster, inputs, fieldManager, isPatch, dryRun, signal } = request;
  const { enableServerSideApply, upsertExistingObjects } = cluster.configuration;
  if (!enableServerSideApply || !(isPatch || upsertExistingObjects))
    return cluster.create(inputs, { fieldManager: CREATING_MANAGER, dryRun, signal });
  // Whether a dry run meets other managers is not told: the object may be made by this very update.
  return cluster.apply(inputs, { fieldManager, force: dryRun || isForced(inputs, cluster), dryRun, signal });
}

/** Changes an object that exists to what `inputs` say. `last` is what was asked for before. Resolves to the new live object. */
export async function updateObject(
  request: ApplyRequest & { readonly last: KubeObject; readonly name: string },
): Promise<KubeObject> {
  const { cluster, inputs, fieldManager, dryRun, signal, name } = request;
  const live = await cluster.get(inputs, name);
  const options: WriteOptions = { fieldManager, dryRun, signal };
  if (isCustomResourceDefinition(inputs)) {
    // Applying would leave versions behind that the new definition no longer has.
    const version = textAt(live, 'metadata', 'resourceVersion');
    return cluster.replace(withValueAt(inputs, ['metadata', 'resourceVersion'], version), options);
  }
  if (!cluster.configuration.enableServerSideApply)
    return cluster.patchMerge(live, mergePatch(request.last, inputs), { ...options, fieldManager: CREATING_MANAGER });
  const forced = isForced(inputs, cluster) || managedFieldsOf(live).length === 0;
  if (dryRun) return previewApply(request, live, forced);
  if (!request.isPatch) await takeOverFields(cluster, live, fieldManager);
  return cluster.apply(inputs, { ...options, force: forced }, name);
}

function isForced(inputs: KubeObject, cluster: Cluster): boolean {
  return annotationOf(inputs, annotations.patchForce) === 'true' || cluster.configuration.enablePatchForce;
}

/**
 * A dry run stores no change of managers, so that it meets conflicts that the update will not: with managers whose fields it takes
 * over. Only those are forced.
 */
async function previewApply(
  { cluster, inputs, fieldManager, isPatch, signal, name }: ApplyRequest & { readonly name: string },
  live: KubeObject,
  forced: boolean,
): Promise<KubeObject> {
  const options: WriteOptions = { fieldManager, dryRun: true, signal };
  try {
    return await cluster.apply(inputs, { ...options, force: forced }, name);
  } catch (error) {
    const managers = error instanceof ApiError ? conflictingManagers(error).map(({ manager }) => manager) : [];
    const ours = new Set(
      isPatch
        ? []
        : managedFieldsOf(live)
            .filter(isTakenOver)
            .map((entry) => entry.manager),
    );
    if (managers.length === 0 || !managers.every((manager) => ours.has(manager))) throw error;
    return cluster.apply(inputs, { ...options, force: true }, name);
  }
}

/** Makes `manager` the owner of what was set by hand or by the provider's creating manager. Others may write at the same time. */
async function takeOverFields(cluster: Cluster, live: KubeObject, manager: string): Promise<void> {
  let current = live;
  for (let attempt = 0; ; attempt += 1) {
    const managedFields = takeOver(current, manager);
    if (!managedFields) return;
    const operations = [
      { op: 'replace', path: '/metadata/managedFields', value: managedFields },
      { op: 'replace', path: '/metadata/resourceVersion', value: textAt(current, 'metadata', 'resourceVersion') },
    ];
    try {
      await cluster.patchJson(current, operations);
      return;
    } catch (error) {
      if (!isApiError(error, 409) || attempt >= 5) throw error;
      current = await cluster.get(current);
    }
  }
}

/** A JSON merge patch (RFC 7386) that sets all of `next` and takes away what only `last` had. Lists are replaced as a whole. */
export function mergePatch(last: KubeObject, next: KubeObject): KubeObject {
  return compareFields(last, next)
    .filter(({ kind, path }) => kind === 'delete' && path.every((part) => typeof part === 'string'))
    .reduce<KubeFields>((patch, { path }) => withValueAt(patch, path as readonly string[], null as KubeValue), next);
}

/** The name under which the object is or will be. */
export function nameFor(inputs: KubeObject, id: string): string {
  return nameOf(inputs) || id.slice(id.indexOf('/') + 1);
}
