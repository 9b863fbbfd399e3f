import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { fromTagList } from '../../tags.ts';
import { waitFor } from '../../wait.ts';
import { describe } from './describe.ts';
import { tagProperties } from './tag-properties.ts';
import { ec2Tags, tagSpecification } from './tags.ts';

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
    ...tagProperties,
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
