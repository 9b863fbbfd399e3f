/** A Kubernetes object as YAML has it. */
export interface KubernetesManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** What other objects need to be there first: definitions and namespaces, then what workloads refer to. */
const STAGES: readonly ReadonlySet<string>[] = [
  new Set(['CustomResourceDefinition', 'Namespace', 'PriorityClass', 'StorageClass']),
  new Set([
    'ServiceAccount',
    'ConfigMap',
    'Secret',
    'ClusterRole',
    'Role',
    'ClusterRoleBinding',
    'RoleBinding',
    'PersistentVolumeClaim',
    'LimitRange',
    'ResourceQuota',
    'NetworkPolicy',
  ]),
];
const WEBHOOKS: ReadonlySet<string> = new Set(['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']);

/**
 * Objects in the stages in which they have to be made; each stage waits for the ones before. Webhooks come last: before their
 * server runs they refuse everything.
 */
export function orderObjects(objects: readonly KubernetesManifest[]): readonly (readonly KubernetesManifest[])[] {
  const stages: KubernetesManifest[][] = [[], [], [], []];
  for (const object of objects) stages[stageOf(object)]!.push(object);
  return stages.filter((stage) => stage.length > 0);
}

function stageOf({ kind }: KubernetesManifest): number {
  const early = STAGES.findIndex((kinds) => kinds.has(kind));
  if (early >= 0) return early;
  return WEBHOOKS.has(kind) ? 3 : 2;
}

/** A name that tells an object from all others of a set: `Deployment/shop/web`. Throws where there is none to tell. */
export function objectName({ kind, metadata }: KubernetesManifest): string {
  if (metadata?.name === undefined) throw new Error(`a ${kind} has no metadata.name`);
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/');
}

/** The type token of the Kubernetes SDK: `v1` is the group `core`. */
export function objectType({ apiVersion, kind }: KubernetesManifest): string {
  return `kubernetes:${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}:${kind}`;
}
