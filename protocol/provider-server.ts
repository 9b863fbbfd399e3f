import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { channelOptions, serverMethod } from './grpc-call.ts';
import type { PropertyMap } from './property-value.ts';
import { type Provider, ProviderError } from './provider.ts';
import {
  callRequestFromWire,
  checkRequestFromWire,
  constructRequestFromWire,
  dependenciesToWire,
  diffResponseToWire,
  identityFromWire,
} from './provider-convert.ts';
import { statusOf } from './provider-errors.ts';
import { providerMethods } from './provider-messages.ts';
import type { MessageContent } from './wire-message.ts';

type Methods = typeof providerMethods;
type WireRequest<M extends keyof Methods> = MessageContent<Methods[M]['request']>;
type WireResponse<M extends keyof Methods> = Partial<MessageContent<Methods[M]['response']>>;
type Handlers = { [M in keyof Methods]: (request: WireRequest<M>) => Promise<WireResponse<M>> };

export interface ServeOptions {
  /** `host:port` to listen on. Default: a free port of 127.0.0.1. */
  readonly address?: string;
  /** What GetPluginInfo answers. */
  readonly version?: string;
  /** Called with the engine's address when an engine attaches to a provider that already runs (Attach). */
  readonly onAttach?: (engineAddress: string) => void;
}

export interface ServedProvider {
  /** `host:port`. */
  readonly address: string;
  /** Ends the server at once and closes the provider. */
  close(): Promise<void>;
}

/**
 * Offers a provider over Pulumi's `ResourceProvider` service, for our engine and the official one. Methods that the provider does not
 * have answer UNIMPLEMENTED. Rejects if the address cannot be listened on.
 */
export async function serveProvider(provider: Provider, options: ServeOptions = {}): Promise<ServedProvider> {
  const server = new Server(channelOptions);
  const handlers = handlersOf(provider, options);
  for (const name of Object.keys(providerMethods) as (keyof Methods)[]) addHandler(server, name, handlers[name]);
  const { address = '127.0.0.1:0' } = options;
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    address: `${address.slice(0, address.lastIndexOf(':'))}:${port}`,
    async close() {
      server.forceShutdown();
      await provider.close();
    },
  };
}

function addHandler<M extends keyof Methods>(server: Server, name: M, handle: Handlers[M]): void {
  const definition = serverMethod(providerMethods[name] as never);
  const answer = (call: ServerUnaryCall<WireRequest<M>, WireResponse<M>>, respond: sendUnaryData<WireResponse<M>>) => {
    // The call is made inside the chain so that what it throws at once is answered too.
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => respond(null, response),
        (error: unknown) => respond(statusOf(error)),
      );
  };
  server.addService({ [name]: definition }, { [name]: answer });
}

function unimplemented(method: string): never {
  throw new ProviderError(`the provider has no method ${method}`, { status: 'unimplemented' });
}

function handlersOf(provider: Provider, options: ServeOptions): Handlers {
  // Running operations see it when the user cancels.
  const cancelled = new AbortController();
  return {
    ...configurationHandlers(provider, options),
    ...resourceHandlers(provider, cancelled.signal),
    ...functionHandlers(provider),
    async cancel() {
      cancelled.abort();
      await provider.cancel?.();
      return {};
    },
  };
}

type ConfigurationMethod =
  | 'handshake'
  | 'parameterize'
  | 'getSchema'
  | 'checkConfig'
  | 'diffConfig'
  | 'configure'
  | 'getPluginInfo'
  | 'attach';

