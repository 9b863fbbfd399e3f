import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as ec2 from '@pulumi/aws/ec2';
import * as iam from '@pulumi/aws/iam';
import * as pulumi from '@pulumi/pulumi';
import { stackTags } from '../component';

/** What is recorded of who talked to whom. */
export interface FlowLogArgs {
  /** Default `ALL`. */
  readonly traffic?: 'ALL' | 'ACCEPT' | 'REJECT';
  /** Default 30. */
  readonly retentionDays?: number;
  /** A key to encrypt the log with; default: CloudWatch's own. */
  readonly kmsKeyArn?: pulumi.Input<string>;
}

/** Records who talked to whom, in CloudWatch, written by a role that can do nothing else. */
export function createFlowLogs(
  name: string,
  options: {
    readonly parent: pulumi.Resource;
    readonly vpc: ec2.Vpc;
    readonly args: FlowLogArgs;
    readonly tags?: Readonly<Record<string, string>>;
  },
): void {
  const { parent, vpc, args } = options;
  const logName = `${name}-flow`;
  const tags = stackTags(logName, options.tags);
  const group = new cloudwatch.LogGroup(
    logName,
    { retentionInDays: args.retentionDays ?? 30, kmsKeyId: args.kmsKeyArn, tags },
    { parent },
  );
  const assumeRolePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'vpc-flow-logs.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  });
  const role = new iam.Role(logName, { assumeRolePolicy, tags }, { parent });
  const actions = ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'];
  const policy = pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: pulumi.interpolate`${group.arn}:*` }],
  });
  const permission = new iam.RolePolicy(logName, { role: role.name, policy }, { parent });
  new ec2.FlowLog(
    logName,
    {
      vpcId: vpc.id,
      trafficType: args.traffic ?? 'ALL',
      logDestination: group.arn,
      iamRoleArn: role.arn,
      tags,
    },
    { parent, dependsOn: [permission] },
  );
}
