import { type ConstructRequest, type ConstructResponse, ProviderError } from '../../protocol/provider.ts';
import { MonitorClient } from './monitor-client.ts';
import { thingType } from './program.ts';

/** What the test provider does for a remote component: two things, the second of which needs the first. */
export async function constructRemote({
  info,
  type,
  name,
  parent,
  inputs,
  options,
}: ConstructRequest): Promise<ConstructResponse> {
  const client = new MonitorClient(info.monitorEndpoint);
  const { aliases, providers, protect, retainOnDelete } = options;
  const provider = providers.test;
  const none = { dependencies: [], propertyDependencies: {}, inputs: {}, options: {} };
  try {
    const component = await client.register({
      ...none,
      type,
      name,
      custom: false,
      parent,
      inputs,
      dependencies: options.dependencies,
      options: { protect, retainOnDelete, aliasUrns: aliases },
    });
    const thing = { ...none, type: thingType, custom: true, parent: component.urn, provider };
    const tags = inputs.tags ?? [];
    const first = await client.register({
      ...thing,
      name: `${name}-in`,
      inputs: { size: inputs.size ?? 0, replaceBy: 0, tags },
    });
    const { made = null } = first.outputs;
    const second = await client.register({
      ...thing,
      name: `${name}-out`,
      inputs: { size: 0, replaceFrom0: made, tags },
      dependencies: [first.urn],
      propertyDependencies: { replaceFrom0: [first.urn] },
    });
    const outputs = { made: second.outputs.made ?? null };
    await client.registerOutputs(component.urn, outputs);
    return { urn: component.urn, outputs, outputDependencies: { made: [second.urn] } };
  } catch (error) {
    throw new ProviderError(error instanceof Error ? error.message : String(error));
  } finally {
    client.close();
  }
}
