import { createHash } from 'node:crypto';
import {
  isPropertyMap,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../../protocol/property-value.ts';
import type { CheckFailure, InvokeRequest } from '../../../protocol/provider.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import { plain } from '../diff-inputs.ts';
import type { Draft, NamingContext, PackageModel } from '../package-model.ts';
import type { JsonMap, WorldObject } from '../world.ts';
import { isClusterScoped } from './kind-scope.ts';
import { statusOf } from './object-status.ts';
import { renderChart, renderKustomization } from './render-tools.ts';
import { decodeYaml } from './yaml-decode.ts';

/** Namespaces that every cluster has from its first minute. */
const BUILT_IN_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** What the API server never lets change (each kind's `ValidateUpdate`); any other kind: name and namespace only. */
const IMMUTABLE: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec.selector'],
  ReplicaSet: ['spec.selector'],
  DaemonSet: ['spec.selector'],
  StatefulSet: ['spec.selector', 'spec.serviceName', 'spec.podManagementPolicy', 'spec.volumeClaimTemplates'],
  Job: ['spec.selector', 'spec.template', 'spec.completionMode', 'spec.podReplacementPolicy'],
  Pod: ['spec.containers[0].name', 'spec.nodeName', 'spec.volumes', 'spec.serviceAccountName'],
  PersistentVolumeClaim: ['spec.accessModes', 'spec.storageClassName', 'spec.volumeName', 'spec.selector'],
  StorageClass: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  Service: ['spec.clusterIP'],
  IngressClass: ['spec.controller'],
};

const FUNCTIONS: Readonly<Record<string, (args: PropertyMap) => PropertyMap | Promise<PropertyMap>>> = {
  'kubernetes:yaml:decode': decodeYaml,
  'kubernetes:helm:template': renderChart,
  'kubernetes:kustomize:directory': renderKustomization,
};

/** A Kubernetes cluster as far as stored objects go: no controllers, no pods; objects count as ready at once. */
export const kubernetesModel: PackageModel = {
  realm(configuration) {
    const kubeconfig = plain(configuration.kubeconfig);
    if (typeof kubeconfig !== 'string') return '';
    const server = /["']?server["']?\s*:\s*["']?([^\s"',}]+)/.exec(kubeconfig)?.[1];
    return createHash('sha256')
      .update(server ?? kubeconfig)
      .digest('hex')
      .slice(0, 12);
  },

  complete(draft: Draft, context: NamingContext) {
    const [apiVersion, kind] = apiVersionAndKind(draft);
    // What is not known yet gets its name and namespace when it is.
    if (plain(draft.inputs.metadata) instanceof Unknown) return { apiVersion, kind, ...draft.inputs };
    const metadata = mapOf(draft.inputs.metadata);
    const named = 'name' in metadata || 'generateName' in metadata ? metadata : autonamed(metadata, draft, context);
    const namespaced = isClusterScoped(apiVersion, kind) ? named : { namespace: 'default', ...named };
    return { apiVersion, kind, ...draft.inputs, metadata: asSecretAs(draft.inputs.metadata, namespaced) };
  },

  check(draft) {
    const metadata = mapOf(draft.inputs.metadata);
    return [...nameFailures(metadata), ...selectorFailures(draft.inputs)];
  },

  replacing({ changed, news }) {
    const kind = String(plain(news.kind));
    const immutable = ['metadata.name', 'metadata.namespace', 'kind', ...(IMMUTABLE[kind] ?? [])];
    const frozen = holdsData(kind) ? ['data', 'binaryData', 'stringData', 'immutable'] : [];
    return changed.filter((path) => [...immutable, ...frozen].some((prefix) => isWithin(path, prefix)));
  },

  deletesFirst(_type, olds, news) {
    const before = mapOf(olds.metadata);
    const after = mapOf(news.metadata);
    return before.name === after.name && before.namespace === after.namespace;
  },

  newId: ({ inputs }) => objectId(inputs),

  outputs(draft, previous) {
    const before = mapOf(previous?.metadata);
    const metadata = mapOf(draft.inputs.metadata);
    const uid = before.uid ?? uidOf(draft.urn + draft.id);
    const generation = Number(before.generation ?? 0) + 1;
    const creationTimestamp = before.creationTimestamp ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const resourceVersion = String(Number(before.resourceVersion ?? 1000) + 1);
    const status = statusOf(draft);
    return {
      ...draft.inputs,
      metadata: asSecretAs(draft.inputs.metadata, {
        ...metadata,
        uid,
        generation,
        creationTimestamp,
        resourceVersion,
      }),
      ...(status === undefined ? {} : { status }),
    };
  },

  refuseChange(object, surroundings) {
    const metadata = object.inputs.metadata as JsonMap | undefined;
    const namespace = metadata?.namespace;
    if (typeof namespace !== 'string' || BUILT_IN_NAMESPACES.includes(namespace)) return undefined;
    const found = surroundings.world.get({
      realm: surroundings.realm,
      type: 'kubernetes:core/v1:Namespace',
      id: namespace,
    });
    return found ? undefined : `namespaces "${namespace}" not found`;
  },

  refuseDelete: () => undefined,

  cascade(object, { world, realm }): readonly WorldObject[] {
    if (object.type !== 'kubernetes:core/v1:Namespace') return [];
    return world.listBelow(realm, `${object.id}/`);
  },

  invoke(request: InvokeRequest) {
    const render = FUNCTIONS[request.token];
    if (render) return render(request.args);
    throw new ProviderError(
      `Cannot call ${request.token} in the sandbox as it only knows ${Object.keys(FUNCTIONS).join(', ')}. ` +
        'Preview this stack with a real provider (mainstay:sandbox: false).',
      { status: 'unimplemented' },
    );
  },
};

function apiVersionAndKind(draft: Draft): readonly [string, string] {
  const apiVersion = plain(draft.inputs.apiVersion);
  const kind = plain(draft.inputs.kind);
  const [, group = '', typeKind = ''] = draft.type.split(':');
  const ofType = group.replace(/^core\//, '');
  return [typeof apiVersion === 'string' ? apiVersion : ofType, typeof kind === 'string' ? kind : typeKind];
}

function autonamed(metadata: PropertyMap, draft: Draft, context: NamingContext): PropertyMap {
  const before = mapOf(context.previous?.metadata);
  const wasAutonamed = mapOf(before.annotations)['pulumi.com/autonamed'] === 'true';
  const name = wasAutonamed && before.name !== undefined ? before.name : `${draft.name}-${context.suffix}`;
  return { ...metadata, name, annotations: { ...mapOf(metadata.annotations), 'pulumi.com/autonamed': 'true' } };
}

function objectId(inputs: PropertyMap): string {
  const metadata = mapOf(inputs.metadata);
  const name = plain(metadata.name) ?? plain(metadata.generateName);
  const namespace = plain(metadata.namespace);
  if (name instanceof Unknown || namespace instanceof Unknown) return '';
  return namespace === undefined ? String(name) : `${namespace}/${name}`;
}

/** Names as RFC 1123 subdomains have them (RBAC objects may hold more; they are rarely named so). */
function nameFailures(metadata: PropertyMap): readonly CheckFailure[] {
  const name = plain(metadata.name);
  if (typeof name !== 'string') return [];
  if (name.length <= 253 && /^[a-z0-9]([-a-z0-9.:]*[a-z0-9])?$/.test(name)) return [];
  return [
    {
      property: 'metadata.name',
      reason: `"${name}" is not a name that Kubernetes takes: lower-case letters, digits, '-' and '.', at most 253`,
    },
  ];
}

/** A workload whose selector does not select its own pods is refused by the API server. */
function selectorFailures(inputs: PropertyMap): readonly CheckFailure[] {
  const spec = mapOf(inputs.spec);
  const selector = mapOf(mapOf(spec.selector).matchLabels);
  const template = plain(spec.template);
  if (!isPropertyMap(template)) return [];
  const labels = mapOf(mapOf(template.metadata).labels);
  const missing = Object.keys(selector).filter((key) => {
    const [wanted, got] = [plain(selector[key]), plain(labels[key])];
    return !(wanted instanceof Unknown) && !(got instanceof Unknown) && wanted !== got;
  });
  return missing.map((key) => ({
    property: 'spec.selector',
    reason: `does not match the pods of its own template: label ${key} is not ${JSON.stringify(plain(selector[key]))} there`,
  }));
}

/** The official provider replaces these by default (`enableConfigMapMutable: false`), so that pods roll out with new names. */
function holdsData(kind: string): boolean {
  return kind === 'ConfigMap' || kind === 'Secret';
}

function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);
}

/** A value that was made of a secret is one. */
function asSecretAs(origin: PropertyValue | undefined, value: PropertyMap): PropertyValue {
  return origin instanceof Secret ? new Secret(value) : value;
}

function mapOf(value: PropertyValue | undefined): PropertyMap {
  const inner = plain(value);
  return isPropertyMap(inner) ? inner : {};
}

function uidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
