import type { IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { ExistingCall, Plain, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asList, asMaps } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently } from '../../wait.ts';
import { describe } from './describe.ts';
import { ec2Arn, ec2Tags, tagSpecification } from './tags.ts';

type Direction = 'ingress' | 'egress';

const RULE_PARTS =
  'cidrBlocks description fromPort ipv6CidrBlocks prefixListIds protocol securityGroups self toPort'.split(' ');

/** `ingress` and `egress` of a group: a set of rules, in which what is off is as if it were not there. */
export const groupRules: PropertyRule = { kind: 'list', parts: RULE_PARTS, zeroParts: true, unordered: true };

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

/** All parts of a rule, with what it leaves out filled in. */
function normalizeRule(rule: PlainMap): PlainMap {
  const protocol = rule.protocol === 'all' ? '-1' : String(rule.protocol ?? '-1');
  const all = protocol === '-1';
  return {
    protocol,
    fromPort: all ? 0 : Number(rule.fromPort ?? 0),
    toPort: all ? 0 : Number(rule.toPort ?? 0),
    cidrBlocks: [...asList(rule.cidrBlocks)].sort(),
    ipv6CidrBlocks: [...asList(rule.ipv6CidrBlocks)].sort(),
    prefixListIds: [...asList(rule.prefixListIds)].sort(),
    securityGroups: [...asList(rule.securityGroups)].sort(),
    self: rule.self === true,
    description: typeof rule.description === 'string' ? rule.description : '',
  };
}

function ruleKey(rule: PlainMap): string {
  return JSON.stringify(rule);
}

