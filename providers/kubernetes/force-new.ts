import type { Configuration } from './configuration.ts';
import { isConfigMap, isSecret, kindOfObject } from './kind.ts';
import { isFields, isList, type KubeObject, type KubeValue, valueAt } from './object.ts';

/** A path of field names and list indexes. */
export type FieldPath = readonly (string | number)[];

const IDENTITY = ['metadata.name', 'metadata.namespace'];
const CONTAINER_FIELDS =
  'args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext stdin stdinOnce ' +
  'terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir';
const POD_FIELDS =
  'affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID hostname ' +
  'imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates restartPolicy ' +
  'runtimeClassName schedulerName securityContext serviceAccount serviceAccountName shareProcessNamespace subdomain ' +
  'terminationGracePeriodSeconds volumes';
const VOLUME_SOURCES =
  'awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath iscsi local ' +
  'nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume';

const within = (prefix: string, fields: string) => fields.split(' ').map((field) => `${prefix}.${field}`);

const POD = [
  ...within('spec', POD_FIELDS),
  ...within('spec.containers.*', CONTAINER_FIELDS),
  ...within('spec.initContainers.*', CONTAINER_FIELDS),
];
const JOB = within('spec', 'completions parallelism selector template');
const STATEFUL_SET = within(
  'spec',
  'podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates',
);

/**
 * The fields that cannot be changed, by group and kind, where a change needs a replacement: the official provider's list
 * (provider/pkg/provider/diff.go), so that both plan the same steps. `*` stands for any index. Versions in which the selector of
 * a Deployment could still be changed are no longer served by any supported cluster.
 */
const FORCE_NEW: Readonly<Record<string, readonly string[]>> = {
  'apps/DaemonSet': ['spec.selector'],
  'apps/Deployment': ['spec.selector'],
  'apps/StatefulSet': STATEFUL_SET,
  'batch/Job': JOB,
  '/PersistentVolume': within('spec', VOLUME_SOURCES),
  '/PersistentVolumeClaim': within('spec', 'accessModes selector storageClassName volumeName'),
  '/Pod': POD,
  '/ResourceQuota': ['spec.scopes'],
  '/Secret': ['type'],
  '/Service': ['spec.clusterIP'],
  'rbac.authorization.k8s.io/ClusterRoleBinding': ['roleRef'],
  'rbac.authorization.k8s.io/RoleBinding': ['roleRef'],
  'storage.k8s.io/StorageClass': ['parameters', 'provisioner'],
};

/** The patterns of the fields of `object` whose change makes a replacement necessary. */
export function forceNewFields(
  object: KubeObject,
  configuration: Pick<Configuration, 'enableSecretMutable' | 'enableConfigMapMutable'>,
  isPatch: boolean,
): readonly string[] {
  if (isPatch) return IDENTITY;
  const immutable = valueAt(object, 'immutable') === true;
  if (isSecret(object) && (!configuration.enableSecretMutable || immutable))
    return [...IDENTITY, 'type', 'stringData', 'data'];
  if (isConfigMap(object) && (!configuration.enableConfigMapMutable || immutable))
    return [...IDENTITY, 'binaryData', 'data'];
  const { group, kind } = kindOfObject(object);
  return [...IDENTITY, ...(FORCE_NEW[`${group}/${kind}`] ?? [])];
}

/**
 * Whether a change at `path` touches a field of `patterns`: it is one of them, is within one, or its new `value` holds one.
 */
export function touches(path: FieldPath, value: KubeValue | undefined, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => touchesOne(path, value, pattern.split('.')));
}

function touchesOne(path: FieldPath, value: KubeValue | undefined, pattern: readonly string[]): boolean {
  const shared = Math.min(path.length, pattern.length);
  for (let index = 0; index < shared; index += 1) {
    const matches = pattern[index] === '*' ? typeof path[index] === 'number' : path[index] === pattern[index];
    if (!matches) return false;
  }
  return path.length >= pattern.length || holds(value, pattern.slice(shared));
}

function holds(value: KubeValue | undefined, pattern: readonly string[]): boolean {
  const [name, ...rest] = pattern;
  if (name === undefined) return value !== undefined;
  if (name === '*') return isList(value) && value.some((item) => holds(item, rest));
  return isFields(value) && Object.hasOwn(value, name) && holds(value[name], rest);
}
