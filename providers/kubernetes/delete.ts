import { type DeleteRequest, ProviderError } from '../../protocol/provider.ts';
import { annotations } from './annotations.ts';
import { ApiError, isApiError, NoSuchKindError, UnreachableError } from './api-error.ts';
import { conditionSummaries } from './await/conditions.ts';
import { type Checkpoint, checkpointProperties, readCheckpoint } from './checkpoint.ts';
import type { Cluster } from './cluster.ts';
import { explainError } from './explain-error.ts';
import { relinquish } from './field-managers.ts';
import { isCustomResourceDefinition, isPatchType, kindOfObject } from './kind.ts';
import {
  annotationOf,
  describe,
  type KubeObject,
  kindOf,
  listAt,
  nameOf,
  namespaceOf,
  objectId,
  textAt,
} from './object.ts';
import { isRendered, removeRendered } from './render-yaml.ts';
import type { ResourceContext } from './resource-context.ts';
import { timeoutOf } from './timeout.ts';

/** Kinds whose deletion is not waited for with `pulumi.com/skipAwait`: those that take time (official: allowsSkipAwaitWithDelete). */
const MAY_SKIP = ['Namespace', 'Pod', 'ReplicationController', 'DaemonSet', 'Deployment', 'StatefulSet', 'Job'];
const POLL_INTERVAL = 5000;

/** Built-in kinds of which no controller of Kubernetes makes other objects. */
const OWNS_NOTHING = [
  '/ConfigMap',
  '/LimitRange',
  '/PersistentVolume',
  '/ResourceQuota',
  '/Secret',
  '/ServiceAccount',
  'autoscaling/HorizontalPodAutoscaler',
  'networking.k8s.io/Ingress',
  'networking.k8s.io/IngressClass',
  'networking.k8s.io/NetworkPolicy',
  'policy/PodDisruptionBudget',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/RoleBinding',
  'scheduling.k8s.io/PriorityClass',
  'storage.k8s.io/StorageClass',
];

/** Deletes the object and waits until it is gone. One that is gone already is fine. A patch gives up its fields instead. */
export async function deleteResource(request: DeleteRequest, context: ResourceContext): Promise<void> {
  const { cluster } = context;
  const recorded = readCheckpoint(request.outputs);
  const { live, inputs } = recorded;
  if (isRendered(cluster)) return removeRendered(live, context);
  try {
    if (cluster.unusable !== undefined) throw new UnreachableError(cluster.unusable);
    if (isPatchType(request.type, kindOf(live))) return await releasePatch(cluster, recorded);
    if (await startDeletion(cluster, live, inputs)) return;
    if (annotationOf(inputs, annotations.skipAwait) === 'true' && MAY_SKIP.includes(kindOf(live))) return;
    await waitUntilGone(request, recorded, context);
  } catch (error) {
    if (error instanceof NoSuchKindError) return;
    if (error instanceof UnreachableError && cluster.configuration.deleteUnreachable) {
      context.log('warning', `${error.message}. It is removed from the state as deleteUnreachable is set`);
      return;
    }
    throw explainError(error, 'delete', live);
  } finally {
    if (isCustomResourceDefinition(live)) cluster.discovery.forget();
  }
}

async function releasePatch(cluster: Cluster, recorded: Checkpoint): Promise<void> {
  try {
    await relinquish(cluster, recorded.live, recorded.fieldManager);
  } catch (error) {
    if (isApiError(error, 404)) return;
    const required =
      error instanceof ApiError ? error.causes.find(({ reason }) => reason === 'FieldValueRequired') : undefined;
    if (!required) throw error;
    throw new ProviderError(
      `Cannot delete the patch of ${describe(recorded.live)} as the object needs a field that only this patch sets: ${required.field}. ` +
        `Set the resource option retainOnDelete, or let another manager set the field first.`,
      { cause: error },
    );
  }
}

