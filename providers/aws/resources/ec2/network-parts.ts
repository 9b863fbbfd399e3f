import type { VpcEndpoint } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asList, asText } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { waitFor } from '../../wait.ts';
import { describe } from './describe.ts';
import { groupRules, securityGroup } from './security-groups.ts';
import { ec2Arn, ec2Tags, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/vpcendpoint/ ; imported by its id. */
export const vpcEndpoint: ResourceDefinition = {
  type: 'aws:ec2/vpcEndpoint:VpcEndpoint',
  tags: ec2Tags,
  properties: {
    vpcId: { kind: 'string', required: true, replaces: true },
    serviceName: { kind: 'string', required: true, replaces: true },
    vpcEndpointType: {
      kind: 'string',
      default: 'Gateway',
      replaces: true,
      oneOf: ['Gateway', 'Interface', 'GatewayLoadBalancer'],
    },
    routeTableIds: { kind: 'list', unordered: true, computed: true },
    subnetIds: { kind: 'list', unordered: true, computed: true },
    securityGroupIds: { kind: 'list', unordered: true, computed: true },
    privateDnsEnabled: { kind: 'boolean', computed: true },
    policy: { kind: 'string', computed: true, json: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
    state: { kind: 'string', output: true },
    networkInterfaceIds: { kind: 'list', output: true },
  },
  async create({ aws, inputs, allTags }) {
    const { CreateVpcEndpointCommand } = await import('@aws-sdk/client-ec2');
    const list = (key: string) => (asList(inputs[key]).length > 0 ? [...asList(inputs[key])] : undefined);
    const made = await (await aws.client('ec2')).send(
      new CreateVpcEndpointCommand({
        VpcId: inputs.vpcId as string,
        ServiceName: inputs.serviceName as string,
        ClientToken: crypto.randomUUID(),
        VpcEndpointType: inputs.vpcEndpointType as 'Gateway',
        RouteTableIds: list('routeTableIds'),
        SubnetIds: list('subnetIds'),
        SecurityGroupIds: list('securityGroupIds'),
        PolicyDocument: asText(inputs.policy),
        ...(typeof inputs.privateDnsEnabled === 'boolean' && { PrivateDnsEnabled: inputs.privateDnsEnabled }),
        ...tagSpecification('vpc-endpoint', allTags),
      }),
    );
    return made.VpcEndpoint!.VpcEndpointId!;
  },
  async ready(call) {
    await waitFor(`VPC endpoint ${call.id} to be available`, call, async () => {
      const state = (await describeEndpoint(call))?.State?.toLowerCase();
      if (state === 'failed' || state === 'rejected')
        throw new ProviderError(`Cannot make VPC endpoint ${call.id} as AWS says that it is ${state}.`);
      return state === 'available' ? true : undefined;
    });
  },
  updates: [
    {
      properties: ['routeTableIds', 'subnetIds', 'securityGroupIds', 'privateDnsEnabled', 'policy'],
      apply: modifyEndpoint,
    },
  ],
  async read(call) {
    const found = await describeEndpoint(call);
    if (!found || isGone(found)) return undefined;
    const account = found.OwnerId ?? '';
    return {
      vpcId: found.VpcId,
      serviceName: found.ServiceName,
      vpcEndpointType: found.VpcEndpointType,
      routeTableIds: found.RouteTableIds ?? [],
      subnetIds: found.SubnetIds ?? [],
      securityGroupIds: (found.Groups ?? []).map(({ GroupId }) => GroupId!),
      privateDnsEnabled: found.PrivateDnsEnabled ?? false,
      policy: found.PolicyDocument,
      networkInterfaceIds: found.NetworkInterfaceIds ?? [],
      state: found.State?.toLowerCase(),
      ownerId: account,
      arn: ec2Arn({ region: call.aws.configuration.region, account }, `vpc-endpoint/${call.id}`),
      tags: fromTagList(found.Tags),
    };
  },
  async delete(call) {
    const { DeleteVpcEndpointsCommand } = await import('@aws-sdk/client-ec2');
    const found = await describeEndpoint(call);
    if (!found || isGone(found)) return;
    const { Unsuccessful = [] } = await (await call.aws.client('ec2')).send(
      new DeleteVpcEndpointsCommand({ VpcEndpointIds: [call.id] }),
    );
    const failed = Unsuccessful.find(({ Error: error }) => !error?.Code?.endsWith('.NotFound'))?.Error;
    if (failed)
      throw new ProviderError(
        `Cannot delete VPC endpoint ${call.id} as AWS answered ${failed.Code}: ${failed.Message}.`,
      );
    await waitFor(`VPC endpoint ${call.id} to be gone`, call, async () => {
      const found = await describeEndpoint(call);
      return !found || found.State?.toLowerCase() === 'deleted' ? true : undefined;
    });
  },
};

/** AWS shows an endpoint for a while after its end. */
function isGone({ State }: VpcEndpoint): boolean {
  return /^(deleted|deleting)$/i.test(State ?? '');
}

function describeEndpoint(call: Pick<ExistingCall, 'aws' | 'id'>): Promise<VpcEndpoint | undefined> {
  return describe('vpcEndpoint', call);
}

async function modifyEndpoint(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const { ModifyVpcEndpointCommand } = await import('@aws-sdk/client-ec2');
  const { inputs, old, id } = call;
  const change = (key: string) => {
    const [before, after] = [new Set(asList(old[key])), new Set(asList(inputs[key]))];
    return { add: [...after.difference(before)], remove: [...before.difference(after)] };
  };
  const [tables, subnets, groups] = [change('routeTableIds'), change('subnetIds'), change('securityGroupIds')];
  const some = (list: string[]) => (list.length > 0 ? list : undefined);
  await (await call.aws.client('ec2')).send(
    new ModifyVpcEndpointCommand({
      VpcEndpointId: id,
      AddRouteTableIds: some(tables.add),
      RemoveRouteTableIds: some(tables.remove),
      AddSubnetIds: some(subnets.add),
      RemoveSubnetIds: some(subnets.remove),
      AddSecurityGroupIds: some(groups.add),
      RemoveSecurityGroupIds: some(groups.remove),
      ...(typeof inputs.privateDnsEnabled === 'boolean' && { PrivateDnsEnabled: inputs.privateDnsEnabled }),
      ...(asText(inputs.policy)
        ? { PolicyDocument: asText(inputs.policy) }
        : { ResetPolicy: old.policy !== undefined && inputs.policy === undefined }),
    }),
  );
}

/**
 * The security group that comes with every VPC: adopted, given exactly these rules (none by default), and left without rules when it is no longer
 * managed, as it cannot be deleted. https://www.pulumi.com/registry/packages/aws/api-docs/ec2/defaultsecuritygroup/
 */
export const defaultSecurityGroup: ResourceDefinition = {
  type: 'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup',
  tags: { ...ec2Tags, atCreate: false },
  properties: {
    vpcId: { kind: 'string', replaces: true, computed: true },
    ingress: { ...groupRules, default: [] },
    egress: { ...groupRules, default: [] },
    revokeRulesOnDelete: { kind: 'boolean', default: false, writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    name: { kind: 'string', output: true },
    description: { kind: 'string', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
  },
  async create(call) {
    const { DescribeSecurityGroupsCommand } = await import('@aws-sdk/client-ec2');
    const Filters = [
      { Name: 'group-name', Values: ['default'] },
      { Name: 'vpc-id', Values: [call.inputs.vpcId as string] },
    ];
    const found = await (await call.aws.client('ec2')).send(new DescribeSecurityGroupsCommand({ Filters }));
    const id = found.SecurityGroups?.[0]?.GroupId;
    if (!id)
      throw new ProviderError(
        `Cannot adopt the default security group as the VPC has none: ${call.inputs.vpcId}. Check the VPC.`,
      );
    await writeAllRules({ ...call, id, state: {}, old: {} });
    return id;
  },
  updates: [{ properties: ['ingress', 'egress'], apply: writeAllRules }],
  read: securityGroup.read,
  delete: async (call) => {
    if (await securityGroup.read(call)) await writeAllRules({ ...call, inputs: { ingress: [], egress: [] }, old: {} });
  },
};

async function writeAllRules(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  for (const rule of securityGroup.updates ?? []) await rule.apply(call);
}

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
