import { adaptProperties, hasSecrets, hasUnknowns } from './adapt-properties.ts';
import { isPropertyMap, type PropertyMap, Secret } from './property-value.ts';
import {
  type CheckRequest,
  type ConfigureRequest,
  type ConfigureResponse,
  type CreateRequest,
  type DiffRequest,
  type DiffResponse,
  type Provider,
  ProviderError,
  type ReadRequest,
  type UpdateRequest,
} from './provider.ts';
import { remarkSecrets, restoreAssets } from './provider-remarks.ts';
import { registerBareComponent } from './register-bare-component.ts';
import type { StructOptions } from './struct-marks.ts';

export interface AdapterOptions {
  /** Warnings about one resource that the engine should show. */
  readonly warn?: (urn: string, message: string) => void;
}

/** What a provider said about itself: Handshake's answer, or Configure's where it has no Handshake. */
type Capabilities = ConfigureResponse;

/** Undefined while the configuration has unknowns (previews only). */
type Configured = Capabilities | undefined;

const unavailableDiff: DiffResponse = {
  changes: 'some',
  replaces: [],
  stables: [],
  deleteBeforeReplace: false,
  diffs: [],
};

/**
 * Puts the rules of the official engine around a provider, in process or remote (pkg/resource/plugin/provider_plugin.go):
 * - marks that the provider does not accept are taken off, and secrets marked again by name in what comes back;
 * - while its configuration has unknowns it is not called: Check returns the inputs, Diff an update, Create and Update nothing known;
 * - in a preview Create and Update reach only a provider that supports previews; otherwise the inputs stand for the outputs;
 * - CheckConfig and DiffConfig may be missing; `configure` does not wait, a failure shows with the first call that needs it.
 */
export function adaptProvider(provider: Provider, options: AdapterOptions = {}): Provider {
  const adapter = new ProviderAdapter(provider, options);
  return {
    handshake: (request) => adapter.handshake(request),
    ...(provider.parameterize && { parameterize: (request) => provider.parameterize!(request) }),
    ...(provider.getSchema && { getSchema: (request) => provider.getSchema!(request) }),
    checkConfig: (request) => adapter.checkConfig(request),
    diffConfig: (request) => adapter.diffConfig(request),
    configure: (request) => adapter.configure(request),
    check: (request) => adapter.check(request),
    diff: (request) => adapter.diff(request),
    create: (request) => adapter.create(request),
    read: (request) => adapter.read(request),
    update: (request) => adapter.update(request),
    delete: (request) => adapter.delete(request),
    invoke: (request) => adapter.invoke(request),
    call: (request) => adapter.call(request),
    construct: (request) => adapter.construct(request),
    cancel: () => adapter.cancel(),
    close: () => provider.close(),
  };
}

class ProviderAdapter {
  readonly #provider: Provider;
  readonly #warn: (urn: string, message: string) => void;
  #handshake: Capabilities | undefined;
  #configured: Promise<Configured> | undefined;

  constructor(provider: Provider, options: AdapterOptions) {
    this.#provider = provider;
    this.#warn = options.warn ?? (() => {});
  }