function configurationHandlers(provider: Provider, options: ServeOptions): Pick<Handlers, ConfigurationMethod> {
  return {
    async handshake({ engineAddress, rootDirectory, programDirectory }) {
      return provider.handshake?.({ engineAddress, rootDirectory, programDirectory }) ?? unimplemented('Handshake');
    },
    async parameterize({ value }) {
      if (!provider.parameterize) return unimplemented('Parameterize');
      if (!value) throw new ProviderError('parameters of the command line are not supported, only embedded ones');
      return provider.parameterize({ name: '', version: '', value: new Uint8Array(), ...value });
    },
    async getSchema({ version }) {
      return { schema: (await provider.getSchema?.({ version })) ?? unimplemented('GetSchema') };
    },
    async checkConfig(wire) {
      return provider.checkConfig?.(checkRequestFromWire(wire)) ?? unimplemented('CheckConfig');
    },
    async diffConfig(wire) {
      if (!provider.diffConfig) return unimplemented('DiffConfig');
      return diffResponseToWire(await provider.diffConfig(diffRequestFromWire(wire)));
    },
    async configure(wire) {
      if (!wire.acceptSecrets) throw new ProviderError('this provider needs an engine that accepts secrets');
      const { urn = '', name = '', type = '', id = '' } = wire;
      return provider.configure({ urn, name, type, id, inputs: wire.args ?? inputsOfVariables(wire.variables) });
    },
    getPluginInfo: async () => ({ version: options.version ?? '' }),
    async attach({ address }) {
      options.onAttach?.(address);
      return {};
    },
  };
}

/** Very old engines send `<package>:config:<key>` texts only. */
function inputsOfVariables(variables: Readonly<Record<string, string>>): PropertyMap {
  return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key.split(':').at(-1)!, value]));
}

function diffRequestFromWire(wire: WireRequest<'diff'>): Parameters<Provider['diff']>[0] {
  const { urn, id, olds = {}, oldInputs = {}, news = {}, ignoreChanges } = wire;
  return { urn, id, ...identityFromWire(wire), oldInputs, oldOutputs: olds, newInputs: news, ignoreChanges };
}

type ResourceMethod = 'check' | 'diff' | 'create' | 'read' | 'update' | 'delete';

function resourceHandlers(provider: Provider, signal: AbortSignal): Pick<Handlers, ResourceMethod> {
  return {
    check: (wire) => provider.check(checkRequestFromWire(wire)),
    diff: async (wire) => diffResponseToWire(await provider.diff(diffRequestFromWire(wire))),
    async create(wire) {
      const { urn, properties = {}, timeout, preview } = wire;
      const created = await provider.create({
        urn,
        ...identityFromWire(wire),
        inputs: properties,
        timeout,
        preview,
        signal,
      });
      const { id, outputs, refreshBeforeUpdate = false } = created;
      return { id, properties: outputs, refreshBeforeUpdate };
    },
    async read(wire) {
      const { urn, id, properties: outputs = {}, inputs = {}, timeout } = wire;
      const read = await provider.read({ urn, id, ...identityFromWire(wire), inputs, outputs, timeout });
      const { outputs: properties, refreshBeforeUpdate = false } = read;
      // The official engine takes the lack of properties, not of an id, for a resource that is gone.
      if (read.id === '') return {};
      return { id: read.id, properties, inputs: read.inputs, refreshBeforeUpdate };
    },
    async update(wire) {
      const { timeout, preview } = wire;
      const updated = await provider.update({ ...diffRequestFromWire(wire), timeout, preview, signal });
      return { properties: updated.outputs, refreshBeforeUpdate: updated.refreshBeforeUpdate ?? false };
    },
    async delete(wire) {
      const { urn, id, properties: outputs = {}, oldInputs: inputs = {}, timeout } = wire;
      await provider.delete({ urn, id, ...identityFromWire(wire), inputs, outputs, timeout, signal });
      return {};
    },
  };
}

function functionHandlers(provider: Provider): Pick<Handlers, 'invoke' | 'call' | 'construct'> {
  return {
    async invoke({ tok, args = {}, preview }) {
      const { result, failures } = await provider.invoke({ token: tok, args, preview });
      return { return: result, failures };
    },
    async call(wire) {
      if (!provider.call) return unimplemented('Call');
      const { result, failures, returnDependencies } = await provider.call(callRequestFromWire(wire));
      return { return: result, failures, returnDependencies: dependenciesToWire(returnDependencies) };
    },
    async construct(wire) {
      if (!provider.construct) return unimplemented('Construct');
      const { urn, outputs, outputDependencies } = await provider.construct(constructRequestFromWire(wire));
      return { urn, state: outputs, stateDependencies: dependenciesToWire(outputDependencies) };
    },
  };
}
