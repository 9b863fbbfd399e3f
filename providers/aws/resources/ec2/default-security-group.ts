import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { groupRules } from './group-rules.ts';
import { securityGroup } from './security-group.ts';
import { ec2Tags } from './tags.ts';

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
