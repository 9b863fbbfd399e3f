import { createHash, randomBytes } from 'node:crypto';
import type { PropertyMap } from '../../../protocol/property-value.ts';
import { plain } from '../diff-inputs.ts';

/** The sandbox's account. AWS gives nobody this number, so whoever sees it in an ARN knows where it came from. */
export const SANDBOX_ACCOUNT = '000000000000';

/** Prefixes of ids that AWS numbers itself (`vpc-0a1b...`), by type token without `aws:` (EC2's resource id formats). */
const NUMBERED: Readonly<Record<string, string>> = {
  'ec2/vpc:Vpc': 'vpc',
  'ec2/subnet:Subnet': 'subnet',
  'ec2/internetGateway:InternetGateway': 'igw',
  'ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway': 'eigw',
  'ec2/natGateway:NatGateway': 'nat',
  'ec2/eip:Eip': 'eipalloc',
  'ec2/routeTable:RouteTable': 'rtb',
  'ec2/routeTableAssociation:RouteTableAssociation': 'rtbassoc',
  'ec2/route:Route': 'r-rtb',
  'ec2/securityGroup:SecurityGroup': 'sg',
  'ec2/securityGroupRule:SecurityGroupRule': 'sgrule',
  'vpc/securityGroupIngressRule:SecurityGroupIngressRule': 'sgr',
  'vpc/securityGroupEgressRule:SecurityGroupEgressRule': 'sgr',
  'ec2/defaultSecurityGroup:DefaultSecurityGroup': 'sg',
  'ec2/networkAcl:NetworkAcl': 'acl',
  'ec2/networkInterface:NetworkInterface': 'eni',
  'ec2/vpcEndpoint:VpcEndpoint': 'vpce',
  'ec2/flowLog:FlowLog': 'fl',
  'ec2/launchTemplate:LaunchTemplate': 'lt',
  'ec2/instance:Instance': 'i',
  'ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation': 'vpc-cidr-assoc',
  'ec2/vpcPeeringConnection:VpcPeeringConnection': 'pcx',
  'ec2transitgateway/transitGateway:TransitGateway': 'tgw',
  'ebs/volume:Volume': 'vol',
  'efs/fileSystem:FileSystem': 'fs',
  'eks/podIdentityAssociation:PodIdentityAssociation': 'a',
};

/** Types whose id is their ARN. */
const ARN_IS_ID: ReadonlySet<string> = new Set([
  'iam/policy:Policy',
  'iam/openIdConnectProvider:OpenIdConnectProvider',
  'acm/certificate:Certificate',
  'lb/loadBalancer:LoadBalancer',
  'lb/targetGroup:TargetGroup',
  'lb/listener:Listener',
  'sns/topic:Topic',
  'secretsmanager/secret:Secret',
]);

/** Types whose id is made of inputs, as the provider documents for their import. */
const COMPOSED: Readonly<Record<string, readonly string[]>> = {
  'eks/nodeGroup:NodeGroup': ['clusterName', 'nodeGroupName'],
  'eks/addon:Addon': ['clusterName', 'addonName'],
  'eks/accessEntry:AccessEntry': ['clusterName', 'principalArn'],
  'eks/accessPolicyAssociation:AccessPolicyAssociation': ['clusterName', 'principalArn', 'policyArn'],
  'eks/fargateProfile:FargateProfile': ['clusterName', 'fargateProfileName'],
  'ecr/lifecyclePolicy:LifecyclePolicy': ['repository'],
  'ecr/repositoryPolicy:RepositoryPolicy': ['repository'],
  'iam/rolePolicyAttachment:RolePolicyAttachment': ['role', 'policyArn'],
  'iam/rolePolicy:RolePolicy': ['role', 'name'],
  's3/bucketPolicy:BucketPolicy': ['bucket'],
  's3/bucketPublicAccessBlock:BucketPublicAccessBlock': ['bucket'],
  'acm/certificateValidation:CertificateValidation': ['certificateArn'],
  'route53/record:Record': ['zoneId', 'name', 'type', 'setIdentifier'],
};

