import { Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { MainstayError, messageOf } from '../../foundation/errors.ts';
import { hashAssets } from '../../protocol/asset-hash.ts';
import type { FrameService } from '../../protocol/frame-channel.ts';
import { channelOptions, serverMethod } from '../../protocol/grpc-call.ts';
import { ProviderError } from '../../protocol/provider.ts';
import type { Method } from '../../protocol/provider-messages.ts';
import type { MessageContent } from '../../protocol/wire-message.ts';
import { DeploymentAborted } from '../deploy/goal.ts';
import type { ResourceHookRunner } from '../deploy/resource-hook-runner.ts';
import type { DefaultPackages } from '../plugins/default-packages.ts';
import { createCallbacks } from './callbacks.ts';
import { EngineService, engineServiceMethods } from './engine-service.ts';
import { existsResource } from './exists-resource.ts';
import { featureNumbers, supportsFeature } from './features.ts';
import { callMethodOf, invokeFunction, readResource } from './functions.ts';
import { HookRegistry } from './hook-registry.ts';
import type { MonitorContext } from './monitor-context.ts';
import { monitorMethods } from './monitor-messages.ts';
import { withoutOutputMarks } from './output-values.ts';
import { PackageTable } from './packages.ts';
import { registerResource } from './register-resource.ts';
import { SettledResources } from './settled-resources.ts';
import { SourcePositions } from './source-position.ts';

/** What one run of a program needs of the engine. */
export interface MonitorOptions
  extends Pick<MonitorContext, 'registrar' | 'registry' | 'defaultProviders' | 'events' | 'info' | 'programDirectory'> {
  /** Of the project: what source positions start from. */
  readonly rootDirectory: string;
  /** What providers are made of where neither resource nor program says it. Default: nothing. */
  readonly defaultPackages?: DefaultPackages;
}

/** The engine as a program (and a remote component's provider) sees it. */
export interface Monitor {
  /** `host:port` of both services, ResourceMonitor and Engine. */
  readonly address: string;
  /** The same services for a channel of our own. */
  readonly service: FrameService;
  /** Resolves when the program says that it registers nothing more; it stays alive for its callbacks until `finish`. */
  readonly signalled: Promise<void>;
  /**
   * Why a program that ended with success was not done: it never came to its stack outputs, as something that it waits for cannot happen.
   * What it did not register must not be deleted then. Undefined: it was done.
   */
  readonly unfinished: string | undefined;
  /** Answers the waiting program: every step has run. */
  finish(): void;
  close(): Promise<void>;
}

/** Hooks and callbacks live longer than the monitor's start: the deployment gets them before there is a program. */
export interface ProgramCallbacks {
  readonly hooks: ResourceHookRunner;
  /** Starts the services. Rejects if no port can be had. */
  startMonitor(options: MonitorOptions): Promise<Monitor>;
  close(): void;
}

export function createProgramCallbacks(): ProgramCallbacks {
  const callbacks = createCallbacks();
  const hooks = new HookRegistry(callbacks);
  return {
    hooks,
    close: () => callbacks.close(),
    startMonitor: async (options) => {
      let address = '';
      const context: MonitorContext = {
        ...options,
        callbacks,
        hooks,
        packages: new PackageTable(options.defaultPackages ?? new Map()),
        address: () => address,
        resources: new Map(),
        stackTransforms: [],
        invokeTransforms: [],
        pendingTransforms: new Map(),
        settled: new SettledResources(),
        sourcePositions: new SourcePositions(options.rootDirectory),
        progress: { stackOutputs: false },
      };
      const engine = new EngineService(options.events);
      const shutdown = createShutdownSignal();
      const methods = servedMethods(context, engine, shutdown);
      const server = createServer(methods);
      address = await listen(server);
      return {
        address,
        service: serviceOf(methods),
        signalled: shutdown.signalled,
        get unfinished() {
          return context.progress.stackOutputs ? undefined : unfinishedProgram;
        },
        finish: shutdown.finish,
        close: async () => {
          shutdown.finish();
          await shutDown(server);
        },
      };
    },
  };
}

const unfinishedProgram =
  'Cannot take the program as finished as it ended before its stack outputs were registered: something that it awaits never happens. ' +
  'Nothing is deleted. Look for a promise that is never resolved, or outputs that wait for each other.';

interface ShutdownSignal {
  readonly signalled: Promise<void>;
  signal(): Promise<void>;
  finish(): void;
}

/** The program signals once and waits until it is told that all is done. */
function createShutdownSignal(): ShutdownSignal {
  const signalled = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  let called = false;
  return {
    signalled: signalled.promise,
    finish: finished.resolve,
    signal() {
      if (called) throw new Error('SignalAndWaitForShutdown may be called only once');
      called = true;
      signalled.resolve();
      return finished.promise;
    },
  };
}

type Methods = typeof monitorMethods & typeof engineServiceMethods;
type Handlers = {
  readonly [M in keyof Methods]: (request: MessageContent<Methods[M]['request']>) => Promise<object> | object;
};

interface ServedMethod {
  readonly name: string;
  readonly method: Method<never, object>;
  readonly handle: (request: never) => Promise<object> | object;
}

function servedMethods(context: MonitorContext, engine: EngineService, shutdown: ShutdownSignal): ServedMethod[] {
  const handlers = { ...monitorHandlers(context, shutdown), ...engineHandlers(engine) } as Handlers;
  const methods: Methods = { ...monitorMethods, ...engineServiceMethods };
  const names = Object.keys(methods) as (keyof Methods)[];
  return names.map((name) => ({ name, method: methods[name] as Method<never, object>, handle: handlers[name] }));
}

function createServer(methods: readonly ServedMethod[]): Server {
  const server = new Server(channelOptions);
  for (const served of methods) addMethod(server, served);
  return server;
}

function serviceOf(methods: readonly ServedMethod[]): FrameService {
  const byPath = new Map(methods.map((served) => [served.method.path, served]));
  return {
    async answer(path, payload) {
      const served = byPath.get(path);
      if (served === undefined) throw new MissingMethod(`The server does not implement the method ${path}`);
      const response = await served.handle(served.method.request.decode(payload));
      return served.method.response.encode(response);
    },
    failureOf(error) {
      const { code = status.UNKNOWN, details = '' } = statusOf(error);
      return { code, details, statusDetails: new Uint8Array() };
    },
  };
}

class MissingMethod extends Error {}

function monitorHandlers(
  context: MonitorContext,
  shutdown: ShutdownSignal,
): Pick<Handlers, keyof typeof monitorMethods> {
  const { registrar, info, hooks, packages, stackTransforms, invokeTransforms } = context;
  return {
    getDeploymentInfo: () => ({ ...info, config: info.config, supportedFeatures: featureNumbers }),
    supportsFeature: ({ id }) => ({ hasSupport: supportsFeature(id) }),
    invoke: (request) => invokeFunction(context, request),
    call: (request) => callMethodOf(context, request),
    readResource: (request) => readResource(context, request),
    existsResource: (request) => existsResource(context, request),
    registerResource: (request) => registerResource(context, request),
    async registerResourceOutputs({ urn, outputs }) {
      const hashed = await hashAssets(outputs ?? {}, context.programDirectory);
      await registrar.registerResourceOutputs(urn, withoutOutputMarks(hashed));
      if (urn.includes('::pulumi:pulumi:Stack::')) context.progress.stackOutputs = true;
      return {};
    },
    registerStackTransform: (callback) => added(stackTransforms, callback),
    registerStackInvokeTransform: (callback) => added(invokeTransforms, callback),
    registerResourceHook({ name, callback, onDryRun, ignoreErrors }) {
      hooks.add(name, { callback: callback ?? {}, onDryRun, ignoreErrors });
      return {};
    },
    registerErrorHook({ name, callback }) {
      hooks.addErrorHook(name, callback ?? {});
      return {};
    },
    registerPackage: (request) => ({ ref: packages.register(request) }),
    async signalAndWaitForShutdown() {
      // Whoever runs the program asks for `unfinished`, and tells it once; the SDK would tell it a second time, in words of its own.
      if (!context.progress.stackOutputs) throw new DeploymentAborted(unfinishedProgram);
      await shutdown.signal();
      return {};
    },
  };
}

function added<T>(list: T[], item: T): object {
  list.push(item);
  return {};
}

function engineHandlers(engine: EngineService): Pick<Handlers, keyof typeof engineServiceMethods> {
  return {
    log: (request) => engine.log(request),
    getRootResource: () => engine.getRootResource(),
    setRootResource: (request) => engine.setRootResource(request),
    requirePulumiVersion: (request) => engine.requirePulumiVersion(request),
  };
}

function addMethod(server: Server, { name, method, handle }: ServedMethod): void {
  type Respond = (error: Partial<ServiceError> | null, response?: object) => void;
  const answer = (call: { readonly request: never }, respond: Respond) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => respond(null, response),
        (error: unknown) => respond(statusOf(error)),
      );
  };
  server.addService({ [name]: serverMethod(method) as never }, { [name]: answer as never });
}

/** An abort tells the SDK to stop without a word; anything else is the program's to report. */
function statusOf(error: unknown): Partial<ServiceError> {
  if (error instanceof MissingMethod) return { code: status.UNIMPLEMENTED, details: error.message };
  if (error instanceof DeploymentAborted) return { code: status.UNAVAILABLE, details: error.message };
  if (error instanceof ProviderError || error instanceof MainstayError)
    return { code: status.UNKNOWN, details: error.message };
  return { code: status.UNKNOWN, details: messageOf(error) };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    ),
  );
}

/** Answers what is under way, for a moment; then cuts off. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, 200);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
