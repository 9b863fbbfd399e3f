import type { IpPermission } from '@aws-sdk/client-ec2';
import type { PlainMap, PropertyRule } from '../../definition.ts';
import { asList } from '../../plain-values.ts';

/** Whether packets come in or go out. */
export type Direction = 'ingress' | 'egress';

const RULE_PARTS =
  'cidrBlocks description fromPort ipv6CidrBlocks prefixListIds protocol securityGroups self toPort'.split(' ');

/** `ingress` and `egress` of a group: a set of rules, in which what is off is as if it were not there. */
export const groupRules: PropertyRule = { kind: 'list', parts: RULE_PARTS, zeroParts: true, unordered: true };

/** All parts of a rule, with what it leaves out filled in. */
export function normalizeRule(rule: PlainMap): PlainMap {
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

/** A whole rule in the form of the API; `ownId` is the group that `self` means. */
export function toPermission(rule: PlainMap, ownId: string): IpPermission {
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
