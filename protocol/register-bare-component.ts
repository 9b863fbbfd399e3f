import { callMethod, openClient } from './grpc-call.ts';
import type { ConstructRequest } from './provider.ts';
import { providerErrorOf } from './provider-errors.ts';
import { message, text } from './wire-message.ts';

/** The three fields of ResourceMonitor.RegisterResource that a bare component needs (proto/pulumi/resource.proto). */
const registerComponent = {
  path: '/pulumirpc.ResourceMonitor/RegisterResource',
  request: message({ type: text(1), name: text(2), parent: text(3) }),
  response: message({ urn: text(1) }),
};

/** Registers a remote component without children: what stands for one whose provider cannot be configured in a preview. */
export async function registerBareComponent({ info, type, name, parent }: ConstructRequest): Promise<string> {
  const client = openClient(info.monitorEndpoint);
  try {
    return (await callMethod(client, registerComponent, { type, name, parent })).urn;
  } catch (error) {
    throw providerErrorOf(error);
  } finally {
    client.close();
  }
}
