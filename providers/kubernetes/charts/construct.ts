import {
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from '../../../protocol/property-value.ts';
import type { ConstructRequest, ConstructResponse } from '../../../protocol/provider.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import { annotations } from '../annotations.ts';
import type { Cluster } from '../cluster.ts';
import {
  annotationOf,
  apiVersionOf,
  isFields,
  isList,
  type KubeObject,
  type KubeValue,
  kindOf,
  objectId,
  withValueAt,
} from '../object.ts';
import { propertiesOf } from '../property-object.ts';
import { markSecrets } from '../secrets.ts';
import { ComponentInputs } from './component-inputs.ts';
import { COMPONENTS } from './components.ts';
import { dependenciesOf, sortByDependencies } from './dependency-order.ts';
import { connectMonitor, type MonitorClient, type Registered } from './monitor-client.ts';
import { requireIdentity } from './parse-manifest.ts';
import { placeObjects } from './place-objects.ts';

/** What a component's construction works with. */
export interface ConstructContext {
  readonly cluster: Cluster;
  readonly workingDirectory: string;
  /** The version of the package that the program asked for: its children belong to the same provider. */
  readonly version: string;
  readonly signal: AbortSignal;
  readonly log: (severity: 'warning', message: string, urn: string) => void;
}

const HELM_RESOURCE_POLICY = 'helm.sh/resource-policy';

/**
 * Makes a remote component (chart, kustomization, manifests): registers it, renders its objects and registers each of them as its
 * child, after those that it needs. Rejects with what the first failing child says, when all have ended.
 */
export async function constructComponent(
  request: ConstructRequest,
  context: ConstructContext,
): Promise<ConstructResponse> {
  const kind = COMPONENTS[request.type];
  if (!kind)
    throw new ProviderError(`Cannot construct ${request.type} as the kubernetes provider has no such component.`, {
      status: 'unimplemented',
    });
  const monitor = connectMonitor(request.info.monitorEndpoint);
  try {
    const inputs = new ComponentInputs(request.inputs, `the component ${request.name}`, context.workingDirectory);
    const { urn } = await registerComponent(request, monitor);
    if (inputs.hasUnknown) {
      context.log('warning', 'some arguments are not known yet: this preview does not show what is inside', urn);
      return finish(monitor, urn, new Unknown('array'));
    }
    const rendered = await kind.render(inputs, request.name, context);
    for (const object of rendered) requireIdentity(object, request.name);
    const namespace = kind.namespace(inputs) ?? context.cluster.defaultNamespace;
    const objects = await placeObjects(rendered, namespace, context.cluster);
    const children = await registerChildren(objects, { request, inputs, urn, monitor, context });
    return await finish(
      monitor,
      urn,
      children.map((child) => new ResourceReference(child.urn, child.id || new Unknown())),
    );
  } finally {
    monitor.close();
  }
}

function registerComponent(
  { type, name, parent, options }: ConstructRequest,
  monitor: MonitorClient,
): Promise<Registered> {
  return monitor.register({
    type,
    name,
    parent,
    custom: false,
    object: {},
    dependencies: options.dependencies,
    protect: options.protect,
    providers: options.providers,
    aliasUrns: options.aliases,
    additionalSecretOutputs: options.additionalSecretOutputs,
    ignoreChanges: options.ignoreChanges,
    replaceOnChanges: options.replaceOnChanges,
    retainOnDelete: options.retainOnDelete,
    deletedWith: options.deletedWith,
    deleteBeforeReplace: options.deleteBeforeReplace,
  });
}

async function finish(monitor: MonitorClient, urn: string, resources: PropertyValue): Promise<ConstructResponse> {
  const outputs: PropertyMap = { resources };
  await monitor.registerOutputs(urn, outputs);
  return { urn, outputs, outputDependencies: {} };
}

interface Registering {
  readonly request: ConstructRequest;
  readonly inputs: ComponentInputs;
  readonly urn: string;
  readonly monitor: MonitorClient;
  readonly context: ConstructContext;
}

/** Registers as much at the same time as the order allows. The answer is in the order of the manifest. */
async function registerChildren(
  objects: readonly KubeObject[],
  registering: Registering,
): Promise<readonly Registered[]> {
  const dependencies = dependenciesOf(objects);
  const started: Promise<Registered>[] = [];
  for (const index of sortByDependencies(dependencies)) {
    const needed = dependencies[index]!.map((other) => started[other]!);
    started[index] = Promise.all(needed).then((before) =>
      registerChild(
        objects[index]!,
        before.map(({ urn }) => urn),
        registering,
      ),
    );
  }
  const settled = await Promise.allSettled(started);
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

function registerChild(
  object: KubeObject,
  dependencies: readonly string[],
  { request, inputs, urn, monitor, context }: Registering,
): Promise<Registered> {
  const { options } = request;
  const prefix = inputs.text('resourcePrefix') ?? request.name;
  const awaited = inputs.flag('skipAwait')
    ? withValueAt(object, ['metadata', 'annotations', annotations.skipAwait], 'true')
    : object;
  const policy = annotationOf(object, HELM_RESOURCE_POLICY);
  return monitor.register({
    type: typeOf(object),
    name: `${prefix}:${objectId(object)}`,
    parent: urn,
    custom: true,
    object: hideSecrets(awaited, inputs.secretTexts()),
    dependencies,
    provider: options.providers.kubernetes ?? '',
    version: context.version,
    ...(policy === 'keep' ? { retainOnDelete: true } : {}),
  });
}

/** `kubernetes:apps/v1:Deployment`; the core group is spelled out in types. */
export function typeOf(object: KubeObject): string {
  const version = apiVersionOf(object);
  return `kubernetes:${version.includes('/') ? version : `core/${version}`}:${kindOf(object)}`;
}

/** A rendered text that holds a secret argument is as secret as the argument, also where it is encoded. */
function hideSecrets(object: KubeObject, secrets: readonly string[]): PropertyMap {
  const marked = markSecrets(propertiesOf(object), {});
  const hidden = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  if (hidden.length === 0) return marked;
  const hide = (value: KubeValue): PropertyValue => {
    if (typeof value === 'string') return hidden.some((secret) => value.includes(secret)) ? new Secret(value) : value;
    if (isList(value)) return value.map(hide);
    return isFields(value)
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hide(inner)]))
      : value;
  };
  return markSecrets(hide(object) as PropertyMap, marked);
}
