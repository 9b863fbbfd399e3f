import type { Subnet } from '@aws-sdk/client-ec2';
import { isNothing } from '../../canonical.ts';
import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently, waitFor } from '../../wait.ts';
import { describe } from './describe.ts';
import { ec2Tags, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/subnet/ ; imported by its id. */
export const subnet: ResourceDefinition = {
  type: 'aws:ec2/subnet:Subnet',
  lostCreate: {
    id: async ({ aws, inputs }) => {
      const Filters = [
        { Name: 'vpc-id', Values: [inputs.vpcId as string] },
        { Name: 'cidr-block', Values: [inputs.cidrBlock as string] },
      ];
      return (await (await aws.client('ec2')).describeSubnets({ Filters })).Subnets?.[0]?.SubnetId;
    },
  },
  tags: ec2Tags,
  properties: {
    vpcId: { kind: 'string', required: true, replaces: true },
    cidrBlock: { kind: 'string', replaces: true },
    availabilityZone: { kind: 'string', replaces: true, computed: true },
    availabilityZoneId: { kind: 'string', replaces: true, computed: true },
    // As the SDK's documentation says: in place, but for a subnet whose instances are given addresses of the old block.
    ipv6CidrBlock: {
      kind: 'string',
      replaces: (old, _, { assignIpv6AddressOnCreation }) => !isNothing(old) && assignIpv6AddressOnCreation === true,
    },
    mapPublicIpOnLaunch: { kind: 'boolean', default: false, afterCreate: true },
    assignIpv6AddressOnCreation: { kind: 'boolean', default: false, afterCreate: true },
    enableDns64: { kind: 'boolean', default: false, afterCreate: true },
    enableResourceNameDnsARecordOnLaunch: { kind: 'boolean', default: false },
    enableResourceNameDnsAaaaRecordOnLaunch: { kind: 'boolean', default: false },
    ipv6Native: { kind: 'boolean', default: false, replaces: true },
    privateDnsHostnameTypeOnLaunch: { kind: 'string', computed: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
    ipv6CidrBlockAssociationId: { kind: 'string', output: true },
  },
  validate: (inputs) =>
    inputs.cidrBlock || inputs.ipv6Native ? [] : ['cidrBlock is required, or ipv6Native with ipv6CidrBlock.'],
  async create({ aws, inputs, allTags }) {
    const { CreateSubnetCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new CreateSubnetCommand({
        VpcId: inputs.vpcId as string,
        CidrBlock: inputs.cidrBlock as string | undefined,
        AvailabilityZone: inputs.availabilityZone as string | undefined,
        AvailabilityZoneId: inputs.availabilityZoneId as string | undefined,
        Ipv6CidrBlock: inputs.ipv6CidrBlock as string | undefined,
        ...(inputs.ipv6Native === true && { Ipv6Native: true }),
        ...tagSpecification('subnet', allTags),
      }),
    );
    return made.Subnet!.SubnetId!;
  },
  async ready(call) {
    await waitFor(`subnet ${call.id} to be available`, call, async () =>
      (await describe('subnet', call))?.State === 'available' ? true : undefined,
    );
  },
  updates: [
    { properties: ['ipv6CidrBlock'], apply: moveIpv6Block },
    attribute('mapPublicIpOnLaunch', 'MapPublicIpOnLaunch'),
    attribute('assignIpv6AddressOnCreation', 'AssignIpv6AddressOnCreation'),
    attribute('enableDns64', 'EnableDns64'),
    attribute('enableResourceNameDnsARecordOnLaunch', 'EnableResourceNameDnsARecordOnLaunch'),
    attribute('enableResourceNameDnsAaaaRecordOnLaunch', 'EnableResourceNameDnsAAAARecordOnLaunch'),
  ],
  async read(call) {
    const found = await describe('subnet', call);
    if (!found) return undefined;
    const ipv6 = ipv6Of(found);
    return {
      vpcId: found.VpcId,
      cidrBlock: found.CidrBlock,
      availabilityZone: found.AvailabilityZone,
      availabilityZoneId: found.AvailabilityZoneId,
      ipv6CidrBlock: ipv6?.Ipv6CidrBlock,
      ipv6CidrBlockAssociationId: ipv6?.AssociationId,
      mapPublicIpOnLaunch: found.MapPublicIpOnLaunch ?? false,
      assignIpv6AddressOnCreation: found.AssignIpv6AddressOnCreation ?? false,
      enableDns64: found.EnableDns64 ?? false,
      ipv6Native: found.Ipv6Native ?? false,
      enableResourceNameDnsARecordOnLaunch: found.PrivateDnsNameOptionsOnLaunch?.EnableResourceNameDnsARecord ?? false,
      enableResourceNameDnsAaaaRecordOnLaunch:
        found.PrivateDnsNameOptionsOnLaunch?.EnableResourceNameDnsAAAARecord ?? false,
      privateDnsHostnameTypeOnLaunch: found.PrivateDnsNameOptionsOnLaunch?.HostnameType,
      arn: found.SubnetArn,
      ownerId: found.OwnerId,
      tags: fromTagList(found.Tags),
    };
  },
  async delete(call) {
    const { DeleteSubnetCommand } = await import('@aws-sdk/client-ec2');
    const ec2 = await call.aws.client('ec2');
    await deletePatiently(`subnet ${call.id}`, call, () => ec2.send(new DeleteSubnetCommand({ SubnetId: call.id })));
  },
};

function ipv6Of({ Ipv6CidrBlockAssociationSet: all = [] }: Subnet) {
  return all.find((one) => !/^(disassociat|fail)/.test(one.Ipv6CidrBlockState?.State ?? ''));
}

/** A subnet has one IPv6 block at a time: the old one has to be gone before the new one is given. */
async function moveIpv6Block(call: ExistingCall): Promise<void> {
  const ec2 = await call.aws.client('ec2');
  const found = await describe('subnet', call);
  const current = found && ipv6Of(found);
  const wanted = asText(call.inputs.ipv6CidrBlock);
  if (current?.Ipv6CidrBlock === wanted) return;
  if (current) {
    await unlessGone(ec2.disassociateSubnetCidrBlock({ AssociationId: current.AssociationId }));
    await untilBlockIs(call, undefined);
  }
  if (wanted === undefined) return;
  await ec2.associateSubnetCidrBlock({ SubnetId: call.id, Ipv6CidrBlock: wanted });
  await untilBlockIs(call, wanted);
}

async function untilBlockIs(call: ExistingCall, wanted: string | undefined): Promise<void> {
  await waitFor(`subnet ${call.id} to have ${wanted ?? 'no IPv6 block'}`, call, async () => {
    const { Ipv6CidrBlockAssociationSet: all = [] } = (await describe('subnet', call)) ?? {};
    const left = all.filter(({ Ipv6CidrBlockState: state }) => !/^(disassociated|failed)$/.test(state?.State ?? ''));
    const done = wanted
      ? left.some((one) => one.Ipv6CidrBlock === wanted && one.Ipv6CidrBlockState?.State === 'associated')
      : left.length === 0;
    return done ? true : undefined;
  });
}

/** The API takes one attribute a call. A default of false needs no call on a new subnet. */
function attribute(property: string, name: string) {
  return {
    properties: [property],
    async apply({ aws, id, inputs, old }: ExistingCall & { readonly old: { readonly [key: string]: unknown } }) {
      const value = inputs[property] === true;
      if (!value && old[property] === undefined) return;
      const { ModifySubnetAttributeCommand } = await import('@aws-sdk/client-ec2');
      await (await aws.client('ec2')).send(
        new ModifySubnetAttributeCommand({ SubnetId: id, [name]: { Value: value } }),
      );
    },
  };
}
