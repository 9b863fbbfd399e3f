import { ProviderError } from '../../../../protocol/provider.ts';
import type { ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { describe } from './describe.ts';
import { ec2Arn, ec2Tags, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/flowlog/ ; imported by its id. */
export const flowLog: ResourceDefinition = {
  type: 'aws:ec2/flowLog:FlowLog',
  tags: ec2Tags,
  properties: {
    vpcId: { kind: 'string', replaces: true },
    subnetId: { kind: 'string', replaces: true },
    eniId: { kind: 'string', replaces: true },
    trafficType: { kind: 'string', replaces: true, oneOf: ['ACCEPT', 'REJECT', 'ALL'] },
    logDestinationType: { kind: 'string', default: 'cloud-watch-logs', replaces: true },
    logDestination: { kind: 'string', replaces: true, computed: true },
    iamRoleArn: { kind: 'string', replaces: true },
    logFormat: { kind: 'string', replaces: true, computed: true },
    maxAggregationInterval: { kind: 'number', default: 600, replaces: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
  },
  validate: (inputs) => {
    const given = ['vpcId', 'subnetId', 'eniId'].filter((key) => inputs[key]);
    return given.length === 1 ? [] : [`exactly one of vpcId, subnetId, eniId is needed, not ${given.length}.`];
  },
  async create({ aws, inputs, allTags }) {
    const { CreateFlowLogsCommand } = await import('@aws-sdk/client-ec2');
    const [ResourceType, id] = inputs.vpcId
      ? ['VPC' as const, inputs.vpcId]
      : inputs.subnetId
        ? ['Subnet' as const, inputs.subnetId]
        : ['NetworkInterface' as const, inputs.eniId];
    const made = await (await aws.client('ec2')).send(
      new CreateFlowLogsCommand({
        ResourceIds: [id as string],
        ClientToken: crypto.randomUUID(),
        ResourceType,
        TrafficType: (asText(inputs.trafficType) ?? 'ALL') as 'ALL',
        LogDestinationType: inputs.logDestinationType as 'cloud-watch-logs',
        LogDestination: asText(inputs.logDestination),
        DeliverLogsPermissionArn: asText(inputs.iamRoleArn),
        LogFormat: asText(inputs.logFormat),
        MaxAggregationInterval: inputs.maxAggregationInterval as number,
        ...tagSpecification('vpc-flow-log', allTags),
      }),
    );
    const [failed] = made.Unsuccessful ?? [];
    if (failed)
      throw new ProviderError(
        `Cannot make the flow log as AWS answered ${failed.Error?.Code}: ${failed.Error?.Message}.`,
      );
    return made.FlowLogIds![0]!;
  },
  async read({ aws, id }) {
    const found = await describe('flowLog', { aws, id });
    if (!found) return undefined;
    const target = found.ResourceId ?? '';
    const key = target.startsWith('vpc-') ? 'vpcId' : target.startsWith('subnet-') ? 'subnetId' : 'eniId';
    return {
      [key]: target,
      trafficType: found.TrafficType,
      logDestinationType: found.LogDestinationType,
      logDestination: found.LogDestination,
      iamRoleArn: found.DeliverLogsPermissionArn,
      logFormat: found.LogFormat,
      maxAggregationInterval: found.MaxAggregationInterval,
      arn: ec2Arn({ region: aws.configuration.region, account: await aws.accountId() }, `vpc-flow-log/${id}`),
      tags: fromTagList(found.Tags),
    };
  },
  async delete({ aws, id }) {
    const { DeleteFlowLogsCommand } = await import('@aws-sdk/client-ec2');
    await unlessGone((await aws.client('ec2')).send(new DeleteFlowLogsCommand({ FlowLogIds: [id] })));
  },
};
