import { isBuiltInGroup, kindOfObject } from '../kind.ts';
import type { KubeObject } from '../object.ts';
import type { Awaiter } from './awaiter.ts';
import {
  apiServiceAwaiter,
  customResourceDefinitionAwaiter,
  namespaceAwaiter,
  persistentVolumeAwaiter,
  persistentVolumeClaimAwaiter,
  resourceQuotaAwaiter,
  secretAwaiter,
} from './cluster-objects.ts';
import { deploymentAwaiter } from './deployment.ts';
import { ingressAwaiter } from './ingress.ts';
import { jobAwaiter } from './job.ts';
import { podAwaiter } from './pod.ts';
import { serviceAwaiter } from './service.ts';
import { cronJobAwaiter, daemonSetAwaiter, replicaSetAwaiter, statefulSetAwaiter } from './workloads.ts';

const AWAITERS: Readonly<Record<string, Awaiter>> = {
  'apps/Deployment': deploymentAwaiter,
  'apps/StatefulSet': statefulSetAwaiter,
  'apps/DaemonSet': daemonSetAwaiter,
  'apps/ReplicaSet': replicaSetAwaiter,
  'batch/Job': jobAwaiter,
  'batch/CronJob': cronJobAwaiter,
  '/Pod': podAwaiter,
  '/ReplicationController': replicaSetAwaiter,
  '/Service': serviceAwaiter,
  '/Namespace': namespaceAwaiter,
  '/PersistentVolume': persistentVolumeAwaiter,
  '/PersistentVolumeClaim': persistentVolumeClaimAwaiter,
  '/ResourceQuota': resourceQuotaAwaiter,
  '/Secret': secretAwaiter,
  'networking.k8s.io/Ingress': ingressAwaiter,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinitionAwaiter,
  'apiregistration.k8s.io/APIService': apiServiceAwaiter,
};

/** How objects like `object` become ready; undefined: they are when they exist. */
export function awaiterOfKind(object: KubeObject): Awaiter | undefined {
  const { group, kind } = kindOfObject(object);
  return isBuiltInGroup(group) || group === 'apiregistration.k8s.io' ? AWAITERS[`${group}/${kind}`] : undefined;
}
