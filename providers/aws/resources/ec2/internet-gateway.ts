import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently } from '../../wait.ts';
import { describe } from './describe.ts';
import { tagProperties } from './tag-properties.ts';
import { ec2Arn, ec2Tags, findMarked, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/internetgateway/ ; imported by its id. */
export const internetGateway: ResourceDefinition = {
  type: 'aws:ec2/internetGateway:InternetGateway',
  lostCreate: findMarked,
  tags: ec2Tags,
  properties: {
    vpcId: { kind: 'string', computed: true, afterCreate: true },
    ...tagProperties,
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
