import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/loggroup/ ; imported by its name. */
export const logGroup: ResourceDefinition = {
  type: 'aws:cloudwatch/logGroup:LogGroup',
  lostCreate: { id: ({ inputs }) => inputs.name as string },
  autoname: { property: 'name', maxLength: 512 },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
    retentionInDays: { kind: 'number', default: 0, afterCreate: true },
    kmsKeyId: { kind: 'string' },
    logGroupClass: { kind: 'string', replaces: true, computed: true },
    skipDestroy: { kind: 'boolean', default: false, writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
  },
  tags: {
    atCreate: true,
    async set({ aws, id, state }, tags) {
      const { TagResourceCommand } = await import('@aws-sdk/client-cloudwatch-logs');
      await (await aws.client('logs')).send(
        new TagResourceCommand({ resourceArn: await arnOf({ aws, id, state }), tags: { ...tags } }),
      );
    },
    async remove({ aws, id, state }, keys) {
      const { UntagResourceCommand } = await import('@aws-sdk/client-cloudwatch-logs');
      await (await aws.client('logs')).send(
        new UntagResourceCommand({ resourceArn: await arnOf({ aws, id, state }), tagKeys: [...keys] }),
      );
    },
  },
  async create({ aws, inputs, allTags }) {
    const { CreateLogGroupCommand } = await import('@aws-sdk/client-cloudwatch-logs');
    const name = inputs.name as string;
    const tags = Object.keys(allTags).length > 0 ? { tags: { ...allTags } } : {};
    const command = new CreateLogGroupCommand({
      logGroupName: name,
      kmsKeyId: asText(inputs.kmsKeyId),
      logGroupClass: asText(inputs.logGroupClass) as 'STANDARD',
      ...tags,
    });
    await (await aws.client('logs')).send(command);
    return name;
  },
  updates: [
    { properties: ['retentionInDays'], apply: updateRetention },
    { properties: ['kmsKeyId'], apply: updateKey },
  ],
  async read({ aws, id }) {
    const found = await describe({ aws, id });
    if (!found) return undefined;
    const { ListTagsForResourceCommand } = await import('@aws-sdk/client-cloudwatch-logs');
    const arn = (found.arn ?? '').replace(/:\*$/, '');
    const { tags = {} } = await (await aws.client('logs')).send(new ListTagsForResourceCommand({ resourceArn: arn }));
    return {
      name: id,
      retentionInDays: found.retentionInDays ?? 0,
      kmsKeyId: found.kmsKeyId,
      logGroupClass: found.logGroupClass,
      arn,
      tags,
    };
  },
  async delete({ aws, id, inputs }) {
    if (inputs.skipDestroy === true) return;
    const { DeleteLogGroupCommand } = await import('@aws-sdk/client-cloudwatch-logs');
    await unlessGone((await aws.client('logs')).send(new DeleteLogGroupCommand({ logGroupName: id })));
  },
};

async function describe({ aws, id }: Pick<ExistingCall, 'aws' | 'id'>) {
  const { DescribeLogGroupsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const { logGroups = [] } = await (await aws.client('logs')).send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: id }),
  );
  return logGroups.find(({ logGroupName }) => logGroupName === id);
}

async function arnOf({ aws, id, state }: Pick<ExistingCall, 'aws' | 'id' | 'state'>): Promise<string> {
  return asText(state.arn) ?? ((await describe({ aws, id }))?.arn ?? '').replace(/:\*$/, '');
}

/** 0 keeps logs for ever. */
async function updateRetention({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { DeleteRetentionPolicyCommand, PutRetentionPolicyCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const logs = await aws.client('logs');
  const days = inputs.retentionInDays;
  if (typeof days === 'number' && days > 0)
    await logs.send(new PutRetentionPolicyCommand({ logGroupName: id, retentionInDays: days }));
  else await unlessGone(logs.send(new DeleteRetentionPolicyCommand({ logGroupName: id })));
}

async function updateKey({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { AssociateKmsKeyCommand, DisassociateKmsKeyCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const logs = await aws.client('logs');
  const kmsKeyId = asText(inputs.kmsKeyId);
  if (kmsKeyId) await logs.send(new AssociateKmsKeyCommand({ logGroupName: id, kmsKeyId }));
  else await logs.send(new DisassociateKmsKeyCommand({ logGroupName: id }));
}
