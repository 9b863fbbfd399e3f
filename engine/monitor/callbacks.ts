import type { Client } from '@grpc/grpc-js';
import { callMethod, openClient } from '../../protocol/grpc-call.ts';
import type { Message } from '../../protocol/wire-message.ts';
import { invokeCallback, type WireCallback } from './monitor-messages.ts';

/** Calls functions of the program: transforms and hooks. The program serves `Callbacks`, one address a run (proto/pulumi/callback.proto). */
export interface Callbacks {
  /** Rejects with the function's own error. */
  call<Q, A>(
    callback: WireCallback,
    messages: { readonly request: Message<Q>; readonly response: Message<A> },
    request: Partial<Q>,
  ): Promise<A>;
  close(): void;
}

export function createCallbacks(): Callbacks {
  const clients = new Map<string, Client>();
  const clientOf = (target: string): Client => {
    const client = clients.get(target) ?? openClient(target);
    clients.set(target, client);
    return client;
  };
  return {
    async call({ target = '', token = '' }, messages, request) {
      const bytes = messages.request.encode(request);
      const { response } = await callMethod(clientOf(target), invokeCallback, { token, request: bytes });
      return messages.response.decode(response);
    },
    close() {
      for (const client of clients.values()) client.close();
      clients.clear();
    },
  };
}
