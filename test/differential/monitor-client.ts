import { type Client, credentials, status } from '@grpc/grpc-js';
import aliasMessages from '@pulumi/pulumi/proto/alias_pb.js';
import resourceServices from '@pulumi/pulumi/proto/resource_grpc_pb.js';
import messages from '@pulumi/pulumi/proto/resource_pb.js';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { decodeProperties, encodeProperties, encodeValue } from '../../protocol/struct-codec.ts';
import type { ProgramPort, Registered, Registration } from './program.ts';
import { errorHookNames, hookNames, type ProgramCallbacks } from './program-callbacks.ts';
import { hookKinds, type ScenarioHooks, type TransformName } from './scenario-data.ts';

/** The engine ended the program: it has said why itself. */
export class MonitorGone extends Error {}

type Unary = (request: unknown, callback: (error: { code: number } | null, response: never) => void) => void;

/** Sends registrations to an engine's resource monitor, as the Node SDK does. */
export class MonitorClient implements ProgramPort {
  readonly #client: Client & Record<string, Unary>;
  readonly #callbacks: ProgramCallbacks | undefined;

  /** `callbacks`: the hooks and transforms of the program, where it has any. */
  constructor(address: string, callbacks?: ProgramCallbacks) {
    this.#callbacks = callbacks;
    const { ResourceMonitorClient } = resourceServices as unknown as {
      ResourceMonitorClient: new (...parts: unknown[]) => never;
    };
    this.#client = new ResourceMonitorClient(address, credentials.createInsecure());
  }

  async registerHooks(): Promise<void> {
    for (const name of hookNames) {
      const request = new messages.RegisterResourceHookRequest();
      request.setName(name);
      request.setCallback(this.#callbacks?.callback('hook', name));
      request.setOnDryRun(name === 'rehearse');
      request.setIgnoreErrors(name === 'grumble');
      await this.#call('registerResourceHook', request);
    }
    for (const name of errorHookNames) {
      const request = new messages.RegisterErrorHookRequest();
      request.setName(name);
      request.setCallback(this.#callbacks?.callback('error', name));
      await this.#call('registerErrorHook', request);
    }
  }

  async registerStackTransform(transform: TransformName): Promise<void> {
    await this.#call('registerStackTransform', this.#callbacks?.callback('transform', transform));
  }

  async register(registration: Registration): Promise<Registered> {
    if (registration.read !== undefined) return this.#read(registration, registration.read);
    const request = requestOf(registration);
    const { transform } = registration;
    if (transform && this.#callbacks) request.setTransformsList([this.#callbacks.callback('transform', transform)]);
    const response = await this.#call<InstanceType<typeof messages.RegisterResourceResponse>>(
      'registerResource',
      request,
    );
    return {
      urn: response.getUrn(),
      id: response.getId(),
      outputs: decodeProperties(response.getObject() as never),
    };
  }

  async #read(registration: Registration, id: string): Promise<Registered> {
    const request = new messages.ReadResourceRequest();
    request.setId(id);
    request.setType(registration.type);
    request.setName(registration.name);
    request.setParent(registration.parent);
    request.setProperties(encodeProperties({}) as never);
    request.setDependenciesList([...registration.dependencies]);
    if (registration.provider) request.setProvider(registration.provider);
    request.setAcceptsecrets(true);
    request.setAcceptresources(true);
    const response = await this.#call<InstanceType<typeof messages.ReadResourceResponse>>('readResource', request);
    return { urn: response.getUrn(), id, outputs: decodeProperties(response.getProperties() as never) };
  }

  async registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    const request = new messages.RegisterResourceOutputsRequest();
    request.setUrn(urn);
    request.setOutputs(encodeProperties(outputs) as never);
    await this.#call('registerResourceOutputs', request);
  }

  close(): void {
    this.#client.close();
  }

  #call<Response>(method: string, request: unknown): Promise<Response> {
    return new Promise((resolve, reject) =>
      this.#client[method]!.call(this.#client, request, (error, response) => {
        if (error === null) resolve(response);
        else if (error.code === status.UNAVAILABLE || error.code === status.CANCELLED) reject(new MonitorGone());
        else reject(error);
      }),
    );
  }
}

