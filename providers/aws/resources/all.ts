import type { ResourceDefinition } from '../definition.ts';
import { egressOnlyInternetGateway, eip, internetGateway, natGateway } from './ec2/gateways.ts';
import { defaultSecurityGroup, flowLog, vpcEndpoint } from './ec2/network-parts.ts';
import { route, routeTable, routeTableAssociation } from './ec2/routes.ts';
import { securityGroup, securityGroupEgressRule, securityGroupIngressRule } from './ec2/security-groups.ts';
import { subnet } from './ec2/subnet.ts';
import { vpc } from './ec2/vpc.ts';
import { lifecyclePolicy, repository, repositoryPolicy } from './ecr/repository.ts';
import { openIdConnectProvider, role, rolePolicy, rolePolicyAttachment } from './iam/role.ts';
import { key } from './kms/key.ts';
import { logGroup } from './logs/log-group.ts';

/** Every resource that is served, by type. A new one is one file and one line here. */
export const resources: ReadonlyMap<string, ResourceDefinition> = new Map(
  [
    defaultSecurityGroup,
    egressOnlyInternetGateway,
    eip,
    flowLog,
    internetGateway,
    key,
    lifecyclePolicy,
    logGroup,
    natGateway,
    openIdConnectProvider,
    repository,
    repositoryPolicy,
    role,
    rolePolicy,
    rolePolicyAttachment,
    route,
    routeTable,
    routeTableAssociation,
    securityGroup,
    securityGroupEgressRule,
    securityGroupIngressRule,
    subnet,
    vpc,
    vpcEndpoint,
  ].map((one) => [one.type, withRegion(one)]),
);

/** Every resource of a regional service can be made in another region than the provider's. */
function withRegion(definition: ResourceDefinition): ResourceDefinition {
  if (definition.global) return definition;
  const region = { kind: 'string', replaces: true, computed: true } as const;
  return { ...definition, properties: { ...definition.properties, region } };
}
