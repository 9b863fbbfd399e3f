import type { ResourceDefinition } from '../definition.ts';
import { certificate, certificateValidation } from './acm/certificate.ts';
import { table } from './dynamodb/table.ts';
import { defaultRouteTable } from './ec2/default-route-table.ts';
import { egressOnlyInternetGateway, eip, internetGateway, natGateway } from './ec2/gateways.ts';
import { launchTemplate } from './ec2/launch-template.ts';
import { defaultSecurityGroup, flowLog, vpcEndpoint } from './ec2/network-parts.ts';
import { route, routeTable, routeTableAssociation } from './ec2/routes.ts';
import { securityGroup, securityGroupEgressRule, securityGroupIngressRule } from './ec2/security-groups.ts';
import { subnet } from './ec2/subnet.ts';
import { tag } from './ec2/tag.ts';
import { vpc } from './ec2/vpc.ts';
import { vpcIpv4CidrBlockAssociation } from './ec2/vpc-cidr.ts';
import { lifecyclePolicy, repository, repositoryPolicy } from './ecr/repository.ts';
import { accessEntry, accessPolicyAssociation } from './eks/access.ts';
import { addon } from './eks/addon.ts';
import { cluster } from './eks/cluster.ts';
import { fargateProfile } from './eks/fargate-profile.ts';
import { nodeGroup } from './eks/node-group.ts';
import { podIdentityAssociation } from './eks/pod-identity-association.ts';
import { instanceProfile } from './iam/instance-profile.ts';
import { policy } from './iam/policy.ts';
import { openIdConnectProvider, role, rolePolicy, rolePolicyAttachment } from './iam/role.ts';
import { alias } from './kms/alias.ts';
import { key } from './kms/key.ts';
import { logGroup } from './logs/log-group.ts';
import { record } from './route53/record.ts';
import { zone } from './route53/zone.ts';
import { bucket } from './s3/bucket.ts';
import {
  bucketOwnershipControls,
  bucketPolicy,
  bucketPublicAccessBlock,
  bucketServerSideEncryptionConfiguration,
  bucketVersioning,
} from './s3/companions.ts';
import { bucketLifecycleConfiguration } from './s3/lifecycle-configuration.ts';
import { secret, secretVersion } from './secretsmanager/secret.ts';
import { topic } from './sns/topic.ts';
import { queue } from './sqs/queue.ts';
import { parameter } from './ssm/parameter.ts';

/** Every resource that is served, by type. A new one is one file and one line here. */
export const resources: ReadonlyMap<string, ResourceDefinition> = new Map(
  [
    accessEntry,
    accessPolicyAssociation,
    addon,
    alias,
    bucket,
    bucketLifecycleConfiguration,
    bucketOwnershipControls,
    bucketPolicy,
    bucketPublicAccessBlock,
    bucketServerSideEncryptionConfiguration,
    bucketVersioning,
    certificate,
    certificateValidation,
    cluster,
    defaultRouteTable,
    defaultSecurityGroup,
    egressOnlyInternetGateway,
    eip,
    fargateProfile,
    flowLog,
    instanceProfile,
    internetGateway,
    key,
    launchTemplate,
    lifecyclePolicy,
    logGroup,
    natGateway,
    nodeGroup,
    openIdConnectProvider,
    parameter,
    podIdentityAssociation,
    policy,
    queue,
    record,
    repository,
    repositoryPolicy,
    role,
    rolePolicy,
    rolePolicyAttachment,
    route,
    routeTable,
    routeTableAssociation,
    secret,
    secretVersion,
    securityGroup,
    securityGroupEgressRule,
    securityGroupIngressRule,
    subnet,
    table,
    tag,
    topic,
    vpc,
    vpcEndpoint,
    vpcIpv4CidrBlockAssociation,
    zone,
  ].map((one) => [one.type, withRegion(one)]),
);

/** Every resource of a regional service can be made in another region than the provider's. */
function withRegion(definition: ResourceDefinition): ResourceDefinition {
  if (definition.global) return definition;
  const region = { kind: 'string', replaces: true, computed: true } as const;
  return { ...definition, properties: { ...definition.properties, region } };
}
