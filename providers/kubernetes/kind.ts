import { apiVersionOf, type KubeObject, kindOf } from './object.ts';

/** A kind of object: `group` is '' for the core group. */
export interface ObjectKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Groups of Kubernetes itself whose kinds may be in no namespace. A group of a custom resource definition is in none of these. */
const CLUSTER_KINDS: Readonly<Record<string, readonly string[]>> = {
  '': ['ComponentStatus', 'Namespace', 'Node', 'PersistentVolume'],
  'admissionregistration.k8s.io': [
    'MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding',
    'MutatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingWebhookConfiguration',
  ],
  'apiextensions.k8s.io': ['CustomResourceDefinition'],
  'apiregistration.k8s.io': ['APIService'],
  'authentication.k8s.io': ['SelfSubjectReview', 'TokenReview'],
  'authorization.k8s.io': ['SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview'],
  'certificates.k8s.io': ['CertificateSigningRequest', 'ClusterTrustBundle'],
  'flowcontrol.apiserver.k8s.io': ['FlowSchema', 'PriorityLevelConfiguration'],
  'internal.apiserver.k8s.io': ['StorageVersion'],
  'networking.k8s.io': ['IPAddress', 'IngressClass', 'ServiceCIDR'],
  'node.k8s.io': ['RuntimeClass'],
  policy: ['PodSecurityPolicy'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding'],
  'resource.k8s.io': ['DeviceClass', 'DeviceTaintRule', 'ResourceSlice'],
  'scheduling.k8s.io': ['PriorityClass'],
  'storage.k8s.io': ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment', 'VolumeAttributesClass'],
  'storagemigration.k8s.io': ['StorageVersionMigration'],
};

/** Groups of Kubernetes itself that have only kinds within namespaces. */
const NAMESPACED_GROUPS = ['apps', 'autoscaling', 'batch', 'coordination.k8s.io', 'discovery.k8s.io', 'events.k8s.io'];

/** Whether the kinds of `group` come with Kubernetes, so that their scope is known without asking a cluster. */
export function isBuiltInGroup(group: string): boolean {
  return Object.hasOwn(CLUSTER_KINDS, group) || NAMESPACED_GROUPS.includes(group) || group === 'extensions';
}

/** Whether objects of a built-in kind live in a namespace; undefined for any other kind. */
export function isNamespacedBuiltIn({ group, kind }: ObjectKind): boolean | undefined {
  if (!isBuiltInGroup(group)) return undefined;
  return !(CLUSTER_KINDS[group] ?? []).includes(kind);
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersion({ group, version }: ObjectKind): string {
  return group === '' ? version : `${group}/${version}`;
}

export function kindOfObject(object: KubeObject): ObjectKind {
  return { ...parseApiVersion(apiVersionOf(object)), kind: kindOf(object) };
}

export function parseApiVersion(text: string): { readonly group: string; readonly version: string } {
  const slash = text.indexOf('/');
  if (slash < 0) return { group: '', version: text };
  const group = text.slice(0, slash);
  return { group: group === 'core' ? '' : group, version: text.slice(slash + 1) };
}

/**
 * The kind that a resource type stands for: `kubernetes:apps/v1:Deployment`. The type of a patch (`...:DeploymentPatch`) stands for
 * the kind that it patches, which its inputs name. Undefined where the type has no such form.
 */
export function kindOfType(type: string): ObjectKind | undefined {
  const [, module = '', kind = ''] = type.split(':');
  const { group, version } = parseApiVersion(module);
  return module.includes('/') && kind !== '' ? { group, version, kind } : undefined;
}

/** Whether `type` patches objects of `kind` instead of owning them: only then is the type called like the kind with `Patch` behind. */
export function isPatchType(type: string, kind: string): boolean {
  return kind !== '' && type.split(':')[2] === `${kind}Patch`;
}

/** Whether the type is a list of a built-in kind (`kubernetes:core/v1:PodList`), which exists only for manifests. */
export function isListType(type: string): boolean {
  const kind = kindOfType(type);
  return kind !== undefined && isBuiltInGroup(kind.group) && kind.kind.endsWith('List') && kind.kind !== 'List';
}

export function isCustomResourceDefinition(object: KubeObject): boolean {
  const { group, kind } = kindOfObject(object);
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition';
}

export function isSecret(object: KubeObject): boolean {
  const { group, kind } = kindOfObject(object);
  return group === '' && kind === 'Secret';
}

export function isConfigMap(object: KubeObject): boolean {
  const { group, kind } = kindOfObject(object);
  return group === '' && kind === 'ConfigMap';
}
