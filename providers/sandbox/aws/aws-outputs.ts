import { isPropertyMap, type PropertyMap, type PropertyValue, Secret } from '../../../protocol/property-value.ts';
import { plain } from '../diff-inputs.ts';
import { computeOutputs, overlay } from '../facts/computed-outputs.ts';
import type { SdkFacts } from '../facts/sdk-facts.ts';
import type { Draft } from '../package-model.ts';
import { arnOf, digest, SANDBOX_ACCOUNT } from './aws-identity.ts';

export interface AwsSurroundings {
  readonly region: string;
  /** `defaultTags.tags` of the provider. */
  readonly defaultTags: PropertyMap;
}

type Made = Draft & { readonly id: string };

/** The outputs of an AWS resource: what was given, ARN and owner, ids by their form, and what is particular to a type. */
export function awsOutputs(
  facts: SdkFacts,
  made: Made,
  options: AwsSurroundings & { readonly previous: PropertyMap | undefined },
): PropertyMap {
  const region = String(plain(made.inputs.region) ?? options.region);
  const outputs = computeOutputs(facts, made.type, {
    inputs: made.inputs,
    previous: options.previous,
    guess: (name) => guess(name, made, region),
  });
  const published = facts.outputs(made.type);
  const particular = PARTICULAR[made.type.replace(/^aws:/, '')]?.(made, region) ?? {};
  const special = Object.fromEntries(
    Object.entries(particular).filter(([name]) => published === undefined || name in published),
  );
  const tags = plain(made.inputs.tags);
  const hasTags = published?.tagsAll !== undefined;
  const allTags = { ...options.defaultTags, ...(isPropertyMap(tags) ? tags : {}) };
  // Tags that are a secret as a whole stay one.
  const tagsAll: PropertyMap = hasTags
    ? { tagsAll: made.inputs.tags instanceof Secret ? new Secret(allTags) : allTags }
    : {};
  return { ...(overlay(outputs, special) as PropertyMap), ...tagsAll };
}

function guess(name: string, made: Made, region: string): PropertyValue | undefined {
  const numbered = Object.entries(ID_OUTPUTS).find(([ending]) => name === ending || name.endsWith(upper(ending)));
  if (numbered) return `${numbered[1]}-0${digest(`${made.id}/${numbered[1]}`).slice(0, 16)}`;
  switch (name) {
    case 'arn':
      return made.id.startsWith('arn:') ? made.id : arnOf(made.type, made.inputs, { id: made.id, region });
    case 'ownerId':
    case 'registryId':
    case 'accountId':
      return SANDBOX_ACCOUNT;
    case 'region':
      return region;
    case 'status':
    case 'state':
      return made.type.includes(':eks/') ? 'ACTIVE' : 'available';
    case 'uniqueId':
      return `AROA${digest(made.id).slice(0, 16).toUpperCase()}`;
    case 'createdAt':
    case 'createDate':
      return '2026-01-01T00:00:00Z';
    default:
      return /(^dnsName|Endpoint|Url|Fqdn|Domain)$/.test(name)
        ? `${digest(made.id).slice(0, 12)}.sandbox.example`
        : undefined;
  }
}

/** Outputs that are ids of things made along with a resource, by the end of their name. */
const ID_OUTPUTS: Readonly<Record<string, string>> = {
  defaultSecurityGroupId: 'sg',
  clusterSecurityGroupId: 'sg',
  defaultNetworkAclId: 'acl',
  networkAclId: 'acl',
  defaultRouteTableId: 'rtb',
  mainRouteTableId: 'rtb',
  dhcpOptionsId: 'dopt',
  networkInterfaceId: 'eni',
  prefixListId: 'pl',
  associationId: 'eipassoc',
};