function requestOf(registration: Registration): InstanceType<typeof messages.RegisterResourceRequest> {
  const { options } = registration;
  const request = new messages.RegisterResourceRequest();
  request.setType(registration.type);
  request.setName(registration.name);
  request.setCustom(registration.custom);
  request.setParent(registration.parent);
  request.setObject(encodeProperties(registration.inputs) as never);
  request.setDependenciesList([...registration.dependencies]);
  for (const [key, urns] of Object.entries(registration.propertyDependencies)) {
    const dependencies = new messages.RegisterResourceRequest.PropertyDependencies();
    dependencies.setUrnsList([...urns]);
    request.getPropertydependenciesMap().set(key, dependencies);
  }
  if (registration.provider) request.setProvider(registration.provider);
  request.setAcceptsecrets(true);
  request.setAcceptresources(true);
  request.setSupportspartialvalues(true);
  (request as unknown as { setSupportsresultreporting(value: boolean): void }).setSupportsresultreporting(true);
  request.setAliasspecs(true);
  request.setAliasesList(aliasesOf(options));
  if (registration.remote) request.setRemote(true);
  if (registration.hooks) request.setHooks(bindingOf(registration.hooks));
  if (options.hideDiff) request.setHidediffsList([...options.hideDiff]);
  if (options.protect !== undefined) request.setProtect(options.protect);
  if (options.retainOnDelete !== undefined) request.setRetainondelete(options.retainOnDelete);
  if (options.ignoreChanges) request.setIgnorechangesList([...options.ignoreChanges]);
  if (options.replaceOnChanges) request.setReplaceonchangesList([...options.replaceOnChanges]);
  if (options.deleteBeforeReplace !== undefined) {
    request.setDeletebeforereplace(options.deleteBeforeReplace);
    request.setDeletebeforereplacedefined(true);
  }
  if (options.additionalSecretOutputs) request.setAdditionalsecretoutputsList([...options.additionalSecretOutputs]);
  if (options.deletedWith) request.setDeletedwith(options.deletedWith);
  if (options.replaceWith) request.setReplaceWithList([...options.replaceWith]);
  if (options.replacementTrigger !== undefined)
    request.setReplacementTrigger(encodeValue(options.replacementTrigger) as never);
  if (options.importId) request.setImportid(options.importId);
  setTimeouts(request, options);
  return request;
}

function setTimeouts(
  request: InstanceType<typeof messages.RegisterResourceRequest>,
  { createTimeout, updateTimeout, deleteTimeout }: Registration['options'],
): void {
  if (createTimeout === undefined && updateTimeout === undefined && deleteTimeout === undefined) return;
  const timeouts = new messages.RegisterResourceRequest.CustomTimeouts();
  if (createTimeout !== undefined) timeouts.setCreate(`${createTimeout}s`);
  if (updateTimeout !== undefined) timeouts.setUpdate(`${updateTimeout}s`);
  if (deleteTimeout !== undefined) timeouts.setDelete(`${deleteTimeout}s`);
  request.setCustomtimeouts(timeouts);
}

function bindingOf(hooks: ScenarioHooks): InstanceType<typeof messages.RegisterResourceRequest.ResourceHooksBinding> {
  const binding = new messages.RegisterResourceRequest.ResourceHooksBinding();
  for (const kind of [...hookKinds, 'OnError'] as const) binding[`set${kind}List`]([...(hooks[kind] ?? [])]);
  return binding;
}

/** Every name with every type that it may have had, below its parent and without one. */
function aliasesOf({ aliases, aliasUrns = [], otherType }: Registration['options']) {
  const byUrn = aliasUrns.map((urn) => {
    const alias = new aliasMessages.Alias();
    alias.setUrn(urn);
    return alias;
  });
  if (aliases === undefined) return byUrn;
  const specs = ['', ...aliases].flatMap((name) =>
    ['', otherType ?? ''].flatMap((type) => [false, true].map((noParent) => ({ name, type, noParent }))),
  );
  return [...byUrn, ...specs.filter(({ name, type, noParent }) => name || type || noParent).map(aliasOf)];
}

/** The same resource under another name, of another type, or without its parent. */
function aliasOf(parts: {
  readonly name: string;
  readonly type: string;
  readonly noParent: boolean;
}): InstanceType<typeof aliasMessages.Alias> {
  const spec = new aliasMessages.Alias.Spec();
  if (parts.name !== '') spec.setName(parts.name);
  if (parts.type !== '') spec.setType(parts.type);
  if (parts.noParent) spec.setNoparent(true);
  const alias = new aliasMessages.Alias();
  alias.setSpec(spec);
  return alias;
}
