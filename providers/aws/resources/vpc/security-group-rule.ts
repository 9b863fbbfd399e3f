import type { SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { ExistingCall, Plain, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { fromTagList } from '../../tags.ts';
import { describe } from '../ec2/describe.ts';
import type { Direction } from '../ec2/group-rules.ts';
import { normalizeRule, toPermission } from '../ec2/group-rules.ts';
import { ec2Arn, ec2Tags, tagSpecification } from '../ec2/tags.ts';

const SOURCES = {
  cidrIpv4: ['CidrIpv4', 'cidrIpv4'],
  cidrIpv6: ['CidrIpv6', 'cidrIpv6'],
  prefixListId: ['PrefixListId', 'prefixListId'],
  referencedSecurityGroupId: ['ReferencedGroupId', 'referencedSecurityGroupId'],
} as const;

/** One rule of a group as a resource: the same for both directions. */
export function ruleDefinition(direction: Direction, type: string): ResourceDefinition {
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
