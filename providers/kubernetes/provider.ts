import { systemClock } from '../../foundation/clock.ts';
import { isMainstayError, messageOf } from '../../foundation/errors.ts';
import {
  type CheckRequest,
  type CheckResponse,
  type ConfigureRequest,
  type ConfigureResponse,
  type ConstructRequest,
  type ConstructResponse,
  type CreateRequest,
  type CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type HandshakeResponse,
  type InvokeRequest,
  type InvokeResponse,
  type Provider,
  ProviderError,
  type ReadRequest,
  type ReadResponse,
  type UpdateRequest,
  type UpdateResponse,
} from '../../protocol/provider.ts';
import type { ProviderContext, ProviderLogMessage } from '../../protocol/provider-module.ts';
import { UnreachableError } from './api-error.ts';
import { constructComponent } from './charts/construct.ts';
import { callFunction } from './charts/functions.ts';
import type { RenderContext } from './charts/helm-template.ts';
import { checkResource } from './check.ts';
import { Cluster } from './cluster.ts';
import { readConfiguration } from './configuration.ts';
import { createResource } from './create.ts';
import { deleteResource } from './delete.ts';
import { diffResource } from './diff.ts';
import { checkConfiguration, diffConfiguration } from './provider-configuration.ts';
import { readResource } from './read.ts';
import {
  createRelease,
  deleteRelease,
  diffRelease,
  RELEASE_TYPE,
  readRelease,
  updateRelease,
} from './release/release.ts';
import { checkRelease } from './release/release-inputs.ts';
import type { ResourceContext } from './resource-context.ts';
import { updateResource } from './update.ts';

const CAPABILITIES = { acceptSecrets: true, acceptResources: false, acceptOutputs: false } as const;

/** Resources of Kubernetes, for programs written with the published @pulumi/kubernetes SDK. */
export async function createProvider(context: ProviderContext): Promise<Provider> {
  return new KubernetesProvider(context);
}

class KubernetesProvider implements Provider {
  readonly #context: ProviderContext;
  readonly #cancelled = new AbortController();
  #cluster: Cluster | undefined;
  /** Relative paths of charts and manifests are meant from the program, as its own are. */
  readonly #workingDirectory: string;

  constructor(context: ProviderContext) {
    this.#context = context;
    this.#workingDirectory = context.programDirectory ?? context.rootDirectory;
  }

  async handshake(): Promise<HandshakeResponse> {
    return { ...CAPABILITIES, supportsAutonamingConfiguration: true };
  }

  async checkConfig(request: CheckRequest): Promise<CheckResponse> {
    return guard(async () => checkConfiguration(request, this.#context.environment));
  }

  async diffConfig(request: DiffRequest): Promise<DiffResponse> {
    return guard(async () => diffConfiguration(request));
  }

  async configure(request: ConfigureRequest): Promise<ConfigureResponse> {
    return guard(async () => {
      this.#cluster?.close();
      const { environment } = this.#context;
      this.#cluster = new Cluster(readConfiguration(request.inputs, environment), environment);
      return { ...CAPABILITIES, supportsPreview: true, supportsAutonamingConfiguration: true };
    });
  }

  check(request: CheckRequest): Promise<CheckResponse> {
    const warn = (message: string) => this.#context.log({ severity: 'warning', message, urn: request.urn });
    if (request.type === RELEASE_TYPE) return guard(() => checkRelease(request, this.#renderContext(), warn));
    return guard(() => checkResource(request, this.#configured(), this.#context.log));
  }

  diff(request: DiffRequest): Promise<DiffResponse> {
    if (request.type === RELEASE_TYPE) return guard(async () => diffRelease(request));
    return guard(() => diffResource(request, this.#configured()));
  }

  create(request: CreateRequest): Promise<CreateResponse> {
    if (request.type === RELEASE_TYPE) return guard(() => createRelease(request, this.#renderContext(request.signal)));
    return guard(() => createResource(request, this.#resourceContext(request.urn)));
  }

  read(request: ReadRequest): Promise<ReadResponse> {
    if (request.type === RELEASE_TYPE) return guard(() => readRelease(request, this.#renderContext()));
    return guard(() => readResource(request, this.#resourceContext(request.urn)));
  }

  update(request: UpdateRequest): Promise<UpdateResponse> {
    if (request.type === RELEASE_TYPE) return guard(() => updateRelease(request, this.#renderContext(request.signal)));
    return guard(() => updateResource(request, this.#resourceContext(request.urn)));
  }

  delete(request: DeleteRequest): Promise<void> {
    if (request.type === RELEASE_TYPE) return guard(() => deleteRelease(request, this.#renderContext(request.signal)));
    return guard(() => deleteResource(request, this.#resourceContext(request.urn)));
  }

  invoke(request: InvokeRequest): Promise<InvokeResponse> {
    return guard(() => callFunction(request, this.#renderContext()));
  }

  construct(request: ConstructRequest): Promise<ConstructResponse> {
    return guard(() =>
      constructComponent(request, {
        cluster: this.#configured(),
        workingDirectory: this.#workingDirectory,
        version: this.#context.version,
        signal: this.#cancelled.signal,
        log: (severity, message, urn) => this.#context.log({ severity, message, urn }),
      }),
    );
  }

  async cancel(): Promise<void> {
    this.#cancelled.abort(new Error('the operation was cancelled'));
  }

  async close(): Promise<void> {
    this.#cancelled.abort(new Error('the provider has ended'));
    this.#cluster?.close();
  }

  #configured(): Cluster {
    if (!this.#cluster) throw new ProviderError('Cannot use the kubernetes provider as it is not configured yet.');
    return this.#cluster;
  }

  #renderContext(signal?: AbortSignal): RenderContext {
    const own = this.#cancelled.signal;
    return {
      cluster: this.#configured(),
      workingDirectory: this.#workingDirectory,
      signal: signal ? AbortSignal.any([own, signal]) : own,
    };
  }

  #resourceContext(urn: string): ResourceContext {
    const log = (severity: ProviderLogMessage['severity'], message: string) =>
      this.#context.log({ severity, message, urn });
    const own = this.#cancelled.signal;
    let shown = '';
    const report = (message: string) => {
      if (message !== shown) this.#context.log({ severity: 'info', message, urn, status: true });
      shown = message;
    };
    return {
      cluster: this.#configured(),
      clock: systemClock,
      rootDirectory: this.#workingDirectory,
      report,
      log,
      signalOf: (signal) => (signal ? AbortSignal.any([own, signal]) : own),
    };
  }
}

/** The edge: whatever fails leaves as a ProviderError, but for bugs of ours, which stay what they are. */
async function guard<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    if (isMainstayError(error) || error instanceof UnreachableError)
      throw new ProviderError(messageOf(error), { cause: error });
    throw error;
  }
}
