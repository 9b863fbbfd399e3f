import { ruleDefinition } from './security-group-rule.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/vpc/securitygroupingressrule/ ; imported by its id. */
export const securityGroupIngressRule = ruleDefinition(
  'ingress',
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
);
