import {
  isPropertyArray,
  isPropertyMap,
  type PropertyMap,
  type PropertyValue,
} from '../../../protocol/property-value.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import { plain } from '../diff-inputs.ts';
import { digest, SANDBOX_ACCOUNT } from './aws-identity.ts';

type Invoke = (args: PropertyMap, region: string) => PropertyMap;

/** The functions that programs call most, by token without `aws:` and without the repeated name. */
const INVOKES: Readonly<Record<string, Invoke>> = {
  'index/getAvailabilityZones': (_, region) => ({
    id: region,
    names: ['a', 'b', 'c'].map((letter) => region + letter),
    zoneIds: [1, 2, 3].map((number) => `${zonePrefix(region)}-az${number}`),
    groupNames: [region],
    state: 'available',
  }),
  'index/getCallerIdentity': () => ({
    id: SANDBOX_ACCOUNT,
    accountId: SANDBOX_ACCOUNT,
    arn: `arn:aws:iam::${SANDBOX_ACCOUNT}:user/sandbox`,
    userId: 'AIDASANDBOX',
  }),
  'index/getRegion': (_, region) => ({
    id: region,
    name: region,
    region,
    description: `sandbox of ${region}`,
    endpoint: `ec2.${region}.sandbox.example`,
  }),
  'index/getPartition': () => ({
    id: 'aws',
    partition: 'aws',
    dnsSuffix: 'amazonaws.com',
    reverseDnsPrefix: 'com.amazonaws',
  }),
  'iam/getPolicyDocument': (args) => {
    const document = policyDocument(args);
    const json = JSON.stringify(document, null, 2);
    return { ...args, id: digest(json).slice(0, 10), json, minifiedJson: JSON.stringify(document) };
  },
  'ssm/getParameter': (args, region) => ({
    ...args,
    id: plain(args.name) as PropertyValue,
    arn: `arn:aws:ssm:${region}:${SANDBOX_ACCOUNT}:parameter${String(plain(args.name))}`,
    type: 'String',
    value: `sandbox-${digest(String(plain(args.name))).slice(0, 12)}`,
    insecureValue: `sandbox-${digest(String(plain(args.name))).slice(0, 12)}`,
    version: 1,
  }),
  'route53/getZone': (args) => ({
    ...args,
    id: zoneId(args),
    zoneId: zoneId(args),
    name: String(plain(args.name) ?? ''),
    nameServers: [1, 2, 3, 4].map((number) => `ns-${number}.sandbox.example`),
  }),
  'ec2/getAmi': (args) => {
    const id = `ami-0${digest(JSON.stringify(args)).slice(0, 16)}`;
    return { ...args, id, imageId: id, name: 'sandbox-image', architecture: 'x86_64', rootDeviceName: '/dev/xvda' };
  },
  'eks/getClusterAuth': (args) => ({ ...args, id: plain(args.name) as PropertyValue, token: 'sandbox-token' }),
};

/** Answers a function of the AWS package; says plainly which one it does not know. */
export function invokeAws(token: string, args: PropertyMap, region: string): PropertyMap {
  const known = INVOKES[token.replace(/^aws:/, '').replace(/:[^:]*$/, '')];
  if (known) return known(args, region);
  throw new ProviderError(
    `Cannot call ${token} in the sandbox as it knows only ${Object.keys(INVOKES).join(', ')}. ` +
      'Preview this stack with a real provider (mainstay:sandbox: false), or pass the value in.',
    { status: 'unimplemented' },
  );
}

/** A policy document as the provider writes it: one member is written as text, several as a list. */
function policyDocument(args: PropertyMap): PropertyMap {
  const statements = listOf(args.statements).filter(isPropertyMap).map(statement);
  const id = plain(args.policyId);
  return {
    Version: plain(args.version) ?? '2012-10-17',
    ...(typeof id === 'string' ? { Id: id } : {}),
    Statement: statements,
  };
}

function statement(from: PropertyMap): PropertyMap {
  const member = (name: string, values: readonly PropertyValue[]): PropertyMap =>
    values.length === 0 ? {} : { [name]: values.length === 1 ? values[0]! : values };
  const principals = (name: string, list: readonly PropertyValue[]): PropertyMap => {
    const entries = list.filter(isPropertyMap).map((principal) => {
      const identifiers = listOf(principal.identifiers);
      return [String(plain(principal.type)), identifiers.length === 1 ? identifiers[0]! : identifiers] as const;
    });
    return entries.length === 0 ? {} : { [name]: Object.fromEntries(entries) };
  };
  const conditions: Record<string, Record<string, PropertyValue>> = {};
  for (const condition of listOf(from.conditions).filter(isPropertyMap)) {
    const values = listOf(condition.values);
    const test = String(plain(condition.test));
    conditions[test] = {
      ...conditions[test],
      [String(plain(condition.variable))]: values.length === 1 ? values[0]! : values,
    };
  }
  const sid = plain(from.sid);
  return {
    ...(typeof sid === 'string' && sid !== '' ? { Sid: sid } : {}),
    Effect: plain(from.effect) ?? 'Allow',
    ...member('Action', listOf(from.actions)),
    ...member('NotAction', listOf(from.notActions)),
    ...member('Resource', listOf(from.resources)),
    ...member('NotResource', listOf(from.notResources)),
    ...principals('Principal', listOf(from.principals)),
    ...principals('NotPrincipal', listOf(from.notPrincipals)),
    ...(Object.keys(conditions).length === 0 ? {} : { Condition: conditions }),
  };
}

function listOf(value: PropertyValue | undefined): readonly PropertyValue[] {
  const inner = plain(value);
  return isPropertyArray(inner) ? inner.map((element) => plain(element) ?? null) : [];
}

function zoneId(args: PropertyMap): string {
  return String(
    plain(args.zoneId) ??
      `Z${digest(String(plain(args.name)))
        .slice(0, 20)
        .toUpperCase()}`,
  );
}

/** `eu-central-1` is `euc1` in the ids of its zones. */
function zonePrefix(region: string): string {
  const [area = '', place = '', number = ''] = region.split('-');
  return area + place.charAt(0) + number;
}
