import { Server, ServerCredentials } from '@grpc/grpc-js';
import { engineMethods, logSeverities } from '../../protocol/engine-messages.ts';
import { channelOptions, serverMethod } from '../../protocol/grpc-call.ts';
import type { Method } from '../../protocol/provider-messages.ts';
import type { ProviderLogMessage } from '../../protocol/provider-module.ts';

/** A log message that plugins sent, with the number that puts messages of one output in a row (0: none). */
export interface PluginLogMessage extends ProviderLogMessage {
  readonly streamId?: number;
}

export interface PluginEngineServer {
  /** `host:port`, what plugins get as their engine's address. */
  readonly address: string;
  close(): void;
}

/**
 * The engine as one plugin sees it. It belongs to the plugin's process, not to an operation, as plugins are kept alive between
 * operations. Unimplemented methods answer UNIMPLEMENTED, which plugins expect of older engines.
 */
export async function startPluginEngineServer(log: (message: PluginLogMessage) => void): Promise<PluginEngineServer> {
  const server = new Server(channelOptions);
  let rootResource = '';
  const definition = {
    log: serverMethod(engineMethods.log),
    getRootResource: serverMethod(engineMethods.getRootResource),
    setRootResource: serverMethod(engineMethods.setRootResource),
  };
  server.addService(definition, {
    log: ((call, respond) => {
      const { severity, ephemeral, ...rest } = call.request;
      log({ ...rest, severity: logSeverities[severity] ?? 'info', status: ephemeral });
      respond(null, {});
    }) satisfies Handler<typeof engineMethods.log>,
    getRootResource: ((_call, respond) => respond(null, { urn: rootResource })) satisfies Handler<
      typeof engineMethods.getRootResource
    >,
    setRootResource: ((call, respond) => {
      rootResource = call.request.urn;
      respond(null, {});
    }) satisfies Handler<typeof engineMethods.setRootResource>,
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

type Handler<M> =
  M extends Method<infer Q, infer A>
    ? (call: { readonly request: Q }, respond: (error: null, response: Partial<A>) => void) => void
    : never;
