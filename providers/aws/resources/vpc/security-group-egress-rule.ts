import { ruleDefinition } from './security-group-rule.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/vpc/securitygroupegressrule/ ; imported by its id. */
export const securityGroupEgressRule = ruleDefinition(
  'egress',
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule',
);
