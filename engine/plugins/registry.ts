import { randomUUID } from 'node:crypto';
import type { Environment } from '../../foundation/environment.ts';
import { equalValues } from '../../protocol/property-equality.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import {
  type CheckRequest,
  type CheckResponse,
  type CreateRequest,
  type CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type Provider,
  ProviderError,
  type UpdateRequest,
  type UpdateResponse,
} from '../../protocol/provider.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { Diagnostic } from '../deploy/events.ts';
import type { ProjectPlugin } from './plugin-request.ts';
import {
  describeProvider,
  internalKey,
  markedAsSandbox,
  type ProviderDescription,
  ProviderInputError,
  withoutInternal,
} from './provider-inputs.ts';
import { type PooledProvider, ProviderPool } from './provider-pool.ts';
import type { ProviderRegistry, ProviderResource } from './provider-registry.ts';
import { ProviderSource } from './provider-source.ts';
import { sandboxSetting } from './sandboxed-packages.ts';

export interface ProviderRegistryOptions {
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** Where Pulumi.yaml is. */
  readonly rootDirectory: string;
  /** Working directory of the program and of the plugins. */
  readonly programDirectory: string;
  /** Decrypted, keys `namespace:name`. `mainstay:sandbox` = "true" puts the sandbox in the place of every package. */
  readonly config: Readonly<Record<string, string>>;
  /** What plugins may see of the environment; the engine's own secrets are taken out. */
  readonly environment: Environment;
  /** `plugins.providers` of Pulumi.yaml, with absolute paths. Default: none. */
  readonly projectPlugins?: readonly ProjectPlugin[];
  /** `runtime.options` of Pulumi.yaml. Default: none. */
  readonly runtimeOptions?: Readonly<Record<string, unknown>>;
  /** What executable plugins get on their command line, before the engine's address. Default: nothing. */
  readonly pluginArguments?: readonly string[];
  /** The provider of the package `pulumi` (`createBuiltinProvider`). */
  readonly builtins: Provider;
  /** What plugins say and warnings about them. */
  readonly log: (diagnostic: Diagnostic) => void;
  /** Keeps plugins for the next operation. Default: they end with the registry. */
  readonly pool?: ProviderPool;
  /** Where `<package>/provider.ts` are looked for. Default: this repository's `providers/`. */
  readonly providersDirectory?: string;
}

/** Makes the providers of one operation. `close` ends them, or gives them back to the pool. */
export function createProviderRegistry(options: ProviderRegistryOptions): ProviderRegistry {
  const registry = new Registry(options);
  const refuse = (what: string) => async () => {
    throw new ProviderError(`provider resources may not be ${what}`);
  };
  return {
    get: (reference) => registry.get(reference),
    load: (state) => registry.load(state),
    check: (request) => registry.check(request),
    diff: (request) => registry.diff(request),
    create: (request) => registry.create(request),
    update: (request) => registry.update(request),
    delete: (request) => registry.delete(request),
    read: refuse('read'),
    invoke: refuse('invoked'),
    configure: refuse('configured'),
    cancel: () => registry.cancel(),
    close: () => registry.close(),
  };
}

/**
 * A provider resource is *checked* (its plugin runs, under its URN) and then *registered* (configured, under its reference). What the
 * provider resources' own steps do follows pkg/resource/deploy/providers/registry.go.
 */
class Registry {
  readonly #source: ProviderSource;
  /** By URN: checked in this operation, not registered yet. */
  readonly #checked = new Map<string, { readonly description: ProviderDescription; readonly pooled: PooledProvider }>();
  /** By reference. */
  readonly #registered = new Map<string, PooledProvider>();
  readonly #log: (diagnostic: Diagnostic) => void;
  readonly #loading = new Map<string, Promise<void>>();

  constructor(options: ProviderRegistryOptions) {
    this.#log = options.log;
    this.#source = new ProviderSource({ ...options, pool: options.pool ?? new ProviderPool({ idleMs: 0 }) });
  }

  get(reference: string): Provider {
    const pooled = this.#registered.get(reference);
    if (pooled === undefined) throw new ProviderError(`the provider is not registered: ${reference}`);
    return pooled.provider;
  }

  async check(request: CheckRequest): Promise<CheckResponse> {
    const { urn, type, olds, news } = request;
    let description: ProviderDescription;
    try {
      description = this.#source.chosen(describeProvider(type, news));
    } catch (error) {
      if (!(error instanceof ProviderInputError)) throw error;
      return { inputs: {}, failures: [{ property: error.property, reason: error.message }] };
    }
    const pooled = await this.#source.take(description);
    const settings = { olds: withoutInternal(olds), news: withoutInternal(news) };
    const checked = await pooled.provider.checkConfig!({ ...request, ...settings });
    if (checked.failures.length > 0) return { inputs: {}, failures: checked.failures };
    this.#checked.set(urn, { description, pooled });
    const inputs = this.#checkedInputs(urn, news, checked.inputs);
    return { inputs: description.sandbox ? markedAsSandbox(inputs, description) : inputs, failures: [] };
  }