/** True where the object is gone at once. */
async function startDeletion(cluster: Cluster, live: KubeObject, inputs: KubeObject): Promise<boolean> {
  try {
    const answer = await cluster.delete(live, propagationPolicy(inputs, live));
    return kindOf(answer) === 'Status';
  } catch (error) {
    if (isApiError(error, 404)) return true;
    throw error;
  }
}

/** Foreground, as the official provider: the object goes after what it owns. For kinds that own nothing that only costs time. */
function propagationPolicy(inputs: KubeObject, live: KubeObject): string {
  const policy = annotationOf(inputs, annotations.deletionPropagation).toLowerCase();
  if (policy === 'orphan') return 'Orphan';
  if (policy === 'foreground') return 'Foreground';
  const { group, kind } = kindOfObject(live);
  return policy === 'background' || OWNS_NOTHING.includes(`${group}/${kind}`) ? 'Background' : 'Foreground';
}

async function waitUntilGone(request: DeleteRequest, recorded: Checkpoint, context: ResourceContext): Promise<void> {
  const { live } = recorded;
  const seconds = timeoutOf(request.timeout, recorded.inputs);
  const signal = AbortSignal.any([context.signalOf(request.signal), AbortSignal.timeout(seconds * 1000)]);
  let last = live;
  try {
    await watchUntilGone(context, live, signal, (current) => {
      last = current;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    const reasons = whyNotGone(last);
    throw new ProviderError(
      `Cannot delete ${describe(live)} within ${seconds} s as it still exists: ${reasons.join('; ')}. Its deletion goes on in the ` +
        `cluster; remove what holds it and run this again.`,
      {
        status: 'unknown',
        cause: error,
        partial: {
          id: request.id,
          outputs: checkpointProperties({ ...recorded, live: last }, request.outputs),
          inputs: undefined,
          reasons,
        },
      },
    );
  } finally {
    context.report('');
  }
}

/** Resolves when the object is gone, or another one of its name stands in its place. Rejects when `signal` is aborted. */
async function watchUntilGone(
  context: ResourceContext,
  live: KubeObject,
  signal: AbortSignal,
  onSeen: (current: KubeObject) => void,
): Promise<void> {
  const { cluster } = context;
  const served = await cluster.discovery.find(kindOfObject(live));
  const key = `${namespaceOf(live)}/${nameOf(live)}`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ask = () => void isGone(cluster, live).then((gone) => gone && resolve(), reject);
  const look = () => {
    const seen = subscription.informer.items.get(key);
    // The list may be older than the deletion, or may not be ours to read: the object itself decides.
    if (!seen || isAnother(seen, live)) return ask();
    onSeen(seen);
    context.report(whyNotGone(seen).join('; '));
  };
  const onAbort = () => reject(signal.reason);
  const subscription = cluster.informers.subscribe({ served, namespace: namespaceOf(live) }, look, key);
  // For watches that the user may not make, or that miss an event.
  const poll = setInterval(ask, POLL_INTERVAL);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) throw signal.reason;
    await promise;
  } finally {
    clearInterval(poll);
    signal.removeEventListener('abort', onAbort);
    subscription.close();
  }
}

function isAnother(current: KubeObject, known: KubeObject): boolean {
  return textAt(current, 'metadata', 'uid') !== textAt(known, 'metadata', 'uid');
}

async function isGone(cluster: Cluster, live: KubeObject): Promise<boolean> {
  try {
    return isAnother(await cluster.get(live), live);
  } catch (error) {
    if (isApiError(error, 404)) return true;
    throw error;
  }
}

/** Finalizers hold an object until whoever set them is done; a namespace says itself what is left in it. */
function whyNotGone(object: KubeObject): readonly string[] {
  const finalizers = [...listAt(object, 'metadata', 'finalizers'), ...listAt(object, 'spec', 'finalizers')].join(', ');
  const conditions = kindOf(object) === 'Namespace' ? conditionSummaries(object) : [];
  return [
    `waiting for ${objectId(object)} to end`,
    ...(finalizers === '' ? [] : [`its finalizers are not done: ${finalizers}`]),
    ...conditions,
  ];
}
