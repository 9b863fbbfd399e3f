import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PropertyMap, PropertyValue } from '../../protocol/property-value.ts';
import { type AwsServer, startAws, whyNot } from '../../test/servers/start.ts';
import { createTestProvider, type TestResource, type TestResources } from './testing/test-provider.ts';

const skip = await whyNot('aws');
let aws: AwsServer;
let made: TestResources;

before(async () => {
  if (skip) return;
  aws = await startAws();
  made = await createTestProvider(aws.url);
});

after(async () => {
  if (skip) return;
  await made.provider.close();
  await aws.stop();
});

const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
const allow = (action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

interface Life {
  readonly type: string;
  readonly inputs: PropertyMap;
  /** A change in place, and what it must lead to. */
  readonly change?: Readonly<Record<string, PropertyValue>>;
  /** A change that makes a new one. */
  readonly replace?: Readonly<Record<string, PropertyValue>>;
}

/** Create, preview without change, change in place, replace (as a preview), refresh. The resource is left for others to use. */
async function live({ type, inputs, change, replace }: Life): Promise<TestResource> {
  let one = await made.create(type, inputs);
  assert.equal((await one.diff(inputs)).changes, 'none', `${type} differs right after its creation`);
  assert.equal((await (await one.refresh())!.diff(inputs)).changes, 'none', `${type} drifts without a hand on it`);
  if (change) {
    const next = { ...inputs, ...change };
    const diff = await one.diff(next);
    assert.deepEqual([diff.replaces, diff.diffs.filter((key) => key !== 'tagsAll')], [[], Object.keys(change)]);
    one = await one.update(next);
    const live = (await one.refresh())!;
    assert.equal((await live.diff(next)).changes, 'none', `${type} is not what the update asked for`);
  }
  if (replace) assert.deepEqual((await one.diff({ ...inputs, ...change, ...replace })).replaces, Object.keys(replace));
  return one;
}

async function end(...resources: readonly TestResource[]): Promise<void> {
  for (const one of resources) {
    await one.delete();
    assert.equal(await one.refresh(), undefined);
    await one.delete();
  }
}

test('takes roles and what hangs on them through their lives', { skip }, async () => {
  const role = await live({
    type: 'aws:iam/role:Role',
    inputs: { assumeRolePolicy: trust('eks.amazonaws.com'), tags: { Name: 'one' } },
    change: { assumeRolePolicy: trust('ec2.amazonaws.com'), maxSessionDuration: 7200, tags: { Name: 'two' } },
    replace: { path: '/team/' },
  });
  assert.match(role.outputs.arn as string, /^arn:aws:iam::\d{12}:role\/one-[0-9a-f]{7}$/);
  const inline = await live({
    type: 'aws:iam/rolePolicy:RolePolicy',
    inputs: { role: role.id, policy: allow('s3:*') },
    change: { policy: allow('s3:GetObject') },
  });
  await end(inline, role);
});

test('takes an identity provider, a key and a log group through their lives', { skip }, async () => {
  const url = 'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC';
  const oidc = await live({
    type: 'aws:iam/openIdConnectProvider:OpenIdConnectProvider',
    inputs: {
      url,
      clientIdLists: ['sts.amazonaws.com'],
      thumbprintLists: ['9e99a48a9960b14926bb7f3b02e22da2b0ab7280'],
    },
    change: { tags: { Name: 'cluster' } },
    replace: { url: 'https://oidc.eks.eu-west-1.amazonaws.com/id/DEF' },
  });
  const key = await live({
    type: 'aws:kms/key:Key',
    inputs: { description: 'one', enableKeyRotation: true, deletionWindowInDays: 7 },
    change: { description: 'two', enableKeyRotation: false },
  });
  const group = await live({
    type: 'aws:cloudwatch/logGroup:LogGroup',
    inputs: { name: '/aws/eks/one/cluster', retentionInDays: 30 },
    change: { retentionInDays: 90 },
  });
  await end(oidc, key, group);
});

test('takes a registry and its policies through their lives', { skip }, async () => {
  const repository = await live({
    type: 'aws:ecr/repository:Repository',
    inputs: {
      name: 'team/web',
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: 'KMS' }],
    },
    change: { imageTagMutability: 'MUTABLE' },
    replace: { name: 'team/api' },
  });
  const expire = (days: number) =>
    JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: days },
          action: { type: 'expire' },
        },
      ],
    });
  const lifecycle = await live({
    type: 'aws:ecr/lifecyclePolicy:LifecyclePolicy',
    inputs: { repository: repository.id, policy: expire(14) },
    change: { policy: expire(7) },
  });
  const readers = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'read', Effect: 'Allow', Principal: '*', Action: ['ecr:BatchGetImage'] }],
  });
  const policy = await live({
    type: 'aws:ecr/repositoryPolicy:RepositoryPolicy',
    inputs: { repository: repository.id, policy: readers },
  });
  await end(policy, lifecycle, repository);
});

test('adopts the default security group, empties it and leaves it', { skip }, async () => {
  const vpc = await made.create('aws:ec2/vpc:Vpc', { cidrBlock: '10.9.0.0/16' });
  const group = await live({ type: 'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup', inputs: { vpcId: vpc.id } });
  assert.equal(group.id, vpc.outputs.defaultSecurityGroupId);
  assert.deepEqual([group.outputs.ingress, group.outputs.egress], [[], []]);
  await group.delete();
  await end(vpc);
});

test('takes endpoints and flow logs through their lives', { skip }, async () => {
  const vpc = await made.create('aws:ec2/vpc:Vpc', { cidrBlock: '10.8.0.0/16' });
  const table = await made.create('aws:ec2/routeTable:RouteTable', { vpcId: vpc.id });
  const gateway = { vpcId: vpc.id, serviceName: 'com.amazonaws.eu-west-1.s3', routeTableIds: [table.id] };
  const endpoint = await live({
    type: 'aws:ec2/vpcEndpoint:VpcEndpoint',
    inputs: gateway,
    replace: { serviceName: 'com.amazonaws.eu-west-1.dynamodb' },
  });
  const group = await made.create('aws:cloudwatch/logGroup:LogGroup', { name: 'flow' });
  const role = await made.create('aws:iam/role:Role', { assumeRolePolicy: trust('vpc-flow-logs.amazonaws.com') });
  const log = await live({
    type: 'aws:ec2/flowLog:FlowLog',
    inputs: { vpcId: vpc.id, trafficType: 'ALL', logDestination: group.outputs.arn!, iamRoleArn: role.outputs.arn! },
    replace: { trafficType: 'REJECT' },
  });
  await end(log, role, group, endpoint, table, vpc);
});