  async handshake(request: Parameters<NonNullable<Provider['handshake']>>[0]) {
    const none = {
      acceptSecrets: false,
      acceptResources: false,
      acceptOutputs: false,
      supportsAutonamingConfiguration: false,
    };
    const answer = await whereImplemented(async () => this.#provider.handshake?.(request));
    // A provider that knows Handshake supports previews by definition.
    if (answer !== undefined) this.#handshake = { ...answer, supportsPreview: true };
    return answer ?? none;
  }

  async checkConfig(request: CheckRequest) {
    const bare: StructOptions = { keepSecrets: false, keepResources: false, keepOutputs: false };
    const { olds, news } = request;
    const bareRequest = { ...request, olds: adaptProperties(olds, bare), news: adaptProperties(news, bare) };
    const checked = await whereImplemented(async () => this.#provider.checkConfig?.(bareRequest), request.type);
    if (checked === undefined) return { inputs: news, failures: [] };
    return { inputs: remarkSecrets(checked.inputs, news), failures: checked.failures };
  }

  async diffConfig(request: DiffRequest): Promise<DiffResponse> {
    const bare: StructOptions = { keepSecrets: false, keepResources: false, keepOutputs: false };
    const bareRequest = adaptDiff(request, [bare, bare]);
    const diff = await whereImplemented(async () => this.#provider.diffConfig?.(bareRequest), request.type);
    return diff ?? { ...unavailableDiff, changes: 'unknown' };
  }

  configure(request: ConfigureRequest): Promise<ConfigureResponse> {
    const { version: _, ...settings } = request.inputs;
    const configured = hasUnknowns(settings) ? Promise.resolve(undefined) : this.#configure(request);
    this.#configured = configured;
    // Whoever makes the first call hears of it; nobody needs to wait for this promise.
    configured.catch(() => {});
    const none = { acceptSecrets: false, acceptResources: false, acceptOutputs: false, supportsPreview: false };
    const response = configured.then((value) => value ?? { ...none, supportsAutonamingConfiguration: false });
    response.catch(() => {});
    return response;
  }

  async #configure(request: ConfigureRequest): Promise<Capabilities> {
    const inputs = adaptProperties(request.inputs, { keepOutputs: false });
    const answer = await this.#provider.configure({ ...request, inputs });
    return this.#handshake ?? answer;
  }

  async #ready(): Promise<Configured> {
    if (this.#configured === undefined) throw new ProviderError('the provider was used before it was configured');
    return this.#configured;
  }

  /** For calls that never happen in previews. */
  async #readyForChanges(verb: string): Promise<Capabilities> {
    const capabilities = await this.#ready();
    if (capabilities === undefined) throw new ProviderError(`${verb} needs a provider whose configuration is known`);
    return capabilities;
  }

  async check(request: CheckRequest) {
    const capabilities = await this.#ready();
    if (capabilities === undefined) return { inputs: request.news, failures: [] };
    const accepted = acceptedBy(capabilities);
    const { urn, olds, news, autonaming } = request;
    if (autonaming?.warnIfUnsupported && !capabilities.supportsAutonamingConfiguration) {
      this.#warn(
        urn,
        `${urn} has an autonaming setting that its provider does not support. Use a newer version of it.`,
      );
    }
    const checked = await this.#provider.check({
      ...request,
      olds: adaptProperties(olds, accepted),
      news: adaptProperties(news, accepted),
      autonaming: capabilities.supportsAutonamingConfiguration ? autonaming : undefined,
    });
    return { inputs: remarked(checked.inputs, news, capabilities), failures: checked.failures };
  }

  async diff(request: DiffRequest): Promise<DiffResponse> {
    const capabilities = await this.#ready();
    if (capabilities === undefined) {
      this.#warn(
        request.urn,
        'The provider for this resource has inputs that are not known during preview.\n' +
          'This preview may not correctly represent the changes that will be applied during an update.',
      );
      return unavailableDiff;
    }
    const accepted = { ...acceptedBy(capabilities), elideAssetContents: true };
    return this.#provider.diff(adaptDiff(request, [accepted, accepted]));
  }

  async create(request: CreateRequest) {
    const capabilities = await this.#ready();
    const { inputs, preview, urn } = request;
    if (preview && capabilities === undefined) return { id: '', outputs: {} };
    if (preview && !capabilities!.supportsPreview) return { id: '', outputs: inputs };
    const { supportsPreview: _, ...marks } = await this.#readyForChanges('Create');
    const sent = adaptProperties(inputs, { ...acceptedBy(marks), keepUnknowns: preview });
    const created = await remarkingPartial(marks, inputs, () => this.#provider.create({ ...request, inputs: sent }));
    if (created.id === '' && !preview) {
      throw new ProviderError(`plugin returned empty resource.ID from create '${urn}'`, { status: 'unknown' });
    }
    if (!preview) refuseUnknowns(created.outputs, 'Create', urn);
    return { ...created, outputs: remarked(created.outputs, inputs, marks) };
  }

  async update(request: UpdateRequest) {
    const capabilities = await this.#ready();
    const { newInputs, preview, urn } = request;
    if (preview && capabilities === undefined) return { outputs: {} };
    if (preview && !capabilities!.supportsPreview) return { outputs: newInputs };
    const marks = await this.#readyForChanges('Update');
    const accepted = acceptedBy(marks);
    const sent = adaptDiff(request, [
      { ...accepted, keepUnknowns: false, elideAssetContents: true },
      { ...accepted, keepUnknowns: preview },
    ]);
    const updated = await remarkingPartial(marks, newInputs, () => this.#provider.update(sent));
    if (!preview) refuseUnknowns(updated.outputs, 'Update', urn);
    return { ...updated, outputs: remarked(updated.outputs, newInputs, marks) };
  }

  async read(request: ReadRequest) {
    const capabilities = await this.#ready();
    if (capabilities === undefined) return { id: '', outputs: {}, inputs: {}, unasked: true };
    const { inputs, outputs, urn } = request;
    const accepted = { ...acceptedBy(capabilities), keepUnknowns: false, elideAssetContents: true };
    const sent = { ...request, inputs: adaptProperties(inputs, accepted), outputs: adaptProperties(outputs, accepted) };
    const finish = (properties: PropertyMap, namesakes: PropertyMap) => {
      refuseUnknowns(properties, 'Read', urn);
      return restoreAssets(remarked(properties, namesakes, capabilities), inputs);
    };
    try {
      const read = await this.#provider.read(sent);
      return { ...read, outputs: finish(read.outputs, outputs), inputs: read.inputs && finish(read.inputs, inputs) };
    } catch (error) {
      throw withPartial(error, (partial) => ({
        ...partial,
        outputs: finish(partial.outputs, outputs),
        inputs: partial.inputs && finish(partial.inputs, inputs),
      }));
    }
  }

  async delete(request: Parameters<Provider['delete']>[0]) {
    const accepted = acceptedBy(await this.#readyForChanges('Delete'));
    const options = { ...accepted, keepUnknowns: false, elideAssetContents: true };
    const { inputs, outputs } = request;
    const sent = { inputs: adaptProperties(inputs, options), outputs: adaptProperties(outputs, options) };
    await this.#provider.delete({ ...request, ...sent });
  }

  async invoke(request: Parameters<Provider['invoke']>[0]) {
    const capabilities = await this.#ready();
    if (capabilities === undefined) return { result: {}, failures: [] };
    const args = adaptProperties(request.args, { ...acceptedBy(capabilities), keepUnknowns: false });
    const { result, failures } = await this.#provider.invoke({ ...request, args });
    refuseUnknowns(result, 'Invoke', request.token);
    const tainted = !capabilities.acceptSecrets && hasSecrets(request.args);
    return { result: tainted ? allSecret(result) : result, failures };
  }

  async call(request: Parameters<NonNullable<Provider['call']>>[0]) {
    const capabilities = await this.#ready();
    if (capabilities === undefined) return { result: {}, failures: [], returnDependencies: {} };
    if (!this.#provider.call)
      throw new ProviderError(`the provider has no method ${request.token}`, { status: 'unimplemented' });
    const args = adaptProperties(request.args, { keepOutputs: capabilities.acceptOutputs });
    return this.#provider.call({ ...request, args, acceptsOutputValues: true });
  }

  async construct(request: Parameters<NonNullable<Provider['construct']>>[0]) {
    const capabilities = await this.#ready();
    if (capabilities === undefined) {
      return { urn: await registerBareComponent(request), outputs: {}, outputDependencies: {} };
    }
    if (!capabilities.acceptSecrets)
      throw new ProviderError('plugins that can construct components must support secrets');
    if (!this.#provider.construct) {
      throw new ProviderError(`the provider has no component ${request.type}`, { status: 'unimplemented' });
    }
    const options = { keepResources: capabilities.acceptResources, keepOutputs: capabilities.acceptOutputs };
    return this.#provider.construct({ ...request, inputs: adaptProperties(request.inputs, options) });
  }

  async cancel() {
    await whereImplemented(async () => this.#provider.cancel?.());
  }
}

type Marks = Pick<Capabilities, 'acceptSecrets' | 'acceptResources'>;

/** Output values go to Construct and Call only. */
function acceptedBy({ acceptSecrets, acceptResources }: Marks): StructOptions {
  return { keepSecrets: acceptSecrets, keepResources: acceptResources, keepOutputs: false };
}

function remarked(properties: PropertyMap, namesakes: PropertyMap, { acceptSecrets }: Marks): PropertyMap {
  return acceptSecrets ? properties : remarkSecrets(properties, namesakes);
}

function adaptDiff<R extends DiffRequest>(request: R, [olds, news]: readonly [StructOptions, StructOptions]): R {
  return {
    ...request,
    oldInputs: adaptProperties(request.oldInputs, olds),
    oldOutputs: adaptProperties(request.oldOutputs, olds),
    newInputs: adaptProperties(request.newInputs, news),
  };
}

async function remarkingPartial<T>(marks: Marks, inputs: PropertyMap, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw withPartial(error, (partial) => ({ ...partial, outputs: remarked(partial.outputs, inputs, marks) }));
  }
}

type Partial = NonNullable<ProviderError['partial']>;

function withPartial(error: unknown, change: (partial: Partial) => Partial): unknown {
  if (!(error instanceof ProviderError) || error.partial === undefined) return error;
  return new ProviderError(error.message, { status: error.status, partial: change(error.partial), cause: error });
}

/** Runs a call that providers may lack; undefined where this one does. */
async function whereImplemented<T>(call: () => Promise<T | undefined>, type = ''): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ProviderError && (error.status === 'unimplemented' || kubernetesQuirk(error, type)))
      return undefined;
    throw error;
  }
}

/** Old versions of the Kubernetes provider answer CheckConfig and DiffConfig with these instead of UNIMPLEMENTED. */
function kubernetesQuirk(error: ProviderError, type: string): boolean {
  return (
    type === 'pulumi:providers:kubernetes' &&
    /Unimplemented|cannot unmarshal string into Go value of type struct/.test(error.message)
  );
}

/** An unknown must never get into a state. */
function refuseUnknowns(properties: PropertyMap, verb: string, subject: string): void {
  for (const [key, value] of Object.entries(properties)) {
    if (!hasUnknowns(value)) continue;
    throw new ProviderError(
      `${verb} of ${subject} returned an unknown value outside of a preview: ${JSON.stringify(key)}`,
      {
        status: 'unknown',
      },
    );
  }
}

function allSecret(result: PropertyMap): PropertyMap {
  if (!isPropertyMap(result)) return result;
  return Object.fromEntries(
    Object.entries(result).map(([key, value]) => [key, value instanceof Secret ? value : new Secret(value)]),
  );
}
