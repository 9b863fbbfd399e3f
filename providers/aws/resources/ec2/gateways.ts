import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently, waitFor } from '../../wait.ts';
import { describe } from './describe.ts';
import { ec2Arn, ec2Tags, findMarked, tagSpecification } from './tags.ts';

const TAGS = { tags: { kind: 'map' }, tagsAll: { kind: 'map', output: true } } as const;

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/internetgateway/ ; imported by its id. */
export const internetGateway: ResourceDefinition = {
  type: 'aws:ec2/internetGateway:InternetGateway',
  lostCreate: findMarked,
  tags: ec2Tags,
  properties: {
    vpcId: { kind: 'string', computed: true, afterCreate: true },
    ...TAGS,
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
  },
  async create({ aws, allTags }) {
    const { CreateInternetGatewayCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new CreateInternetGatewayCommand(tagSpecification('internet-gateway', allTags)),
    );
    return made.InternetGateway!.InternetGatewayId!;
  },
  updates: [{ properties: ['vpcId'], apply: moveGateway }],
  async read({ aws, id }) {
    const gateway = await describe('internetGateway', { aws, id });
    if (!gateway) return undefined;
    const account = gateway.OwnerId ?? '';
    return {
      vpcId: gateway.Attachments?.[0]?.VpcId,
      ownerId: account,
      arn: ec2Arn({ region: aws.configuration.region, account }, `internet-gateway/${id}`),
      tags: fromTagList(gateway.Tags),
    };
  },
  async delete(call) {
    const { DeleteInternetGatewayCommand } = await import('@aws-sdk/client-ec2');
    await detach(call, call.state.vpcId ?? call.inputs.vpcId);
    const ec2 = await call.aws.client('ec2');
    await deletePatiently(`internet gateway ${call.id}`, call, () =>
      ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: call.id })),
    );
  },
};

async function moveGateway(call: ExistingCall & { readonly old: { readonly [key: string]: unknown } }): Promise<void> {
  const { AttachInternetGatewayCommand } = await import('@aws-sdk/client-ec2');
  await detach(call, call.old.vpcId);
  if (!call.inputs.vpcId) return;
  const ec2 = await call.aws.client('ec2');
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: call.id, VpcId: call.inputs.vpcId as string }));
}

