import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { messageOf } from '../../foundation/errors.ts';
import type { FrameChannel, FrameFailure } from '../../protocol/frame-channel.ts';

/** The parts of grpc-js and of the SDK's generated modules that are looked at. Nothing of this is sure to be there in another version. */
interface Grpc {
  readonly Metadata: new () => { set(key: string, value: Buffer): void };
  readonly status: Readonly<Record<number, string>>;
}
interface MethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly originalName?: string;
  requestSerialize(request: unknown): Buffer;
  responseDeserialize(bytes: Buffer): unknown;
}
type Callback = (error: Error | null, response?: unknown) => void;
type ClientClass = (new (
  address: string,
  ...rest: unknown[]
) => object) & { readonly service?: Readonly<Record<string, MethodDefinition>> };

/** What the clients ask when they are made. */
export interface ChannelChoice {
  /** The channel for an address, if it is one that is served by it. */
  channelFor(address: string): FrameChannel | undefined;
}

/** Generated modules and their clients that talk to the engine. */
const clients = [
  ['proto/resource_grpc_pb.js', 'ResourceMonitorClient'],
  ['proto/engine_grpc_pb.js', 'EngineClient'],
] as const;

/**
 * Has the SDK's clients of the engine speak over the channel of this process instead of HTTP/2, in memory only: a client for another
 * address, and a call with anything but a request and a callback, go their own way. To be called before the SDK is loaded.
 * `require` is that of the SDK.
 */
export function installFrameClients(sdk: string, require: NodeJS.Require, choice: ChannelChoice): void {
  const grpc = require('@grpc/grpc-js') as Grpc;
  for (const [file, name] of clients) {
    const module = require(join(sdk, file)) as Record<string, ClientClass | undefined>;
    const original = module[name];
    if (original?.service === undefined) continue;
    module[name] = frameClient(original, grpc, choice);
  }
}

function frameClient(Original: ClientClass, grpc: Grpc, choice: ChannelChoice): ClientClass {
  class FrameClient extends Original {
    readonly mainstayChannel: FrameChannel | undefined;

    constructor(address: string, ...rest: unknown[]) {
      super(address, ...rest);
      this.mainstayChannel = choice.channelFor(address);
    }
  }
  for (const [name, definition] of Object.entries(Original.service ?? {})) {
    if (definition.requestStream || definition.responseStream) continue;
    const plain = (Original.prototype as Record<string, ((...args: unknown[]) => unknown) | undefined>)[name];
    if (plain === undefined) continue;
    const method = frameMethod(plain, definition, grpc);
    for (const key of new Set([name, definition.originalName ?? name]))
      Object.defineProperty(FrameClient.prototype, key, { value: method, writable: true, configurable: true });
  }
  return FrameClient;
}

function frameMethod(
  plain: (...args: unknown[]) => unknown,
  definition: MethodDefinition,
  grpc: Grpc,
): (...args: unknown[]) => unknown {
  return function call(this: { readonly mainstayChannel?: FrameChannel }, ...args: unknown[]): unknown {
    const [request, done] = args as [unknown, Callback];
    if (this.mainstayChannel === undefined || args.length !== 2 || typeof done !== 'function')
      return plain.apply(this, args);
    const fail = (failure: FrameFailure) => done(serviceError(failure, grpc));
    let bytes: Buffer;
    try {
      bytes = definition.requestSerialize(request);
    } catch (error) {
      // As grpc-js has it: no method throws.
      process.nextTick(fail, internal(`Request message serialization failure: ${messageOf(error)}`));
      return new FrameCall();
    }
    this.mainstayChannel.call(definition.path, bytes, (failure, payload) => {
      if (failure !== undefined) {
        fail(failure);
        return;
      }
      let response: unknown;
      try {
        response = definition.responseDeserialize(payload);
      } catch (error) {
        fail(internal(`Response message parsing error: ${messageOf(error)}`));
        return;
      }
      done(null, response);
    });
    return new FrameCall();
  };
}

function internal(details: string): FrameFailure {
  return { code: 13, details, statusDetails: new Uint8Array() };
}

/** What a unary call of grpc-js returns, as far as it means something here. */
class FrameCall extends EventEmitter {
  cancel(): void {}

  getPeer(): string {
    return 'mainstay';
  }
}

/** As grpc-js makes it. */
function serviceError({ code, details, statusDetails }: FrameFailure, grpc: Grpc): Error {
  const metadata = new grpc.Metadata();
  if (statusDetails.length > 0) metadata.set('grpc-status-details-bin', Buffer.from(statusDetails));
  return Object.assign(new Error(`${code} ${grpc.status[code]}: ${details}`), { code, details, metadata });
}
