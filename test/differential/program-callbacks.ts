import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import callbackServices from '@pulumi/pulumi/proto/callback_grpc_pb.js';
import callbackMessages from '@pulumi/pulumi/proto/callback_pb.js';
import messages from '@pulumi/pulumi/proto/resource_pb.js';
import type { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { decodeProperties, encodeProperties } from '../../protocol/struct-codec.ts';
import type { TransformName } from './scenario-data.ts';

/** `watch` only looks on, `rehearse` also in previews, `refuse` fails, and `grumble` fails and may. */
export const hookNames = ['watch', 'rehearse', 'refuse', 'grumble'] as const;
/** What they say to a failed step: once more, or not. */
export const errorHookNames = ['again', 'give-up'] as const;

type Callback = InstanceType<typeof callbackMessages.Callback>;
type HookRequest = InstanceType<typeof messages.ResourceHookRequest> | InstanceType<typeof messages.ErrorHookRequest>;
type TransformOptions = InstanceType<typeof messages.TransformResourceOptions>;

/** The functions of a program that engines call: hooks and transforms. What they do is in their names, so that one server is enough. */
export class ProgramCallbacks {
  readonly #server = new Server();
  readonly #cloud: () => TestCloud;
  #address = '';

  /** Hooks note in the cloud that they were called. */
  constructor(cloud: () => TestCloud) {
    this.#cloud = cloud;
  }

  async start(): Promise<void> {
    const { CallbacksService } = callbackServices as unknown as { CallbacksService: never };
    this.#server.addService(CallbacksService, {
      invoke: (
        { request }: ServerUnaryCall<InstanceType<typeof callbackMessages.CallbackInvokeRequest>, unknown>,
        reply: sendUnaryData<unknown>,
      ) => {
        try {
          const response = new callbackMessages.CallbackInvokeResponse();
          response.setResponse(this.#invoke(request.getToken(), request.getRequest_asU8()));
          reply(null, response);
        } catch (error) {
          reply({ code: status.UNKNOWN, message: String(error) });
        }
      },
    } as never);
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    this.#address = `127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  callback(kind: 'hook' | 'error' | 'transform', name: string): Callback {
    const callback = new callbackMessages.Callback();
    callback.setTarget(this.#address);
    callback.setToken(`${kind} ${name}`);
    return callback;
  }

  #invoke(token: string, request: Uint8Array): Uint8Array {
    const [kind, name = ''] = token.split(' ');
    if (kind === 'hook') return this.#hook(name, messages.ResourceHookRequest.deserializeBinary(request));
    if (kind === 'error') return this.#errorHook(name, messages.ErrorHookRequest.deserializeBinary(request));
    return transformed(name as TransformName, messages.TransformRequest.deserializeBinary(request));
  }

  #hook(name: string, request: InstanceType<typeof messages.ResourceHookRequest>): Uint8Array {
    this.#note(`hook ${name}`, request, [sizeOf(request.getNewOutputs())]);
    const response = new messages.ResourceHookResponse();
    if (name === 'refuse' || name === 'grumble') response.setError(`${name} does not like it`);
    return response.serializeBinary();
  }

  #errorHook(name: string, request: InstanceType<typeof messages.ErrorHookRequest>): Uint8Array {
    const errors = request.getErrorsList();
    this.#note(`hook ${name}`, request, [request.getFailedOperation(), errors.length]);
    const response = new messages.ErrorHookResponse();
    response.setRetry(name === 'again' && errors.length < 2);
    return response.serializeBinary();
  }

  /** With what is there when the hook runs: before and after can be told by it. */
  #note(what: string, request: HookRequest, more: readonly unknown[]): void {
    const id = request.getId();
    const sizes = [request.getNewInputs(), request.getOldInputs(), request.getOldOutputs()].map(sizeOf);
    const cloud = this.#cloud();
    const there = cloud.things.has(id) ? `there ${cloud.things.get(id)!.inputs.size}` : 'not there';
    cloud.calls.push(
      `${what} ${request.getType()} ${request.getName()} ${id} ${JSON.stringify([...sizes, ...more])} ${there}`,
    );
  }
}

function propertiesOf(struct: unknown): PropertyMap {
  return struct === undefined ? {} : decodeProperties(struct as never);
}

function sizeOf(struct: unknown): unknown {
  return struct === undefined ? 'none' : (propertiesOf(struct).size ?? 'unset');
}

function transformed(name: TransformName, request: InstanceType<typeof messages.TransformRequest>): Uint8Array {
  const response = new messages.TransformResponse();
  const options = request.getOptions() ?? new messages.TransformResourceOptions();
  const properties = propertiesOf(request.getProperties());
  response.setProperties(encodeProperties(request.getCustom() ? changedBy(name, properties) : properties) as never);
  if (request.getCustom()) changeOptions(name, options);
  response.setOptions(options);
  return response.serializeBinary();
}

function changedBy(name: TransformName, properties: PropertyMap): PropertyMap {
  const { size, tags } = properties;
  if (name === 'grow' && typeof size === 'number') return { ...properties, size: size + 10 };
  if (name === 'tag') return { ...properties, tags: [...(Array.isArray(tags) ? tags : []), 'transformed'] };
  return properties;
}

function changeOptions(name: TransformName, options: TransformOptions): void {
  if (name === 'protect') options.setProtect(true);
  if (name === 'retain') options.setRetainOnDelete(true);
  if (name === 'ignore') options.setIgnoreChangesList([...options.getIgnoreChangesList(), 'size']);
  if (name === 'exclusive') options.setDeleteBeforeReplace(true);
  if (name === 'patient') {
    const timeouts = new messages.RegisterResourceRequest.CustomTimeouts();
    timeouts.setCreate('120s');
    options.setCustomTimeouts(timeouts);
  }
  if (name === 'watched') {
    const hooks = new messages.RegisterResourceRequest.ResourceHooksBinding();
    hooks.setAfterCreateList(['watch']);
    hooks.setBeforeDeleteList(['watch']);
    options.setHooks(hooks);
  }
}