/** Addresses that are still mapped in the VPC hold the gateway for a while. */
async function detach(call: ExistingCall, vpcId: unknown): Promise<void> {
  if (typeof vpcId !== 'string') return;
  const { DetachInternetGatewayCommand } = await import('@aws-sdk/client-ec2');
  const ec2 = await call.aws.client('ec2');
  await deletePatiently(`internet gateway ${call.id} in ${vpcId}`, call, async () => {
    await ec2
      .send(new DetachInternetGatewayCommand({ InternetGatewayId: call.id, VpcId: vpcId }))
      .catch((error: { readonly code?: string }) => {
        if (error.code !== 'Gateway.NotAttached') throw error;
      });
  });
}

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/egressonlyinternetgateway/ ; imported by its id. */
export const egressOnlyInternetGateway: ResourceDefinition = {
  type: 'aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway',
  tags: ec2Tags,
  properties: { vpcId: { kind: 'string', required: true, replaces: true }, ...TAGS },
  async create({ aws, inputs, allTags }) {
    const { CreateEgressOnlyInternetGatewayCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new CreateEgressOnlyInternetGatewayCommand({
        VpcId: inputs.vpcId as string,
        ClientToken: crypto.randomUUID(),
        ...tagSpecification('egress-only-internet-gateway', allTags),
      }),
    );
    return made.EgressOnlyInternetGateway!.EgressOnlyInternetGatewayId!;
  },
  async read({ aws, id }) {
    const gateway = await describe('egressOnlyInternetGateway', { aws, id });
    return gateway && { vpcId: gateway.Attachments?.[0]?.VpcId, tags: fromTagList(gateway.Tags) };
  },
  async delete(call) {
    const { DeleteEgressOnlyInternetGatewayCommand } = await import('@aws-sdk/client-ec2');
    const ec2 = await call.aws.client('ec2');
    await deletePatiently(`egress-only gateway ${call.id}`, call, () =>
      ec2.send(new DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId: call.id })),
    );
  },
};

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/eip/ ; imported by its allocation id. */
export const eip: ResourceDefinition = {
  type: 'aws:ec2/eip:Eip',
  lostCreate: findMarked,
  tags: ec2Tags,
  properties: {
    domain: { kind: 'string', default: 'vpc', replaces: true, oneOf: ['vpc'] },
    publicIpv4Pool: { kind: 'string', replaces: true, computed: true },
    networkBorderGroup: { kind: 'string', replaces: true, computed: true },
    ...TAGS,
    arn: { kind: 'string', output: true },
    allocationId: { kind: 'string', output: true },
    associationId: { kind: 'string', output: true },
    publicIp: { kind: 'string', output: true },
    publicDns: { kind: 'string', output: true },
    privateIp: { kind: 'string', output: true },
    networkInterface: { kind: 'string', output: true },
  },
  async create({ aws, inputs, allTags }) {
    const { AllocateAddressCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new AllocateAddressCommand({
        Domain: 'vpc',
        PublicIpv4Pool: inputs.publicIpv4Pool as string | undefined,
        NetworkBorderGroup: inputs.networkBorderGroup as string | undefined,
        ...tagSpecification('elastic-ip', allTags),
      }),
    );
    return made.AllocationId!;
  },
  async read({ aws, id }) {
    const address = await describe('address', { aws, id });
    if (!address) return undefined;
    const { region } = aws.configuration;
    const host = address.PublicIp?.replaceAll('.', '-');
    return {
      domain: address.Domain,
      publicIpv4Pool: address.PublicIpv4Pool,
      networkBorderGroup: address.NetworkBorderGroup,
      allocationId: id,
      associationId: address.AssociationId,
      publicIp: address.PublicIp,
      publicDns:
        region === 'us-east-1' ? `ec2-${host}.compute-1.amazonaws.com` : `ec2-${host}.${region}.compute.amazonaws.com`,
      privateIp: address.PrivateIpAddress,
      networkInterface: address.NetworkInterfaceId,
      arn: ec2Arn({ region, account: await aws.accountId() }, `elastic-ip/${id}`),
      tags: fromTagList(address.Tags),
    };
  },
  async delete(call) {
    const { ReleaseAddressCommand } = await import('@aws-sdk/client-ec2');
    const ec2 = await call.aws.client('ec2');
    await deletePatiently(`address ${call.id}`, call, () =>
      ec2.send(new ReleaseAddressCommand({ AllocationId: call.id })),
    );
  },
};

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/natgateway/ ; imported by its id. */
export const natGateway: ResourceDefinition = {
  type: 'aws:ec2/natGateway:NatGateway',
  tags: ec2Tags,
  timeouts: { create: 600, delete: 1800 },
  properties: {
    subnetId: { kind: 'string', required: true, replaces: true },
    allocationId: { kind: 'string', replaces: true },
    connectivityType: { kind: 'string', default: 'public', replaces: true, oneOf: ['public', 'private'] },
    privateIp: { kind: 'string', replaces: true, computed: true },
    ...TAGS,
    publicIp: { kind: 'string', output: true },
    networkInterfaceId: { kind: 'string', output: true },
    associationId: { kind: 'string', output: true },
  },
  validate: ({ connectivityType, allocationId }) =>
    connectivityType === 'private' || allocationId
      ? []
      : ['allocationId is required for a public NAT gateway: give it an Eip.'],
  async create({ aws, inputs, allTags }) {
    const { CreateNatGatewayCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new CreateNatGatewayCommand({
        SubnetId: inputs.subnetId as string,
        ClientToken: crypto.randomUUID(),
        AllocationId: inputs.allocationId as string | undefined,
        ConnectivityType: inputs.connectivityType as 'public' | 'private',
        PrivateIpAddress: inputs.privateIp as string | undefined,
        ...tagSpecification('natgateway', allTags),
      }),
    );
    return made.NatGateway!.NatGatewayId!;
  },
  async ready(call) {
    await waitFor(`NAT gateway ${call.id} to be available`, call, async () => {
      const gateway = await describeNat(call);
      if (gateway?.State === 'failed')
        throw new ProviderError(
          `Cannot make NAT gateway ${call.id} as AWS says ${gateway.FailureCode}: ${gateway.FailureMessage}.`,
        );
      return gateway?.State === 'available' ? true : undefined;
    });
  },
  async read(call) {
    const gateway = await describeNat(call);
    if (!gateway || gateway.State === 'deleted' || gateway.State === 'deleting') return undefined;
    const [address] = gateway.NatGatewayAddresses ?? [];
    return {
      subnetId: gateway.SubnetId,
      connectivityType: gateway.ConnectivityType ?? 'public',
      allocationId: address?.AllocationId,
      associationId: address?.AssociationId,
      networkInterfaceId: address?.NetworkInterfaceId,
      privateIp: address?.PrivateIp,
      publicIp: address?.PublicIp,
      tags: fromTagList(gateway.Tags),
    };
  },
  async delete(call) {
    const { DeleteNatGatewayCommand } = await import('@aws-sdk/client-ec2');
    await unlessGone((await call.aws.client('ec2')).send(new DeleteNatGatewayCommand({ NatGatewayId: call.id })));
    await waitFor(`NAT gateway ${call.id} to be gone`, call, async () => {
      const gateway = await describeNat(call);
      return !gateway || gateway.State === 'deleted' ? true : undefined;
    });
  },
};

function describeNat(call: ExistingCall) {
  return describe('natGateway', call);
}
