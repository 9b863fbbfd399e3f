import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  DeleteSubnetCommand,
  DescribeRouteTablesCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { type AwsServer, startAws, whyNot } from '../../test/servers/start.ts';
import { createTestProvider, type TestResources } from './testing/test-provider.ts';

const skip = await whyNot('aws');
const tags = { Name: 'test' };
let aws: AwsServer;
let ec2: EC2Client;
let made: TestResources;

before(async () => {
  if (skip) return;
  aws = await startAws();
  ec2 = new EC2Client({
    endpoint: aws.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  made = await createTestProvider(aws.url, { defaultTags: JSON.stringify({ tags: { team: 'platform' } }) });
});

after(async () => {
  if (skip) return;
  ec2.destroy();
  await made.provider.close();
  await aws.stop();
});

test('takes a VPC through its life', { skip }, async () => {
  const inputs: PropertyMap = { cidrBlock: '10.0.0.0/16', enableDnsHostnames: true, tags };
  const vpc = await made.create('aws:ec2/vpc:Vpc', inputs);
  assert.equal(vpc.outputs.enableDnsHostnames, true);
  assert.deepEqual(vpc.outputs.tagsAll, { Name: 'test', team: 'platform' });
  assert.deepEqual(vpc.outputs.tags, tags);
  assert.match(vpc.outputs.arn as string, /^arn:aws:ec2:eu-west-1:\d{12}:vpc\/vpc-/);
  assert.match(vpc.outputs.mainRouteTableId as string, /^rtb-/);
  assert.equal((await vpc.diff(inputs)).changes, 'none');

  const renamed = await vpc.update({ ...inputs, enableDnsHostnames: false, tags: { Name: 'other' } });
  const [live] = (await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpc.id] }))).Vpcs!;
  assert.deepEqual(Object.fromEntries(live!.Tags!.map(({ Key, Value }) => [Key, Value])), {
    Name: 'other',
    team: 'platform',
  });
  assert.equal(renamed.outputs.enableDnsHostnames, false);

  const moved = await renamed.diff({ ...inputs, cidrBlock: '10.1.0.0/16' });
  assert.deepEqual([moved.replaces, moved.detailedDiff?.cidrBlock?.kind], [['cidrBlock'], 'update-replace']);
  await renamed.delete();
  assert.equal(await renamed.refresh(), undefined);
  await renamed.delete();
});

test('finds what somebody else changed, and nothing else', { skip }, async () => {
  const inputs: PropertyMap = { cidrBlock: '10.2.0.0/16', tags };
  const vpc = await made.create('aws:ec2/vpc:Vpc', inputs);
  assert.equal((await (await vpc.refresh())!.diff(inputs)).changes, 'none');
  await ec2.send(new CreateTagsCommand({ Resources: [vpc.id], Tags: [{ Key: 'Name', Value: 'by hand' }] }));
  const drifted = (await vpc.refresh())!;
  assert.deepEqual((await drifted.diff(inputs)).diffs, ['tags', 'tagsAll']);
  const subnet = await made.create('aws:ec2/subnet:Subnet', { vpcId: vpc.id, cidrBlock: '10.2.1.0/24' });
  await ec2.send(new DeleteSubnetCommand({ SubnetId: subnet.id }));
  assert.equal(await subnet.refresh(), undefined);
  await vpc.delete();
});

test('leads private subnets through NAT and public ones to the internet', { skip }, async () => {
  const vpc = await made.create('aws:ec2/vpc:Vpc', { cidrBlock: '10.3.0.0/16' });
  const open = { vpcId: vpc.id, cidrBlock: '10.3.0.0/24', availabilityZone: 'eu-west-1a', mapPublicIpOnLaunch: true };
  const publicSubnet = await made.create('aws:ec2/subnet:Subnet', open);
  assert.equal(publicSubnet.outputs.mapPublicIpOnLaunch, true);
  assert.equal((await publicSubnet.diff(open)).changes, 'none');
  const gateway = await made.create('aws:ec2/internetGateway:InternetGateway', { vpcId: vpc.id });
  const address = await made.create('aws:ec2/eip:Eip', {});
  const nat = await made.create('aws:ec2/natGateway:NatGateway', {
    subnetId: publicSubnet.id,
    allocationId: address.id,
  });
  assert.equal(nat.outputs.publicIp, address.outputs.publicIp);
  const table = await made.create('aws:ec2/routeTable:RouteTable', { vpcId: vpc.id, tags });
  const wanted = { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', natGatewayId: nat.id };
  const route = await made.create('aws:ec2/route:Route', wanted);
  const association = await made.create('aws:ec2/routeTableAssociation:RouteTableAssociation', {
    routeTableId: table.id,
    subnetId: publicSubnet.id,
  });
  assert.equal((await association.diff({ routeTableId: table.id, subnetId: publicSubnet.id })).changes, 'none');

  const changed = await route.update({
    routeTableId: table.id,
    destinationCidrBlock: '0.0.0.0/0',
    gatewayId: gateway.id,
  });
  const [live] = (await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [table.id] }))).RouteTables!;
  assert.equal(
    live!.Routes!.find(({ DestinationCidrBlock }) => DestinationCidrBlock === '0.0.0.0/0')!.GatewayId,
    gateway.id,
  );
  for (const one of [changed, association, table, nat, address, gateway, publicSubnet, vpc]) await one.delete();
  assert.equal(await vpc.refresh(), undefined);
});

