import type { ResourceDefinition } from '../definition.ts';
import { egressOnlyInternetGateway, eip, internetGateway, natGateway } from './ec2/gateways.ts';
import { route, routeTable, routeTableAssociation } from './ec2/routes.ts';
import { securityGroup, securityGroupEgressRule, securityGroupIngressRule } from './ec2/security-groups.ts';
import { subnet } from './ec2/subnet.ts';
import { vpc } from './ec2/vpc.ts';

/** Every resource that is served, by type. A new one is one file and one line here. */
export const resources: ReadonlyMap<string, ResourceDefinition> = new Map(
  [
    egressOnlyInternetGateway,
    eip,
    internetGateway,
    natGateway,
    route,
    routeTable,
    routeTableAssociation,
    securityGroup,
    securityGroupEgressRule,
    securityGroupIngressRule,
    subnet,
    vpc,
  ].map((one) => [one.type, one]),
);
