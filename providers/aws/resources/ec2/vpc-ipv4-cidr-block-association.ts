import type { Vpc, VpcCidrBlockAssociation } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { deletePatiently, waitFor } from '../../wait.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/vpcipv4cidrblockassociation/ ; imported by its association id. */
export const vpcIpv4CidrBlockAssociation: ResourceDefinition = {
  type: 'aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation',
  timeouts: { create: 600, delete: 600 },
  properties: {
    vpcId: { kind: 'string', required: true, replaces: true },
    cidrBlock: { kind: 'string', required: true, replaces: true },
  },
  async create({ aws, inputs }) {
    const ec2 = await aws.client('ec2');
    const made = await ec2.associateVpcCidrBlock({
      VpcId: inputs.vpcId as string,
      CidrBlock: inputs.cidrBlock as string,
    });
    return made.CidrBlockAssociation!.AssociationId!;
  },
  async ready(call) {
    await waitFor(`address range ${call.inputs.cidrBlock} to be associated`, call, async () => {
      const state = (await lookUp(call))?.association.CidrBlockState;
      if (state?.State === 'failed' || state?.State === 'failing')
        throw new ProviderError(
          `Cannot add ${call.inputs.cidrBlock} to ${call.inputs.vpcId} as AWS says ${state.StatusMessage}.`,
        );
      return state?.State === 'associated' ? true : undefined;
    });
  },
  async read(call) {
    const found = await lookUp(call);
    if (!found || /^disassociat/.test(found.association.CidrBlockState?.State ?? '')) return undefined;
    return { vpcId: found.vpc.VpcId, cidrBlock: found.association.CidrBlock };
  },
  async delete(call) {
    const ec2 = await call.aws.client('ec2');
    await deletePatiently(`address range ${call.id}`, call, () =>
      ec2.disassociateVpcCidrBlock({ AssociationId: call.id }),
    );
    await waitFor(`address range ${call.id} to be gone`, call, async () => {
      const state = (await lookUp(call))?.association.CidrBlockState?.State;
      return state === undefined || state === 'disassociated' ? true : undefined;
    });
  },
};

async function lookUp({
  aws,
  id,
}: ExistingCall): Promise<{ readonly vpc: Vpc; readonly association: VpcCidrBlockAssociation } | undefined> {
  const ec2 = await aws.client('ec2');
  const Filters = [{ Name: 'cidr-block-association.association-id', Values: [id] }];
  const [vpc] = (await ec2.describeVpcs({ Filters })).Vpcs ?? [];
  const association = vpc?.CidrBlockAssociationSet?.find(({ AssociationId }) => AssociationId === id);
  return vpc && association && { vpc, association };
}