test('writes exactly the rules of a security group', { skip }, async () => {
  const vpc = await made.create('aws:ec2/vpc:Vpc', { cidrBlock: '10.4.0.0/16' });
  const rule = (port: number, block: string) => ({
    protocol: 'tcp',
    fromPort: port,
    toPort: port,
    cidrBlocks: [block],
  });
  const inputs: PropertyMap = { vpcId: vpc.id, ingress: [rule(443, '10.0.0.0/8')], egress: [] };
  const group = await made.create('aws:ec2/securityGroup:SecurityGroup', inputs);
  assert.match(group.outputs.name as string, /^one-[0-9a-f]{7}$/);
  assert.deepEqual(group.outputs.egress, [], 'the open rule that AWS adds is gone');
  const updated = await group.update({ ...inputs, ingress: [rule(8443, '10.0.0.0/8')] });
  assert.deepEqual(
    (updated.outputs.ingress as readonly PropertyMap[]).map(({ fromPort }) => fromPort),
    [8443],
  );
  const open = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: group.id, IpPermissions: [open] }));
  assert.deepEqual((await (await updated.refresh())!.diff({ ...inputs, ingress: [rule(8443, '10.0.0.0/8')] })).diffs, [
    'ingress',
  ]);
  await updated.delete();
  await vpc.delete();
});

test('refuses what the table does not have, by name and all at once', { skip }, async () => {
  const wrong = { vpcId: 5, cidrBlok: '10.0.0.0/24', arn: 'x' } as unknown as PropertyMap;
  await assert.rejects(made.create('aws:ec2/subnet:Subnet', wrong), (error: Error) =>
    ['vpcId', 'cidrBlok', 'arn'].every((name) => error.message.includes(name)),
  );
  await assert.rejects(
    made.create('aws:lambda/function:Function', {}),
    /aws:lambda\/function:Function.*official aws plugin/,
  );
  await assert.rejects(
    made.create('aws:ec2/subnet:Subnet', { vpcId: 'vpc-0', cidrBlock: '10.0.0.0/24' }),
    /ec2:CreateSubnet in eu-west-1 as AWS answered InvalidVpcID\.NotFound/,
  );
});

test('answers the functions that programs call first', { skip }, async () => {
  const invoke = async (token: string, args: PropertyMap = {}) => (await made.provider.invoke({ token, args })).result;
  assert.match((await invoke('aws:index/getCallerIdentity:getCallerIdentity')).accountId as string, /^\d{12}$/);
  assert.equal((await invoke('aws:index/getRegion:getRegion')).name, 'eu-west-1');
  assert.deepEqual((await invoke('aws:index/getAvailabilityZones:getAvailabilityZones')).names, [
    'eu-west-1a',
    'eu-west-1b',
    'eu-west-1c',
  ]);
  const statements = [
    {
      actions: ['s3:GetObject'],
      resources: ['*'],
      principals: [{ type: 'Service', identifiers: ['ec2.amazonaws.com'] }],
    },
  ];
  const policy = JSON.parse(
    (await invoke('aws:iam/getPolicyDocument:getPolicyDocument', { statements })).json as string,
  );
  assert.deepEqual(policy.Statement, [
    { Effect: 'Allow', Action: 's3:GetObject', Resource: '*', Principal: { Service: 'ec2.amazonaws.com' } },
  ]);
});

test('uses no account that the settings do not allow', { skip }, async () => {
  await assert.rejects(
    createTestProvider(aws.url, { allowedAccountIds: JSON.stringify(['999999999999']) }),
    /do not allow it: \d{12}/,
  );
});