function toPermission(rule: PlainMap, ownId: string): IpPermission {
  const described = rule.description ? { Description: rule.description as string } : {};
  const groups = [...asList(rule.securityGroups), ...(rule.self === true ? [ownId] : [])];
  const all = rule.protocol === '-1';
  return {
    IpProtocol: rule.protocol as string,
    ...(!all && { FromPort: rule.fromPort as number, ToPort: rule.toPort as number }),
    IpRanges: asList(rule.cidrBlocks).map((CidrIp) => ({ CidrIp, ...described })),
    Ipv6Ranges: asList(rule.ipv6CidrBlocks).map((CidrIpv6) => ({ CidrIpv6, ...described })),
    PrefixListIds: asList(rule.prefixListIds).map((PrefixListId) => ({ PrefixListId, ...described })),
    UserIdGroupPairs: groups.map((GroupId) => ({ GroupId, ...described })),
  };
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

const SOURCES = {
  cidrIpv4: ['CidrIpv4', 'cidrIpv4'],
  cidrIpv6: ['CidrIpv6', 'cidrIpv6'],
  prefixListId: ['PrefixListId', 'prefixListId'],
  referencedSecurityGroupId: ['ReferencedGroupId', 'referencedSecurityGroupId'],
} as const;

export const securityGroupIngressRule = ruleDefinition(
  'ingress',
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
);
export const securityGroupEgressRule = ruleDefinition(
  'egress',
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule',
);

/** One rule as a resource: https://www.pulumi.com/registry/packages/aws/api-docs/vpc/ ; imported by its rule id. */
function ruleDefinition(direction: Direction, type: string): ResourceDefinition {
  const text: PropertyRule = { kind: 'string' };
  return {
    type,
    tags: ec2Tags,
    properties: {
      securityGroupId: { kind: 'string', required: true, replaces: true },
      ipProtocol: { kind: 'string', required: true },
      fromPort: { kind: 'number', computed: true },
      toPort: { kind: 'number', computed: true },
      description: text,
      ...Object.fromEntries(Object.keys(SOURCES).map((key) => [key, text])),
      tags: { kind: 'map' },
      tagsAll: { kind: 'map', output: true },
      arn: { kind: 'string', output: true },
      securityGroupRuleId: { kind: 'string', output: true },
    },
    validate: (inputs) => {
      const given = Object.keys(SOURCES).filter((key) => inputs[key]);
      return given.length === 1
        ? []
        : [`exactly one of ${Object.keys(SOURCES).join(', ')} is needed, not ${given.length}.`];
    },
    create: (call) => createRule(call, direction),
    updates: [
      { properties: ['ipProtocol', 'fromPort', 'toPort', 'description', ...Object.keys(SOURCES)], apply: modifyRule },
    ],
    read: readRule,
    delete: (call) => deleteRule(call, direction),
  };
}

async function createRule(
  { aws, inputs, allTags }: Parameters<ResourceDefinition['create']>[0],
  direction: Direction,
): Promise<string> {
  const commands = await import('@aws-sdk/client-ec2');
  const permission = toPermission(permissionRule(inputs), inputs.securityGroupId as string);
  const input = {
    GroupId: inputs.securityGroupId as string,
    IpPermissions: [permission],
    ...tagSpecification('security-group-rule', allTags),
  };
  const ec2 = await aws.client('ec2');
  const made =
    direction === 'ingress'
      ? await ec2.send(new commands.AuthorizeSecurityGroupIngressCommand(input))
      : await ec2.send(new commands.AuthorizeSecurityGroupEgressCommand(input));
  return made.SecurityGroupRules![0]!.SecurityGroupRuleId!;
}

/** A single rule in the form of a group's inline rule. */
function permissionRule(inputs: PlainMap): PlainMap {
  const list = (value: Plain | undefined) => (typeof value === 'string' ? [value] : []);
  return normalizeRule({
    protocol: inputs.ipProtocol,
    fromPort: inputs.fromPort,
    toPort: inputs.toPort,
    cidrBlocks: list(inputs.cidrIpv4),
    ipv6CidrBlocks: list(inputs.cidrIpv6),
    prefixListIds: list(inputs.prefixListId),
    securityGroups: list(inputs.referencedSecurityGroupId),
    description: inputs.description,
  });
}

async function modifyRule({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { ModifySecurityGroupRulesCommand } = await import('@aws-sdk/client-ec2');
  const source = Object.entries(SOURCES).flatMap(([key, [api]]) =>
    inputs[key] ? [[api === 'ReferencedGroupId' ? 'ReferencedGroupId' : api, inputs[key]]] : [],
  );
  const ports =
    inputs.ipProtocol === '-1' ? {} : { FromPort: inputs.fromPort as number, ToPort: inputs.toPort as number };
  const SecurityGroupRule = {
    IpProtocol: inputs.ipProtocol as string,
    ...ports,
    Description: (inputs.description as string) ?? '',
    ...Object.fromEntries(source),
  };
  const input = {
    GroupId: inputs.securityGroupId as string,
    SecurityGroupRules: [{ SecurityGroupRuleId: id, SecurityGroupRule }],
  };
  await (await aws.client('ec2')).send(new ModifySecurityGroupRulesCommand(input));
}

function describeRule(call: ExistingCall): Promise<SecurityGroupRule | undefined> {
  return describe('securityGroupRule', call);
}

async function readRule(call: ExistingCall): Promise<PlainMap | undefined> {
  const rule = await describeRule(call);
  if (!rule) return undefined;
  const all = rule.IpProtocol === '-1';
  const account = rule.GroupOwnerId ?? '';
  return {
    securityGroupId: rule.GroupId,
    ipProtocol: rule.IpProtocol,
    fromPort: all ? undefined : rule.FromPort,
    toPort: all ? undefined : rule.ToPort,
    description: rule.Description || undefined,
    cidrIpv4: rule.CidrIpv4,
    cidrIpv6: rule.CidrIpv6,
    prefixListId: rule.PrefixListId,
    referencedSecurityGroupId: rule.ReferencedGroupInfo?.GroupId,
    securityGroupRuleId: call.id,
    arn: ec2Arn({ region: call.aws.configuration.region, account }, `security-group-rule/${call.id}`),
    tags: fromTagList(rule.Tags),
  };
}

async function deleteRule(call: ExistingCall, direction: Direction): Promise<void> {
  const commands = await import('@aws-sdk/client-ec2');
  const ec2 = await call.aws.client('ec2');
  const input = { GroupId: call.inputs.securityGroupId as string, SecurityGroupRuleIds: [call.id] };
  await unlessGone(
    direction === 'ingress'
      ? ec2.send(new commands.RevokeSecurityGroupIngressCommand(input))
      : ec2.send(new commands.RevokeSecurityGroupEgressCommand(input)),
  );
}
