import type { ResourceDefinition } from '../definition.ts';
import { certificate } from './acm/certificate.ts';
import { certificateValidation } from './acm/certificate-validation.ts';
import { table } from './dynamodb/table.ts';
import { defaultRouteTable } from './ec2/default-route-table.ts';
import { defaultSecurityGroup } from './ec2/default-security-group.ts';
import { egressOnlyInternetGateway } from './ec2/egress-only-internet-gateway.ts';
import { eip } from './ec2/eip.ts';
import { flowLog } from './ec2/flow-log.ts';
import { internetGateway } from './ec2/internet-gateway.ts';
import { launchTemplate } from './ec2/launch-template.ts';
import { natGateway } from './ec2/nat-gateway.ts';
import { route } from './ec2/route.ts';
import { routeTable } from './ec2/route-table.ts';
import { routeTableAssociation } from './ec2/route-table-association.ts';
import { securityGroup } from './ec2/security-group.ts';
import { subnet } from './ec2/subnet.ts';
import { tag } from './ec2/tag.ts';
import { vpc } from './ec2/vpc.ts';
import { vpcEndpoint } from './ec2/vpc-endpoint.ts';
import { vpcIpv4CidrBlockAssociation } from './ec2/vpc-ipv4-cidr-block-association.ts';
import { lifecyclePolicy } from './ecr/lifecycle-policy.ts';
import { repository } from './ecr/repository.ts';
import { repositoryPolicy } from './ecr/repository-policy.ts';
import { accessEntry } from './eks/access-entry.ts';
import { accessPolicyAssociation } from './eks/access-policy-association.ts';
import { addon } from './eks/addon.ts';
import { cluster } from './eks/cluster.ts';
import { fargateProfile } from './eks/fargate-profile.ts';
import { nodeGroup } from './eks/node-group.ts';
import { podIdentityAssociation } from './eks/pod-identity-association.ts';
import { instanceProfile } from './iam/instance-profile.ts';
import { openIdConnectProvider } from './iam/open-id-connect-provider.ts';
import { policy } from './iam/policy.ts';
import { role } from './iam/role.ts';
import { rolePolicy } from './iam/role-policy.ts';
import { rolePolicyAttachment } from './iam/role-policy-attachment.ts';
import { alias } from './kms/alias.ts';
import { key } from './kms/key.ts';
import { logGroup } from './logs/log-group.ts';
import { record } from './route53/record.ts';
import { zone } from './route53/zone.ts';
import { bucket } from './s3/bucket.ts';
import { bucketLifecycleConfiguration } from './s3/bucket-lifecycle-configuration.ts';
import { bucketOwnershipControls } from './s3/bucket-ownership-controls.ts';
import { bucketPolicy } from './s3/bucket-policy.ts';
import { bucketPublicAccessBlock } from './s3/bucket-public-access-block.ts';
import { bucketServerSideEncryptionConfiguration } from './s3/bucket-server-side-encryption-configuration.ts';
import { bucketVersioning } from './s3/bucket-versioning.ts';
import { secret } from './secretsmanager/secret.ts';
import { secretVersion } from './secretsmanager/secret-version.ts';
import { topic } from './sns/topic.ts';
import { queue } from './sqs/queue.ts';
import { parameter } from './ssm/parameter.ts';
import { securityGroupEgressRule } from './vpc/security-group-egress-rule.ts';
import { securityGroupIngressRule } from './vpc/security-group-ingress-rule.ts';

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
