import type { Client } from '@grpc/grpc-js';
import { CallWatch, type WatchOptions } from './call-watch.ts';
import { callMethod, openClient } from './grpc-call.ts';
import type { HandshakeRequest, Provider } from './provider.ts';
import { adaptProvider } from './provider-adapter.ts';
import {
  callRequestToWire,
  checkRequestToWire,
  constructRequestToWire,
  dependenciesFromWire,
  diffResponseFromWire,
  failuresFromWire,
} from './provider-convert.ts';
import { providerErrorOf } from './provider-errors.ts';
import { type Method, providerMethods as methods } from './provider-messages.ts';
import { configurationVariables } from './provider-variables.ts';

export interface ConnectOptions {
  /** Warnings about one resource that the engine should show. */
  readonly warn?: (urn: string, message: string) => void;
  /** Turns the error of a call into a better one, where more is known (the process ended). Gets what would be thrown. */
  readonly explain?: (error: unknown) => unknown;
  /** When a provider is taken to hang. Default: not at all. */
  readonly watch?: WatchOptions;
}

/**
 * A provider behind `host:port`, with all the rules by which the official engine talks to providers (`provider-adapter.ts`). Connects
 * with the first call; `close` closes the connection and leaves the process alone.
 */
export async function connectProvider(address: string, options: ConnectOptions = {}): Promise<Provider> {
  return adaptProvider(createRemoteProvider(address, options), { warn: options.warn });
}

type Send = <Q, A>(method: Method<Q, A>, request: Partial<Q>, signal?: AbortSignal) => Promise<A>;

/** The bare methods over gRPC: values are sent and returned with all of their marks. */
export function createRemoteProvider(address: string, options: ConnectOptions = {}): Provider {
  const client = openClient(address);
  const watch = options.watch && new CallWatch(client, options.watch);
  const send = createSender(client, watch, options.explain ?? ((error) => error));
  return {
    ...configurationCalls(send),
    ...resourceCalls(send),
    ...functionCalls(send),
    async cancel() {
      // A provider that hangs must not keep the user from cancelling.
      await callMethod(client, methods.cancel, {}, { timeoutMs: 10_000 }).catch((error: unknown) => {
        throw providerErrorOf(error);
      });
    },
    async close() {
      watch?.close();
      client.close();
    },
  };
}

/** Methods that change something outside, unless it is a preview. */
const changing: readonly string[] = [
  methods.create,
  methods.update,
  methods.delete,
  methods.construct,
  methods.call,
].map(({ path }) => path);

type Explain = (error: unknown) => unknown;

function createSender(client: Client, watch: CallWatch | undefined, explain: Explain): Send {
  let cancelled = false;
  // The provider is asked to end its calls; the calls themselves go on, as their results must not be lost.
  const cancel = () => {
    if (!cancelled) callMethod(client, methods.cancel, {}).catch(() => {});
    cancelled = true;
  };
  return async (method, request, signal) => {
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const call = () => callMethod(client, method, request);
      const changes = changing.includes(method.path);
      return await (watch === undefined ? call() : watch.call(changes, call));
    } catch (error) {
      throw await explain(providerErrorOf(error));
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
}

type ConfigurationCall = 'handshake' | 'parameterize' | 'getSchema' | 'checkConfig' | 'diffConfig' | 'configure';

function configurationCalls(send: Send): Required<Pick<Provider, ConfigurationCall>> {
  return {
    handshake: ({ engineAddress, rootDirectory, programDirectory }: HandshakeRequest) =>
      send(methods.handshake, {
        engineAddress,
        rootDirectory,
        programDirectory,
        configureWithUrn: true,
        supportsRefreshBeforeUpdate: true,
        invokeWithPreview: true,
      }),
    parameterize: (value) => send(methods.parameterize, { value }),
    getSchema: async ({ version }) => (await send(methods.getSchema, { version })).schema,
    async checkConfig(request) {
      const { inputs = {}, failures } = await send(methods.checkConfig, checkRequestToWire(request));
      return { inputs, failures: failuresFromWire(failures) };
    },
    async diffConfig({ oldInputs, oldOutputs: olds, newInputs: news, ...rest }) {
      return diffResponseFromWire(await send(methods.diffConfig, { ...rest, oldInputs, olds, news }));
    },
    configure({ urn, name, type, id, inputs }) {
      return send(methods.configure, {
        urn,
        name,
        type,
        id,
        variables: configurationVariables(type, inputs),
        args: inputs,
        acceptSecrets: true,
        acceptResources: true,
        sendsOldInputs: true,
        sendsOldInputsToDelete: true,
      });
    },
  };
}

type ResourceCall = 'check' | 'diff' | 'create' | 'read' | 'update' | 'delete';

function resourceCalls(send: Send): Pick<Provider, ResourceCall> {
  return {
    async check(request) {
      const { inputs = {}, failures } = await send(methods.check, checkRequestToWire(request));
      return { inputs, failures: failuresFromWire(failures) };
    },
    async diff({ oldInputs, oldOutputs: olds, newInputs: news, ...rest }) {
      return diffResponseFromWire(await send(methods.diff, { ...rest, oldInputs, olds, news }));
    },
    async create({ inputs, signal, ...rest }) {
      const response = await send(methods.create, { ...rest, properties: inputs }, signal);
      const { id, properties: outputs = {}, refreshBeforeUpdate } = response;
      return { id, outputs, refreshBeforeUpdate };
    },
    async read({ inputs, outputs, ...rest }) {
      const response = await send(methods.read, { ...rest, inputs, properties: outputs });
      return {
        id: response.id,
        outputs: response.properties ?? {},
        inputs: response.inputs,
        refreshBeforeUpdate: response.refreshBeforeUpdate,
      };
    },
    async update({ oldInputs, oldOutputs: olds, newInputs: news, signal, ...rest }) {
      const response = await send(methods.update, { ...rest, oldInputs, olds, news }, signal);
      return { outputs: response.properties ?? {}, refreshBeforeUpdate: response.refreshBeforeUpdate };
    },
    async delete({ inputs: oldInputs, outputs, signal, ...rest }) {
      await send(methods.delete, { ...rest, oldInputs, properties: outputs }, signal);
    },
  };
}

function functionCalls(send: Send): Required<Pick<Provider, 'invoke' | 'call' | 'construct'>> {
  return {
    async invoke({ token, args, preview }) {
      const response = await send(methods.invoke, { tok: token, args, preview });
      return { result: response.return ?? {}, failures: failuresFromWire(response.failures) };
    },
    async call(request) {
      const response = await send(methods.call, callRequestToWire(request));
      return {
        result: response.return ?? {},
        failures: failuresFromWire(response.failures),
        returnDependencies: dependenciesFromWire(response.returnDependencies),
      };
    },
    async construct(request) {
      const { urn, state, stateDependencies } = await send(methods.construct, constructRequestToWire(request));
      return { urn, outputs: state ?? {}, outputDependencies: dependenciesFromWire(stateDependencies) };
    },
  };
}
