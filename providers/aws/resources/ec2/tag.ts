import type { ExistingCall, ResourceDefinition } from '../../definition.ts';

/** One tag of something that is not managed here. https://www.pulumi.com/registry/packages/aws/api-docs/ec2/tag/ ; imported by `<resource id>,<key>`. */
export const tag: ResourceDefinition = {
  type: 'aws:ec2/tag:Tag',
  properties: {
    resourceId: { kind: 'string', required: true, replaces: true },
    key: { kind: 'string', required: true, replaces: true },
    value: { kind: 'string', required: true },
  },
  async create(call) {
    const id = `${call.inputs.resourceId},${call.inputs.key}`;
    await write({ ...call, id, state: {} });
    return id;
  },
  updates: [{ properties: ['value'], apply: write }],
  async read({ aws, id }) {
    const [resourceId, key] = split(id);
    const ec2 = await aws.client('ec2');
    const { Tags = [] } = await ec2.describeTags({
      Filters: [
        { Name: 'resource-id', Values: [resourceId] },
        { Name: 'key', Values: [key] },
      ],
    });
    const found = Tags.find(({ Key }) => Key === key);
    return found && { resourceId, key, value: found.Value ?? '' };
  },
  async delete({ aws, id }) {
    const [resourceId, Key] = split(id);
    await (await aws.client('ec2')).deleteTags({ Resources: [resourceId], Tags: [{ Key }] });
  },
};

async function write({ aws, id, inputs }: ExistingCall): Promise<void> {
  const [resourceId, Key] = split(id);
  const Tags = [{ Key, Value: inputs.value as string }];
  await (await aws.client('ec2')).createTags({ Resources: [resourceId], Tags });
}

function split(id: string): readonly [resourceId: string, key: string] {
  const cut = id.indexOf(',');
  return [id.slice(0, cut), id.slice(cut + 1)];
}
