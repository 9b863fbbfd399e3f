import type { PropertyMap, PropertyValue } from './property-value.ts';

/**
 * A resource provider, as Pulumi's `ResourceProvider` service describes it (proto/pulumi/provider.proto). The engine calls it;
 * a TypeScript provider implements it directly; `connectProvider` makes one of a gRPC address and `serveProvider` offers one over
 * gRPC. Every method rejects with a `ProviderError` when it fails; anything else thrown is a bug in the provider.
 */
export interface Provider {
  /** May be absent. Called first. */
  handshake?(request: HandshakeRequest): Promise<HandshakeResponse>;
  /** Sub-schema parameterization of the provider. A provider without it cannot be parameterized. */
  parameterize?(request: ParameterizeRequest): Promise<{ readonly name: string; readonly version: string }>;
  /** The package's schema as JSON text. */
  getSchema?(request: { readonly version: number }): Promise<string>;
  /** Validates the provider's own configuration. Absent: news are taken as they are. */
  checkConfig?(request: CheckRequest): Promise<CheckResponse>;
  /** What a change of configuration means. Absent: no difference that replaces. */
  diffConfig?(request: DiffRequest): Promise<DiffResponse>;
  /** Called once before any resource call; never with unknown values. */
  configure(request: ConfigureRequest): Promise<ConfigureResponse>;
  check(request: CheckRequest): Promise<CheckResponse>;
  diff(request: DiffRequest): Promise<DiffResponse>;
  create(request: CreateRequest): Promise<CreateResponse>;
  read(request: ReadRequest): Promise<ReadResponse>;
  update(request: UpdateRequest): Promise<UpdateResponse>;
  delete(request: DeleteRequest): Promise<void>;
  invoke(request: InvokeRequest): Promise<InvokeResponse>;
  /** A method of a resource. Absent: the provider has none. */
  call?(request: CallRequest): Promise<CallResponse>;
  /** A remote component. Absent: the provider has none. */
  construct?(request: ConstructRequest): Promise<ConstructResponse>;
  /** Asks running calls to end soon (the user cancelled). */
  cancel?(): Promise<void>;
  /** Ends the provider and everything that it started. Calls after it are errors. */
  close(): Promise<void>;
}

/** What the engine tells a provider about itself. */
export interface HandshakeRequest {
  readonly engineAddress: string;
  readonly rootDirectory?: string;
  readonly programDirectory?: string;
}

export interface HandshakeResponse {
  readonly acceptSecrets: boolean;
  readonly acceptResources: boolean;
  readonly acceptOutputs: boolean;
  readonly supportsAutonamingConfiguration: boolean;
}

export interface ParameterizeRequest {
  readonly name: string;
  readonly version: string;
  /** The parameter's value, opaque bytes. */
  readonly value: Uint8Array;
}

export interface CheckFailure {
  /** Property path, or '' for the whole resource. */
  readonly property: string;
  readonly reason: string;
}

export interface CheckRequest {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  /** Inputs of the last update; empty for a new resource. */
  readonly olds: PropertyMap;
  readonly news: PropertyMap;
  /** 32 bytes, the same for preview and update under a plan: auto-names come from it. */
  readonly randomSeed?: Uint8Array;
  readonly autonaming?: {
    readonly proposedName: string;
    readonly mode: 'propose' | 'enforce' | 'disable';
    /** Of the engine's side only: say so where the provider has no automatic naming to steer. Default: false. */
    readonly warnIfUnsupported?: boolean;
  };
}

export interface CheckResponse {
  readonly inputs: PropertyMap;
  readonly failures: readonly CheckFailure[];
}

export type DiffKind = 'add' | 'add-replace' | 'delete' | 'delete-replace' | 'update' | 'update-replace';

export interface PropertyDiff {
  readonly kind: DiffKind;
  /** True: between old and new inputs; false: between old outputs (state) and new inputs. */
  readonly inputDiff: boolean;
}

export interface DiffRequest {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly newInputs: PropertyMap;
  readonly ignoreChanges: readonly string[];
}

export interface DiffResponse {
  readonly changes: 'unknown' | 'none' | 'some';
  /** Top-level keys (or paths) that make a replacement necessary. */
  readonly replaces: readonly string[];
  /** Output keys that do not change in an update. */
  readonly stables: readonly string[];
  readonly deleteBeforeReplace: boolean;
  /** Top-level input keys that changed. */
  readonly diffs: readonly string[];
  /** By property path; undefined where the provider gives none. */
  readonly detailedDiff?: Readonly<Record<string, PropertyDiff>>;
}

export interface ConfigureRequest {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
}

export interface ConfigureResponse {
  readonly acceptSecrets: boolean;
  readonly acceptResources: boolean;
  readonly acceptOutputs: boolean;
  /** Create and update are called in previews too. */
  readonly supportsPreview: boolean;
  readonly supportsAutonamingConfiguration: boolean;
}

interface ResourceIdentity {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
}

export interface CreateRequest extends ResourceIdentity {
  readonly inputs: PropertyMap;
  /** Seconds; 0: the provider's own default. */
  readonly timeout: number;
  readonly preview: boolean;
  readonly signal?: AbortSignal;
}

