import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type PropertyMap, Secret } from '../../protocol/property-value.ts';
import { type AwsDesk, startAwsDesk } from '../../test/servers/aws/start-desk.ts';
import { type AwsServer, whyNot } from '../../test/servers/start.ts';
import type { TestResources } from './testing/test-provider.ts';
import type { World } from './testing/world.ts';

const skip = await whyNot('aws');

describe('the functions of the aws package', { skip }, () => {
  let server: AwsServer;
  let world: World;
  let made: TestResources;
  let desk: AwsDesk;
  before(async () => {
    desk = await startAwsDesk();
    ({ server, made, world } = desk);
  });
  after(() => desk.stop());
  const invoke = async (token: string, args: PropertyMap = {}): Promise<PropertyMap> =>
    (await made.provider.invoke({ token, args })).result;

  it('find a network and its subnets', async () => {
    const [vpcId, subnetIds] = [await world.vpcId(), await world.subnetIds()];
    const vpc = await invoke('aws:ec2/getVpc:getVpc', { cidrBlock: '10.90.0.0/16' });
    assert.deepEqual([vpc.id, vpc.default], [vpcId, false]);
    const filters = [{ name: 'vpc-id', values: [vpcId] }];
    const subnets = await invoke('aws:ec2/getSubnets:getSubnets', { filters });
    assert.deepEqual(subnets.ids, [...subnetIds].sort());
    await assert.rejects(invoke('aws:ec2/getVpc:getVpc', { cidrBlock: '192.0.2.0/24' }), /none matches.*wider/);
  });

  it('find the newest image', async () => {
    const { Images = [] } = await world.ec2.describeImages({ Owners: ['amazon'] });
    const names = /^amzn2-ami/;
    const newest = Images.filter(({ Name = '' }) => names.test(Name)).sort((a, b) =>
      (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''),
    )[0]!;
    const found = await invoke('aws:ec2/getAmi:getAmi', {
      owners: ['amazon'],
      nameRegex: '^amzn2-ami',
      mostRecent: true,
    });
    assert.deepEqual([found.creationDate, found.architecture], [newest.CreationDate, newest.Architecture]);
    await assert.rejects(invoke('aws:ec2/getAmi:getAmi', { owners: ['amazon'] }), /\d+ match.*narrower/);
  });

  it('look into a cluster', async () => {
    const name = await world.clusterName();
    const found = await invoke('aws:eks/getCluster:getCluster', { name });
    const { cluster } = await world.eks.describeCluster({ name });
    assert.deepEqual(
      [found.id, found.endpoint, found.arn, found.status],
      [name, cluster?.endpoint, cluster?.arn, 'ACTIVE'],
    );
    assert.deepEqual(found.certificateAuthorities, [{ data: cluster?.certificateAuthority?.data }]);
    await assert.rejects(
      invoke('aws:eks/getCluster:getCluster', { name: 'none' }),
      /eks:DescribeCluster.*ResourceNotFoundException/,
    );
  });

  it('sign a token by which EKS learns who asks, and keep it secret', async () => {
    const { token } = await invoke('aws:eks/getClusterAuth:getClusterAuth', { name: 'main' });
    assert.ok(token instanceof Secret);
    const [version, text] = (token.value as string).split('.');
    assert.equal(version, 'k8s-aws-v1');
    const address = new URL(Buffer.from(text!, 'base64url').toString());
    assert.equal(address.origin, 'https://sts.eu-west-1.amazonaws.com');
    const { searchParams: query } = address;
    assert.deepEqual([query.get('Action'), query.get('X-Amz-Expires')], ['GetCallerIdentity', '60']);
    assert.equal(query.get('X-Amz-SignedHeaders'), 'host;x-k8s-aws-id');
    assert.match(query.get('X-Amz-Credential') ?? '', /^test\/\d{8}\/eu-west-1\/sts\/aws4_request$/);
    assert.match(query.get('X-Amz-Signature') ?? '', /^[0-9a-f]{64}$/);
  });

  it('choose a version of an add-on', async () => {
    const args = { addonName: 'vpc-cni', kubernetesVersion: '1.35' };
    const { addons = [] } = await world.eks.describeAddonVersions(args);
    const versions = addons[0]!.addonVersions!;
    const usual = versions.find(({ compatibilities }) => compatibilities?.[0]?.defaultVersion)!;
    assert.equal((await invoke('aws:eks/getAddonVersion:getAddonVersion', args)).version, usual.addonVersion);
    const newest = await invoke('aws:eks/getAddonVersion:getAddonVersion', { ...args, mostRecent: true });
    assert.equal(newest.version, versions[0]!.addonVersion);
    assert.notEqual(newest.version, usual.addonVersion);
  });

  it('read a parameter, secret as it is', async () => {
    await world.ssm.putParameter({ Name: '/one', Type: 'SecureString', Value: 'hidden' });
    const found = await invoke('aws:ssm/getParameter:getParameter', { name: '/one' });
    assert.deepEqual([found.type, found.version, found.insecureValue], ['SecureString', 1, '']);
    assert.ok(found.value instanceof Secret);
    assert.equal(found.value.value, 'hidden');
  });

  it('log in to a registry', async () => {
    const found = await invoke('aws:ecr/getAuthorizationToken:getAuthorizationToken');
    assert.equal(found.userName, 'AWS');
    assert.ok(found.password instanceof Secret && found.authorizationToken instanceof Secret);
    assert.match(found.proxyEndpoint as string, /^https:\/\/\d{12}\.dkr\.ecr\.eu-west-1\./);
  });

  it('say where they are', async () => {
    assert.equal((await invoke('aws:index/getCallerIdentity:getCallerIdentity')).accountId, server.accountId);
    assert.equal((await invoke('aws:index/getRegion:getRegion')).region, 'eu-west-1');
    assert.equal((await invoke('aws:index/getPartition:getPartition')).partition, 'aws');
    const zones = await invoke('aws:index/getAvailabilityZones:getAvailabilityZones', { region: 'us-east-2' });
    assert.deepEqual(zones.names, ['us-east-2a', 'us-east-2b', 'us-east-2c']);
  });
});