  /** The engine's own inputs survive the provider's check; the version is not the provider's to change. */
  #checkedInputs(urn: string, news: PropertyMap, checked: PropertyMap): PropertyMap {
    const inputs = { ...checked };
    if (news.version !== undefined) {
      inputs.version ??= news.version;
      if (!equalValues(inputs.version, news.version)) {
        throw new ProviderError(
          `provider "${urn}" attempted to change version from ${JSON.stringify(news.version)} to ${JSON.stringify(inputs.version)}`,
        );
      }
    }
    if (news[internalKey] !== undefined) {
      if (inputs[internalKey] !== undefined) {
        const message = `provider attempted to use ${internalKey} key that is reserved by the engine`;
        this.#log({ severity: 'warning', urn, message });
      }
      inputs[internalKey] = news[internalKey];
    }
    return inputs;
  }

  async diff(request: DiffRequest): Promise<DiffResponse> {
    const { urn, type, id, oldInputs, oldOutputs, newInputs } = request;
    const old = describeState({ urn, type, id, inputs: oldInputs });
    const wanted = describeState({ urn, type, id, inputs: newInputs });
    if (wanted.sandbox && !old.sandbox) throw refusedSandbox(urn);
    // What the sandbox made does not exist: everything of this provider is made anew, for real.
    if (old.sandbox && !wanted.sandbox) return replacedProvider;
    const provider = this.#checked.get(urn)?.pooled.provider ?? this.get(`${urn}::${id}`);
    const settings = withoutInternal(newInputs);
    const diff = await provider.diffConfig!({
      ...request,
      oldInputs: withoutInternal(oldInputs),
      newInputs: settings,
    });
    if (diff.changes !== 'unknown') return diff;
    return { ...diff, changes: equalValues(oldOutputs, settings) ? 'none' : 'some' };
  }

  async create({ urn, name, type, inputs, preview }: CreateRequest): Promise<CreateResponse> {
    const id = preview ? unknownSentinels.string : randomUUID();
    const outputs = await this.#register({ urn, name, type, id, inputs }, this.#takeChecked({ urn, type, id, inputs }));
    return { id, outputs };
  }

  async update({ urn, name, type, id, newInputs }: UpdateRequest): Promise<UpdateResponse> {
    const resource = { urn, name, type, id, inputs: newInputs };
    return { outputs: await this.#register(resource, this.#takeChecked(resource)) };
  }

  /** What the check of a provider found out; a provider resource that was not checked says it itself. */
  #takeChecked(resource: ProviderResource): ProviderDescription {
    const checked = this.#checked.get(resource.urn);
    this.#checked.delete(resource.urn);
    return checked?.description ?? describeState(resource);
  }

  /** Configures the provider and makes it available. Returns its outputs: what the plugin got to see. */
  async #register(
    { urn, name, type, id, inputs }: ProviderResource & { readonly name: string },
    description: ProviderDescription,
  ): Promise<PropertyMap> {
    const settings = withoutInternal(inputs);
    const pooled = await this.#source.takeConfigured(description, { urn, name, type, id, inputs: settings });
    const reference = `${urn}::${id}`;
    const former = this.#registered.get(reference);
    if (former !== pooled) former?.spoil();
    this.#registered.set(reference, pooled);
    return settings;
  }

  async load(state: ProviderResource): Promise<void> {
    const { urn, id } = state;
    const reference = `${urn}::${id}`;
    if (this.#registered.has(reference)) return;
    if (id === '' || id === unknownSentinels.string) throw new ProviderError(`provider '${urn}' has an unknown ID`);
    const description = describeState(state);
    if (!description.sandbox && this.#source.chosen(description).sandbox) throw refusedSandbox(urn);
    // Many resources may need the same provider of the state at the same time.
    const loading =
      this.#loading.get(reference) ?? this.#register({ ...state, name: nameOf(urn) }, description).then(() => {});
    this.#loading.set(reference, loading);
    try {
      await loading;
    } finally {
      this.#loading.delete(reference);
    }
  }

  async delete({ urn, id }: DeleteRequest): Promise<void> {
    const reference = `${urn}::${id}`;
    this.#registered.get(reference)?.spoil();
    this.#registered.delete(reference);
  }

  async cancel(): Promise<void> {
    const providers = new Set([
      ...this.#registered.values(),
      ...[...this.#checked.values()].map(({ pooled }) => pooled),
    ]);
    // A provider that was told to cancel refuses further work for good.
    for (const pooled of providers) pooled.spoil();
    await Promise.all([...providers].map(({ provider }) => provider.cancel?.().catch(() => {})));
  }

  async close(): Promise<void> {
    this.#registered.clear();
    this.#checked.clear();
    await this.#source.close();
  }
}

const replacedProvider: DiffResponse = {
  changes: 'some',
  replaces: [internalKey],
  stables: [],
  deleteBeforeReplace: false,
  diffs: [internalKey],
};

/** Else a refresh would forget, and an update delete, what really exists. */
function refusedSandbox(urn: string): ProviderError {
  return new ProviderError(
    `Cannot use the sandbox as the stack has real resources of this provider: ${urn}. ` +
      `Take the setting ${sandboxSetting} out of this stack, or use another stack for the sandbox.`,
  );
}

/** The name in a URN. It may itself hold `::`. */
function nameOf(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

function describeState({ urn, type, inputs }: ProviderResource): ProviderDescription {
  try {
    return describeProvider(type, inputs);
  } catch (error) {
    if (!(error instanceof ProviderInputError)) throw error;
    throw new ProviderError(`Cannot load the provider ${urn} as its inputs are wrong: ${error.message}.`, {
      cause: error,
    });
  }
}
