import type { ResourceDefinition } from '../../definition.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently } from '../../wait.ts';
import { describe } from './describe.ts';
import { tagProperties } from './tag-properties.ts';
import { ec2Tags, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/egressonlyinternetgateway/ ; imported by its id. */
export const egressOnlyInternetGateway: ResourceDefinition = {
  type: 'aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway',
  tags: ec2Tags,
  properties: { vpcId: { kind: 'string', required: true, replaces: true }, ...tagProperties },
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