const SEPARATOR: Readonly<Record<string, string>> = {
  'route53/record:Record': '_',
  'iam/rolePolicyAttachment:RolePolicyAttachment': '/',
  'eks/accessPolicyAssociation:AccessPolicyAssociation': '#',
};

/** Properties that hold a resource's own name, the first that is given counts. */
const NAMES = ['name', 'bucket', 'nodeGroupName', 'addonName', 'identifier', 'clusterIdentifier', 'functionName'];

/** A new id in the form that AWS gives ids of this type. Numbers are random: two resources never share one. */
export function newAwsId(type: string, inputs: PropertyMap, region: string): string {
  const short = type.replace(/^aws:/, '');
  const prefix = NUMBERED[short];
  if (prefix !== undefined) return `${prefix}-0${randomBytes(8).toString('hex')}`;
  if (ARN_IS_ID.has(short)) return arnOf(type, inputs, { id: randomBytes(8).toString('hex'), region });
  const members = COMPOSED[short];
  if (members !== undefined) {
    const parts = members.map((name) => textOf(inputs, name)).filter((part) => part !== '');
    return parts.join(SEPARATOR[short] ?? ':');
  }
  if (short === 'route53/zone:Zone') return `Z${randomBytes(10).toString('hex').toUpperCase()}`;
  if (short === 'kms/key:Key') return uuid();
  return nameOf(inputs) ?? uuid();
}

/** A resource's own name as its inputs have it. */
export function nameOf(inputs: PropertyMap): string | undefined {
  return NAMES.map((name) => textOf(inputs, name)).find((text) => text !== '');
}

/** The ARN of a resource. EC2 and the other numbered ones by id, the rest by name; IAM and Route 53 know no region. */
export function arnOf(
  type: string,
  inputs: PropertyMap,
  made: { readonly id: string; readonly region: string },
): string {
  const [service = '', noun = ''] = type.replace(/^aws:/, '').split(/[/:]/);
  const name = nameOf(inputs) ?? made.id;
  const global = service === 'iam' || service === 'route53' || service === 'cloudfront';
  const start = `arn:aws:${SERVICES[service] ?? service}:${global ? '' : made.region}:${service === 's3' ? '' : SANDBOX_ACCOUNT}`;
  switch (`${service}/${noun}`) {
    case 's3/bucket':
      return `arn:aws:s3:::${name}`;
    case 'iam/openIdConnectProvider':
      return `${start}:oidc-provider/${textOf(inputs, 'url').replace(/^https:\/\//, '')}`;
    case 'route53/zone':
      return `arn:aws:route53:::hostedzone/${made.id}`;
    case 'cloudwatch/logGroup':
      return `${start}:log-group:${name}`;
    case 'ecr/repository':
      return `${start}:repository/${name}`;
    case 'eks/nodeGroup':
    case 'eks/addon':
      return `${start}:${noun.toLowerCase()}/${made.id.replace(':', '/')}/${digest(made.id).slice(0, 8)}`;
    case 'acm/certificate':
    case 'kms/key':
      return `${start}:${noun}/${made.id}`;
    default:
      return `${start}:${kebab(noun)}/${NUMBERED[type.replace(/^aws:/, '')] === undefined ? name : made.id}`;
  }
}

/** Names of services in ARNs where they differ from the SDK's module names. */
const SERVICES: Readonly<Record<string, string>> = {
  vpc: 'ec2',
  ebs: 'ec2',
  cloudwatch: 'logs',
  lb: 'elasticloadbalancing',
  efs: 'elasticfilesystem',
};

/** Hexadecimal digits that stand for `text`. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function textOf(inputs: PropertyMap, name: string): string {
  const value = plain(inputs[name]);
  return typeof value === 'string' ? value : '';
}

function kebab(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function uuid(): string {
  const hex = randomBytes(16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}