/** What programs read next, type by type. */
const PARTICULAR: Readonly<Record<string, (made: Made, region: string) => PropertyMap>> = {
  'ec2/vpc:Vpc': ({ id, inputs }): PropertyMap => {
    const block = ipv6Block(id);
    return plain(inputs.assignGeneratedIpv6CidrBlock) === true
      ? { ipv6CidrBlock: `${block}00::/56`, ipv6AssociationId: `vpc-cidr-assoc-0${digest(id).slice(0, 16)}` }
      : { ipv6CidrBlock: '' };
  },
  'ec2/eip:Eip': ({ id }) => ({ allocationId: id, publicIp: documentationAddress(id), domain: 'vpc' }),
  'ec2/natGateway:NatGateway': ({ id }) => ({ publicIp: documentationAddress(id), privateIp: '10.0.0.4' }),
  'eks/cluster:Cluster': ({ id, inputs }, region) => {
    const number = digest(id).slice(0, 32).toUpperCase();
    return {
      endpoint: `https://${number}.gr7.${region}.eks.sandbox.example`,
      certificateAuthorities: [{ data: certificateText(id) }],
      certificateAuthority: { data: certificateText(id) },
      identities: [{ oidcs: [{ issuer: `https://oidc.eks.${region}.sandbox.example/id/${number}` }] }],
      vpcConfig: { clusterSecurityGroupId: `sg-0${digest(`${id}/sg`).slice(0, 16)}` },
      platformVersion: 'eks.1',
      version: plain(inputs.version) ?? '1.36',
      status: 'ACTIVE',
    };
  },
  'eks/addon:Addon': ({ inputs }) => ({ addonVersion: plain(inputs.addonVersion) ?? 'v1.0.0-eksbuild.1' }),
  'ecr/repository:Repository': ({ inputs, id }, region) => ({
    repositoryUrl: `${SANDBOX_ACCOUNT}.dkr.ecr.${region}.sandbox.example/${String(plain(inputs.name) ?? id)}`,
  }),
  'route53/zone:Zone': ({ id, inputs }) => ({
    zoneId: id,
    nameServers: [1, 2, 3, 4].map((number) => `ns-${number}.${String(plain(inputs.name))}.sandbox.example`),
    primaryNameServer: `ns-1.${String(plain(inputs.name))}.sandbox.example`,
  }),
  'route53/record:Record': ({ inputs }) => ({ fqdn: String(plain(inputs.name)) }),
  'acm/certificate:Certificate': ({ inputs, id }) => ({
    status: 'ISSUED',
    domainValidationOptions: validations(inputs, id),
  }),
  'kms/key:Key': ({ id }) => ({ keyId: id }),
  'iam/policy:Policy': ({ id }) => ({ policyId: `ANPA${digest(id).slice(0, 16).toUpperCase()}`, attachmentCount: 0 }),
};

function validations(inputs: PropertyMap, id: string): readonly PropertyMap[] {
  const others = plain(inputs.subjectAlternativeNames);
  const names = [plain(inputs.domainName), ...(Array.isArray(others) ? others.map(plain) : [])].map(String);
  return [...new Set(names)].map((domainName) => ({
    domainName,
    resourceRecordName: `_${digest(domainName).slice(0, 32)}.${domainName.replace(/^\*\./, '')}.`,
    resourceRecordType: 'CNAME',
    resourceRecordValue: `_${digest(id + domainName).slice(0, 32)}.acm-validations.sandbox.example.`,
  }));
}

/** An address of the block that RFC 5737 keeps for documentation: nobody can own it. */
function documentationAddress(id: string): string {
  return `203.0.113.${Number.parseInt(digest(id).slice(0, 2), 16)}`;
}

/** A /56 of the prefix that RFC 3849 keeps for documentation, without its last two digits. */
function ipv6Block(id: string): string {
  const hex = digest(id);
  return `2001:db8:${hex.slice(0, 4)}:${hex.slice(4, 6)}`;
}

function certificateText(id: string): string {
  return Buffer.from(`sandbox certificate authority of ${id}`).toString('base64');
}

function upper(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