export interface CreateResponse {
  /** '' only in previews. */
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly refreshBeforeUpdate?: boolean;
}

export interface ReadRequest extends ResourceIdentity {
  readonly id: string;
  /** Inputs of the last update; empty for an import. */
  readonly inputs: PropertyMap;
  /** Outputs of the last update; empty for an import. */
  readonly outputs: PropertyMap;
  readonly timeout?: number;
}

export interface ReadResponse {
  /** '' : the resource is gone. */
  readonly id: string;
  /** Of the engine's side only: the provider's configuration is not known yet (previews), so that it could not be asked. */
  readonly unasked?: boolean;
  readonly outputs: PropertyMap;
  /** Undefined: the provider does not say; the old inputs stay. */
  readonly inputs: PropertyMap | undefined;
  readonly refreshBeforeUpdate?: boolean;
}

export interface UpdateRequest extends ResourceIdentity {
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly newInputs: PropertyMap;
  readonly timeout: number;
  readonly ignoreChanges: readonly string[];
  readonly preview: boolean;
  readonly signal?: AbortSignal;
}

export interface UpdateResponse {
  readonly outputs: PropertyMap;
  readonly refreshBeforeUpdate?: boolean;
}

export interface DeleteRequest extends ResourceIdentity {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

export interface InvokeRequest {
  readonly token: string;
  readonly args: PropertyMap;
  readonly preview?: boolean;
}

export interface InvokeResponse {
  readonly result: PropertyMap;
  readonly failures: readonly CheckFailure[];
}

/** What call and construct hand on about the deployment. */
export interface DeploymentInfo {
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
  readonly dryRun: boolean;
  readonly parallel: number;
  /** host:port of the resource monitor. */
  readonly monitorEndpoint: string;
  /** Given back with what is registered in the course of the call, so that its stack goes on from the caller's. Absent: none. */
  readonly stackTraceHandle?: string;
}

export interface CallRequest {
  readonly info: DeploymentInfo;
  readonly token: string;
  readonly args: PropertyMap;
  readonly argDependencies: Readonly<Record<string, readonly string[]>>;
  readonly acceptsOutputValues: boolean;
}

export interface CallResponse {
  readonly result: PropertyMap;
  readonly failures: readonly CheckFailure[];
  readonly returnDependencies: Readonly<Record<string, readonly string[]>>;
}

/** The options of a remote component, as in the proto message of the same name. */
export interface ConstructRequest {
  readonly info: DeploymentInfo;
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly inputs: PropertyMap;
  readonly inputDependencies: Readonly<Record<string, readonly string[]>>;
  readonly options: ConstructOptions;
}

export interface ConstructOptions {
  /** Alias URNs. */
  readonly aliases: readonly string[];
  /** Aliases given by their parts. */
  readonly aliasSpecs?: readonly ConstructAliasSpec[];
  readonly dependencies: readonly string[];
  readonly protect?: boolean;
  readonly providers: Readonly<Record<string, string>>;
  readonly additionalSecretOutputs: readonly string[];
  readonly deletedWith: string;
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly retainOnDelete?: boolean;
  readonly customTimeouts?: CustomTimeouts;
  readonly replaceWith?: readonly string[];
  readonly replacementTrigger?: PropertyValue;
  /** Names of hooks by when they run. */
  readonly resourceHooks?: Readonly<Partial<Record<ConstructHookKind, readonly string[]>>>;
}

/** Absent parts are those of the resource itself. */
export interface ConstructAliasSpec {
  readonly name?: string;
  readonly type?: string;
  readonly stack?: string;
  readonly project?: string;
  readonly parentUrn?: string;
  readonly noParent?: boolean;
}

export type ConstructHookKind =
  | 'beforeCreate'
  | 'afterCreate'
  | 'beforeUpdate'
  | 'afterUpdate'
  | 'beforeDelete'
  | 'afterDelete'
  | 'onError';

/** Seconds; 0: not set. */
export interface CustomTimeouts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly read: number;
}

export interface ConstructResponse {
  readonly urn: string;
  readonly outputs: PropertyMap;
  readonly outputDependencies: Readonly<Record<string, readonly string[]>>;
}

/**
 * A failed provider call.
 * - `failed`: nothing was done.
 * - `unknown`: the provider cannot tell what was done.
 * - `unimplemented`: the provider does not have this method.
 * `partial` is set where the resource exists but did not become what was asked (`ErrorResourceInitFailed`): it must be kept.
 */
export class ProviderError extends Error {
  readonly status: 'failed' | 'unknown' | 'unimplemented';
  readonly partial: PartialFailure | undefined;
  /** Inputs of a component or method that its provider does not take. */
  readonly inputFailures: readonly CheckFailure[];
  constructor(
    message: string,
    options: {
      readonly status?: ProviderError['status'];
      readonly partial?: PartialFailure;
      readonly inputFailures?: readonly CheckFailure[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ProviderError';
    this.status = options.status ?? 'failed';
    this.partial = options.partial;
    this.inputFailures = options.inputFailures ?? [];
  }
}

export interface PartialFailure {
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly inputs: PropertyMap | undefined;
  readonly reasons: readonly string[];
}
