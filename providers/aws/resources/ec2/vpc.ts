import type { Vpc } from '@aws-sdk/client-ec2';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently, waitFor } from '../../wait.ts';
import { describe } from './describe.ts';
import { ec2Arn, ec2Tags, findMarked, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/vpc/ ; imported by its id. */
export const vpc: ResourceDefinition = {
  type: 'aws:ec2/vpc:Vpc',
  lostCreate: findMarked,
  tags: ec2Tags,
  properties: {
    cidrBlock: { kind: 'string', replaces: true, computed: true },
    instanceTenancy: { kind: 'string', default: 'default', oneOf: ['default', 'dedicated'] },
    enableDnsSupport: { kind: 'boolean', default: true, afterCreate: true },
    enableDnsHostnames: { kind: 'boolean', computed: true, afterCreate: true },
    assignGeneratedIpv6CidrBlock: { kind: 'boolean' },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
    mainRouteTableId: { kind: 'string', output: true },
    defaultRouteTableId: { kind: 'string', output: true },
    defaultNetworkAclId: { kind: 'string', output: true },
    defaultSecurityGroupId: { kind: 'string', output: true },
    dhcpOptionsId: { kind: 'string', output: true },
    ipv6CidrBlock: { kind: 'string', output: true },
    ipv6AssociationId: { kind: 'string', output: true },
  },
  validate: (inputs) =>
    inputs.cidrBlock ? [] : ['cidrBlock is required: address pools (IPAM) are not served by this provider.'],
  async create({ aws, inputs, allTags }) {
    const { CreateVpcCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new CreateVpcCommand({
        CidrBlock: inputs.cidrBlock as string,
        InstanceTenancy: inputs.instanceTenancy as 'default' | 'dedicated',
        AmazonProvidedIpv6CidrBlock: inputs.assignGeneratedIpv6CidrBlock === true,
        ...tagSpecification('vpc', allTags),
      }),
    );
    return made.Vpc!.VpcId!;
  },
  async ready(call) {
    await waitFor(`VPC ${call.id} to be available`, call, async () =>
      (await describeVpc(call))?.State === 'available' ? true : undefined,
    );
  },
  updates: [
    {
      properties: ['enableDnsSupport'],
      apply: (call) => modify(call, { EnableDnsSupport: { Value: call.inputs.enableDnsSupport !== false } }),
    },
    {
      properties: ['enableDnsHostnames'],
      apply: (call) => modify(call, { EnableDnsHostnames: { Value: call.inputs.enableDnsHostnames === true } }),
    },
    { properties: ['instanceTenancy'], apply: modifyTenancy },
    { properties: ['assignGeneratedIpv6CidrBlock'], apply: changeIpv6 },
  ],
  async read(call) {
    const found = await describeVpc(call);
    if (!found) return undefined;
    const [attributes, parts] = await Promise.all([dnsAttributes(call), defaultParts(call)]);
    const account = found.OwnerId ?? '';
    const association = found.Ipv6CidrBlockAssociationSet?.find(
      (one) => one.Ipv6CidrBlockState?.State === 'associated',
    );
    return {
      cidrBlock: found.CidrBlock,
      instanceTenancy: found.InstanceTenancy,
      ...attributes,
      ...parts,
      assignGeneratedIpv6CidrBlock: association !== undefined,
      ipv6CidrBlock: association?.Ipv6CidrBlock,
      ipv6AssociationId: association?.AssociationId,
      dhcpOptionsId: found.DhcpOptionsId,
      ownerId: account,
      arn: ec2Arn({ region: call.aws.configuration.region, account }, `vpc/${call.id}`),
      tags: fromTagList(found.Tags),
    };
  },
  async delete(call) {
    const { DeleteVpcCommand } = await import('@aws-sdk/client-ec2');
    const ec2 = await call.aws.client('ec2');
    await deletePatiently(`VPC ${call.id}`, call, () => ec2.send(new DeleteVpcCommand({ VpcId: call.id })));
  },
};

function describeVpc(call: ExistingCall): Promise<Vpc | undefined> {
  return describe('vpc', call);
}

async function modify({ aws, id }: ExistingCall, change: object): Promise<void> {
  const { ModifyVpcAttributeCommand } = await import('@aws-sdk/client-ec2');
  await (await aws.client('ec2')).send(new ModifyVpcAttributeCommand({ VpcId: id, ...change }));
}

/** AWS lets a VPC go from dedicated to default, never back. */
async function modifyTenancy({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { ModifyVpcTenancyCommand } = await import('@aws-sdk/client-ec2');
  await (await aws.client('ec2')).send(
    new ModifyVpcTenancyCommand({ VpcId: id, InstanceTenancy: inputs.instanceTenancy as 'default' }),
  );
}

async function changeIpv6({ aws, id, inputs, state }: ExistingCall): Promise<void> {
  const { AssociateVpcCidrBlockCommand, DisassociateVpcCidrBlockCommand } = await import('@aws-sdk/client-ec2');
  const ec2 = await aws.client('ec2');
  if (inputs.assignGeneratedIpv6CidrBlock === true)
    await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId: id, AmazonProvidedIpv6CidrBlock: true }));
  else if (state.ipv6AssociationId)
    await ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId: state.ipv6AssociationId as string }));
}

async function dnsAttributes({ aws, id }: ExistingCall) {
  const { DescribeVpcAttributeCommand } = await import('@aws-sdk/client-ec2');
  const ec2 = await aws.client('ec2');
  const [support, hostnames] = await Promise.all([
    ec2.send(new DescribeVpcAttributeCommand({ VpcId: id, Attribute: 'enableDnsSupport' })),
    ec2.send(new DescribeVpcAttributeCommand({ VpcId: id, Attribute: 'enableDnsHostnames' })),
  ]);
  return { enableDnsSupport: support.EnableDnsSupport?.Value, enableDnsHostnames: hostnames.EnableDnsHostnames?.Value };
}

/** What AWS makes together with a VPC. Only which table is the main one can change later. */
async function defaultParts({ aws, id, state }: ExistingCall): Promise<PlainMap> {
  const { DescribeNetworkAclsCommand, DescribeRouteTablesCommand, DescribeSecurityGroupsCommand } = await import(
    '@aws-sdk/client-ec2'
  );
  const ec2 = await aws.client('ec2');
  const inVpc = { Name: 'vpc-id', Values: [id] };
  const [tables, groups, acls] = await Promise.all([
    ec2.send(new DescribeRouteTablesCommand({ Filters: [inVpc, { Name: 'association.main', Values: ['true'] }] })),
    state.defaultSecurityGroupId
      ? undefined
      : ec2.send(new DescribeSecurityGroupsCommand({ Filters: [inVpc, { Name: 'group-name', Values: ['default'] }] })),
    state.defaultNetworkAclId
      ? undefined
      : ec2.send(new DescribeNetworkAclsCommand({ Filters: [inVpc, { Name: 'default', Values: ['true'] }] })),
  ]);
  const table = tables.RouteTables?.[0]?.RouteTableId;
  return {
    mainRouteTableId: table,
    defaultRouteTableId: state.defaultRouteTableId ?? table,
    defaultSecurityGroupId: state.defaultSecurityGroupId ?? groups?.SecurityGroups?.[0]?.GroupId,
    defaultNetworkAclId: state.defaultNetworkAclId ?? acls?.NetworkAcls?.[0]?.NetworkAclId,
  };
}
