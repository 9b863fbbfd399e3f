import type { ResourceDefinition } from '../../definition.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently } from '../../wait.ts';
import { describe } from './describe.ts';
import { tagProperties } from './tag-properties.ts';
import { ec2Arn, ec2Tags, findMarked, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/eip/ ; imported by its allocation id. */
export const eip: ResourceDefinition = {
  type: 'aws:ec2/eip:Eip',
  lostCreate: findMarked,
  tags: ec2Tags,
  properties: {
    domain: { kind: 'string', default: 'vpc', replaces: true, oneOf: ['vpc'] },
    publicIpv4Pool: { kind: 'string', replaces: true, computed: true },
    networkBorderGroup: { kind: 'string', replaces: true, computed: true },
    ...tagProperties,
    arn: { kind: 'string', output: true },
    allocationId: { kind: 'string', output: true },
    associationId: { kind: 'string', output: true },
    publicIp: { kind: 'string', output: true },
    publicDns: { kind: 'string', output: true },
    privateIp: { kind: 'string', output: true },
    privateDns: { kind: 'string', output: true },
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
      privateDns: privateNameOf(address.PrivateIpAddress, region),
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

/** By the naming of EC2: us-east-1 has the oldest form. */
function privateNameOf(ip: string | undefined, region: string): string | undefined {
  const host = ip && `ip-${ip.replaceAll('.', '-')}`;
  return host && (region === 'us-east-1' ? `${host}.ec2.internal` : `${host}.${region}.compute.internal`);
}
