import { Client, type ClientUnaryCall, credentials, type MethodDefinition, type requestCallback } from '@grpc/grpc-js';
import type { Method } from './provider-messages.ts';

/** Pulumi's engine and plugins allow messages of 400 MB (pkg/util/rpcutil); gRPC's own limit is 4 MB. */
const messageLimit = 400 * 1024 * 1024;

export const channelOptions = {
  'grpc.max_receive_message_length': messageLimit,
  'grpc.max_send_message_length': messageLimit,
  // A proxy from the environment must not get between two processes of one machine.
  'grpc.enable_http_proxy': 0,
} as const;

/** A client for a plaintext address `host:port`. It connects with the first call. */
export function openClient(address: string): Client {
  return new Client(address, credentials.createInsecure(), channelOptions);
}

/** One unary call. Rejects with the gRPC error. No deadline unless `timeoutMs` is given. */
export function callMethod<Q, A>(
  client: Client,
  method: Method<Q, A>,
  request: Partial<Q>,
  options: { readonly timeoutMs?: number } = {},
): Promise<A> {
  return new Promise((resolve, reject) => {
    const done: requestCallback<A> = (error, response) => (error === null ? resolve(response!) : reject(error));
    const deadline = options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
    const call: ClientUnaryCall = client.makeUnaryRequest(
      method.path,
      (value: Partial<Q>) => method.request.encode(value),
      (bytes: Buffer) => method.response.decode(bytes),
      request,
      deadline,
      done,
    );
    call.on('error', () => {});
  });
}

/** What a gRPC server needs to know of a method. */
export function serverMethod<Q, A>(method: Method<Q, A>): MethodDefinition<Q, Partial<A>> {
  return {
    path: method.path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (request) => method.request.encode(request),
    requestDeserialize: (bytes) => method.request.decode(bytes),
    responseSerialize: (response) => method.response.encode(response),
    responseDeserialize: (bytes) => method.response.decode(bytes),
  };
}
