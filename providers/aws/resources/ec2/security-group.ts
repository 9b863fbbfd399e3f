import type { IpPermission } from '@aws-sdk/client-ec2';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { asMaps } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently } from '../../wait.ts';
import { describe } from './describe.ts';
import type { Direction } from './group-rules.ts';
import { groupRules, normalizeRule, toPermission } from './group-rules.ts';
import { ec2Arn, ec2Tags, tagSpecification } from './tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/ ; imported by its id. */
export const securityGroup: ResourceDefinition = {
  type: 'aws:ec2/securityGroup:SecurityGroup',
  lostCreate: {
    id: async ({ aws, inputs }) => {
      const Filters = [
        { Name: 'vpc-id', Values: [inputs.vpcId as string] },
        { Name: 'group-name', Values: [inputs.name as string] },
      ];
      return (await (await aws.client('ec2')).describeSecurityGroups({ Filters })).SecurityGroups?.[0]?.GroupId;
    },
  },
  tags: ec2Tags,
  autoname: { property: 'name', maxLength: 255 },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
    description: { kind: 'string', default: 'Managed by Pulumi', replaces: true },
    vpcId: { kind: 'string', replaces: true, computed: true },
    ingress: { ...groupRules, computed: true, afterCreate: true },
    egress: { ...groupRules, computed: true, afterCreate: true },
    revokeRulesOnDelete: { kind: 'boolean', default: false, writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
  },
  async create({ aws, inputs, allTags }) {
    const { CreateSecurityGroupCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new CreateSecurityGroupCommand({
        GroupName: inputs.name as string,
        Description: inputs.description as string,
        VpcId: inputs.vpcId as string | undefined,
        ...tagSpecification('security-group', allTags),
      }),
    );
    return made.GroupId!;
  },
  updates: [
    { properties: ['ingress'], apply: (call) => writeRules(call, 'ingress') },
    { properties: ['egress'], apply: (call) => writeRules(call, 'egress') },
  ],
  async read(call) {
    const group = await describeGroup(call, call.id);
    if (!group) return undefined;
    const account = group.OwnerId ?? '';
    return {
      name: group.GroupName,
      description: group.Description,
      vpcId: group.VpcId,
      ingress: (group.IpPermissions ?? []).map((one) => fromPermission(one, call.id)),
      egress: (group.IpPermissionsEgress ?? []).map((one) => fromPermission(one, call.id)),
      ownerId: account,
      arn: ec2Arn({ region: call.aws.configuration.region, account }, `security-group/${call.id}`),
      tags: fromTagList(group.Tags),
    };
  },
  async delete(call) {
    const { DeleteSecurityGroupCommand } = await import('@aws-sdk/client-ec2');
    const ec2 = await call.aws.client('ec2');
    if (call.inputs.revokeRulesOnDelete === true) {
      await writeRules({ ...call, inputs: { ingress: [], egress: [] } }, 'ingress');
      await writeRules({ ...call, inputs: { ingress: [], egress: [] } }, 'egress');
    }
    await deletePatiently(`security group ${call.id}`, call, () =>
      ec2.send(new DeleteSecurityGroupCommand({ GroupId: call.id })),
    );
  },
};

function describeGroup({ aws }: Pick<ExistingCall, 'aws'>, id: string) {
  return describe('securityGroup', { aws, id });
}

/** Takes away what is too much, then adds what is missing, so that a rule in both is never interrupted. */
async function writeRules(call: ExistingCall, direction: Direction): Promise<void> {
  const commands = await import('@aws-sdk/client-ec2');
  const ec2 = await call.aws.client('ec2');
  const group = await describeGroup(call, call.id);
  const permissions = direction === 'ingress' ? group?.IpPermissions : group?.IpPermissionsEgress;
  const current = new Map(
    (permissions ?? []).map((one) => [ruleKey(fromPermission(one, call.id)), fromPermission(one, call.id)]),
  );
  const wanted = new Map(
    asMaps(call.inputs[direction]).map((one) => [ruleKey(normalizeRule(one)), normalizeRule(one)]),
  );
  const surplus = [...current].filter(([key]) => !wanted.has(key)).map(([, rule]) => toPermission(rule, call.id));
  const missing = [...wanted].filter(([key]) => !current.has(key)).map(([, rule]) => toPermission(rule, call.id));
  const ingress = direction === 'ingress';
  if (surplus.length > 0) {
    const input = { GroupId: call.id, IpPermissions: surplus };
    await (ingress
      ? ec2.send(new commands.RevokeSecurityGroupIngressCommand(input))
      : ec2.send(new commands.RevokeSecurityGroupEgressCommand(input)));
  }
  if (missing.length > 0) {
    const input = { GroupId: call.id, IpPermissions: missing };
    await (ingress
      ? ec2.send(new commands.AuthorizeSecurityGroupIngressCommand(input))
      : ec2.send(new commands.AuthorizeSecurityGroupEgressCommand(input)));
  }
}

function ruleKey(rule: PlainMap): string {
  return JSON.stringify(rule);
}

function fromPermission(permission: IpPermission, ownId: string): PlainMap {
  const groups = (permission.UserIdGroupPairs ?? []).map((pair) => pair.GroupId!);
  const parts = [
    permission.IpRanges,
    permission.Ipv6Ranges,
    permission.PrefixListIds,
    permission.UserIdGroupPairs,
  ].flatMap((part) => part ?? []);
  return normalizeRule({
    protocol: permission.IpProtocol,
    fromPort: permission.FromPort,
    toPort: permission.ToPort,
    cidrBlocks: (permission.IpRanges ?? []).map((range) => range.CidrIp!),
    ipv6CidrBlocks: (permission.Ipv6Ranges ?? []).map((range) => range.CidrIpv6!),
    prefixListIds: (permission.PrefixListIds ?? []).map((list) => list.PrefixListId!),
    securityGroups: groups.filter((id) => id !== ownId),
    self: groups.includes(ownId),
    description: parts.find((part) => part.Description)?.Description,
  });
}
