import type { IpAddressType, PrefixList, VpcEndpoint } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { Batches } from '../../batches.ts';
import type { AwsCalls } from '../../clients.ts';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { asList, asText } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { waitFor } from '../../wait.ts';
import { describe } from './describe.ts';
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
    ipAddressType: { kind: 'string', computed: true, oneOf: ['ipv4', 'dualstack', 'ipv6'] },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
    state: { kind: 'string', output: true },
    networkInterfaceIds: { kind: 'list', output: true },
    dnsEntries: { kind: 'list', output: true },
    requesterManaged: { kind: 'boolean', output: true },
    prefixListId: { kind: 'string', output: true },
    cidrBlocks: { kind: 'list', output: true },
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
        IpAddressType: asText(inputs.ipAddressType) as IpAddressType | undefined,
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
      properties: ['routeTableIds', 'subnetIds', 'securityGroupIds', 'privateDnsEnabled', 'policy', 'ipAddressType'],
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
      ipAddressType: found.IpAddressType,
      dnsEntries: (found.DnsEntries ?? []).map(({ DnsName = '', HostedZoneId = '' }) => ({
        dnsName: DnsName,
        hostedZoneId: HostedZoneId,
      })),
      requesterManaged: found.RequesterManaged ?? false,
      ...(found.VpcEndpointType === 'Gateway' && (await addressesOf(call, found.ServiceName ?? ''))),
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

/** The lists of AWS's own services in a region, of which there are few: asked for once for all endpoints. */
const prefixLists = new WeakMap<Batches, Promise<readonly PrefixList[]>>();

/** What security groups name to let packets out to a gateway endpoint: the service's list of addresses. */
async function addressesOf({ aws }: Pick<ExistingCall, 'aws'>, service: string): Promise<PlainMap> {
  const asked = prefixLists.get(aws.batches) ?? describeLists(aws);
  prefixLists.set(aws.batches, asked);
  const list = (await asked).find(({ PrefixListName }) => PrefixListName === service);
  return { prefixListId: list?.PrefixListId, cidrBlocks: list?.Cidrs ?? [] };
}

async function describeLists(aws: AwsCalls): Promise<readonly PrefixList[]> {
  try {
    return (await (await aws.client('ec2')).describePrefixLists({})).PrefixLists ?? [];
  } catch (error) {
    prefixLists.delete(aws.batches);
    throw error;
  }
}

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
      IpAddressType: asText(inputs.ipAddressType) as IpAddressType | undefined,
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
