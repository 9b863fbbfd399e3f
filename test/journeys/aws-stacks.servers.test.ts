import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EC2, type RouteTable } from '@aws-sdk/client-ec2';
import { ECR } from '@aws-sdk/client-ecr';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { Route53 } from '@aws-sdk/client-route-53';
import type { ApiCall } from '../servers/aws/api-call.ts';
import { StackOnMoto } from '../servers/aws/stack-on-moto.ts';
import { type AwsServer, startAws, whyNot } from '../servers/start.ts';

/** The stacks of this repository, whole, on an AWS API: made, looked at through the SDK, left alone, and taken away. */
const skip = await whyNot('aws');
const settings = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

describe('the stacks of this repository on an AWS API', { skip, timeout: 240_000 }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-aws-stacks-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [stack, look] of [
    ['dev', lookAtDev],
    ['staging', lookAtStaging],
    ['prod', lookAtProd],
  ] as const) {
    it(`${stack} is made, stays as it is, and leaves nothing`, async () => {
      const server: AwsServer = await startAws();
      const pulumi = new StackOnMoto({ stack, url: server.url, folder: join(folder, stack) });
      try {
        await pulumi.prepare();
        await pulumi.run('up', '--yes', '--skip-preview');
        await look(server.url);
        const before = server.calls.length;
        await pulumi.run('preview', '--expect-no-changes');
        assert.deepEqual(
          server.calls.slice(before).map(({ action }) => action),
          [],
          'a preview without changes calls nothing',
        );
        const beforeRefresh = server.calls.length;
        await pulumi.run('refresh', '--yes', '--skip-preview', '--expect-no-changes');
        readsOnceAtMost(server.calls.slice(beforeRefresh), await pulumi.run('stack', 'export'));
        await pulumi.run('destroy', '--yes', '--skip-preview');
        await nothingIsLeft(server.url);
      } finally {
        await pulumi.close();
        await server.stop();
      }
    });
  }
});

/** Which kinds of resources a call of EC2 reads. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  DescribeVpcs: ['Vpc'],
  // One attribute a call.
  DescribeVpcAttribute: ['Vpc', 'Vpc'],
  DescribeRouteTables: ['RouteTable', 'Route', 'RouteTableAssociation', 'Vpc'],
  DescribeSubnets: ['Subnet'],
  DescribeSecurityGroups: ['SecurityGroup', 'DefaultSecurityGroup'],
  DescribeSecurityGroupRules: ['SecurityGroupIngressRule', 'SecurityGroupEgressRule'],
  DescribeNatGateways: ['NatGateway'],
  DescribeAddresses: ['Eip'],
  DescribeInternetGateways: ['InternetGateway'],
  DescribeEgressOnlyInternetGateways: ['EgressOnlyInternetGateway'],
  DescribeVpcEndpoints: ['VpcEndpoint'],
  DescribePrefixLists: ['Vpc'],
  DescribeFlowLogs: ['FlowLog'],
  DescribeLaunchTemplates: ['LaunchTemplate'],
  DescribeLaunchTemplateVersions: ['LaunchTemplate'],
};

/** A refresh only reads, and nothing of a network more than once. */
function readsOnceAtMost(calls: readonly ApiCall[], exported: string): void {
  const { deployment } = JSON.parse(exported) as { readonly deployment: { readonly resources: { type: string }[] } };
  const types = deployment.resources.map(({ type }) => type).filter((type) => type.startsWith('aws:'));
  const actions = calls.map(({ action }) => action);
  assert.ok(
    actions.every((action) => /^(GET |Get|List|Describe)/.test(action)),
    actions.join(', '),
  );
  const counts = Map.groupBy(
    calls.filter(({ service }) => service === 'ec2').map(({ action }) => action),
    (one) => one,
  );
  for (const [action, { length }] of counts) {
    const most = (READERS[action] ?? []).flatMap((kind) => types.filter((type) => type.endsWith(`:${kind}`))).length;
    assert.ok(length <= most, `${length} ${action} for ${most} resources`);
  }
}

async function lookAtDev(endpoint: string): Promise<void> {
  const { tables, publicIds, privateIds } = await network(endpoint);
  assert.deepEqual([publicIds.length, privateIds.length], [2, 2]);
  for (const id of publicIds) assert.match(wayOut(tables, id)?.GatewayId ?? '', /^igw-/);
  for (const id of privateIds) assert.equal(wayOut(tables, id), undefined, 'no way out without NAT');
  assert.deepEqual(await repositories(endpoint), ['shop']);
}

async function lookAtStaging(endpoint: string): Promise<void> {
  const found = await network(endpoint);
  await waysOut(endpoint, found, { zones: 2, gateways: 1 });
  await lookAtCluster(endpoint, { name: 'staging-main', groups: 1 });
  assert.deepEqual(await zones(endpoint), ['staging.shop.example.']);
}

async function lookAtProd(endpoint: string): Promise<void> {
  const found = await network(endpoint);
  await waysOut(endpoint, found, { zones: 3, gateways: 3 });
  await lookAtCluster(endpoint, { name: 'prod-main', groups: 2 });
  const eks = new EKS({ ...settings, endpoint });
  const { accessEntries } = await eks.listAccessEntries({ clusterName: 'prod-main' });
  assert.deepEqual(accessEntries?.sort(), [
    'arn:aws:iam::123456789012:role/platform',
    'arn:aws:iam::123456789012:role/store',
  ]);
  assert.deepEqual(await repositories(endpoint), ['shop', 'shop-worker']);
  const ecr = new ECR({ ...settings, endpoint });
  const policy = await ecr.getLifecyclePolicy({ repositoryName: 'shop' });
  assert.match(policy.lifecyclePolicyText ?? '', /countNumber/);
  assert.deepEqual(await zones(endpoint), ['shop.example.', 'shop.internal.']);
}

interface FoundNetwork {
  readonly tables: readonly RouteTable[];
  readonly publicIds: readonly string[];
  readonly privateIds: readonly string[];
}

/** The one network that the SDK sees, its subnets told apart by the tag that the component gives them. */
async function network(endpoint: string): Promise<FoundNetwork> {
  const ec2 = new EC2({ ...settings, endpoint });
  const vpcs = (await ec2.describeVpcs({})).Vpcs?.filter(({ IsDefault }) => !IsDefault) ?? [];
  assert.equal(vpcs.length, 1);
  const Filters = [{ Name: 'vpc-id', Values: [vpcs[0]!.VpcId!] }];
  const { Subnets = [] } = await ec2.describeSubnets({ Filters });
  const { RouteTables: tables = [] } = await ec2.describeRouteTables({ Filters });
  const ids = (tier: string) =>
    Subnets.filter(({ Tags }) => Tags?.some((tag) => tag.Key === 'Tier' && tag.Value === tier)).map(
      ({ SubnetId }) => SubnetId!,
    );
  return { tables, publicIds: ids('public'), privateIds: ids('private') };
}

/** The route by which packets for anywhere leave a subnet. */
function wayOut(tables: readonly RouteTable[], subnetId: string) {
  const table = tables.find(({ Associations = [] }) => Associations.some((one) => one.SubnetId === subnetId));
  return table?.Routes?.find((route) => route.DestinationCidrBlock === '0.0.0.0/0');
}

/** From every public subnet to the internet gateway; from every private one to a NAT gateway that is in a public one. */
async function waysOut(
  endpoint: string,
  { tables, publicIds, privateIds }: FoundNetwork,
  expected: { readonly zones: number; readonly gateways: number },
): Promise<void> {
  const ec2 = new EC2({ ...settings, endpoint });
  const { NatGateways = [] } = await ec2.describeNatGateways({});
  const alive = NatGateways.filter(({ State }) => State === 'available');
  assert.equal(alive.length, expected.gateways);
  assert.equal(publicIds.length, expected.zones);
  for (const id of publicIds) assert.match(wayOut(tables, id)?.GatewayId ?? '', /^igw-/);
  assert.equal(privateIds.length, expected.zones);
  for (const id of privateIds) {
    const gateway = alive.find(({ NatGatewayId }) => NatGatewayId === wayOut(tables, id)?.NatGatewayId);
    assert.ok(gateway && publicIds.includes(gateway.SubnetId!), `${id} leads to a NAT gateway in a public subnet`);
  }
}

async function lookAtCluster(
  endpoint: string,
  { name, groups }: { readonly name: string; readonly groups: number },
): Promise<void> {
  const eks = new EKS({ ...settings, endpoint });
  const iam = new IAM({ ...settings, endpoint });
  const { cluster } = await eks.describeCluster({ name });
  assert.equal(cluster?.status, 'ACTIVE');
  assert.equal(cluster?.accessConfig?.authenticationMode, 'API');
  await iam.getRole({ RoleName: cluster!.roleArn!.split('/').at(-1)! });
  const { addons = [] } = await eks.listAddons({ clusterName: name });
  for (const addon of ['vpc-cni', 'kube-proxy', 'coredns', 'eks-pod-identity-agent'])
    assert.ok(addons.includes(addon), addon);
  const { nodegroups = [] } = await eks.listNodegroups({ clusterName: name });
  assert.equal(nodegroups.length, groups);
  const { nodegroup } = await eks.describeNodegroup({ clusterName: name, nodegroupName: nodegroups[0]! });
  const { AttachedPolicies = [] } = await iam.listAttachedRolePolicies({
    RoleName: nodegroup!.nodeRole!.split('/').at(-1)!,
  });
  assert.ok(AttachedPolicies.some(({ PolicyName }) => PolicyName === 'AmazonEKSWorkerNodePolicy'));
  assert.match(nodegroup?.launchTemplate?.id ?? '', /^lt-/);
}

async function repositories(endpoint: string): Promise<readonly string[]> {
  const { repositories: found = [] } = await new ECR({ ...settings, endpoint }).describeRepositories({});
  return found.map(({ repositoryName }) => repositoryName!).sort();
}

async function zones(endpoint: string): Promise<readonly string[]> {
  const { HostedZones = [] } = await new Route53({ ...settings, endpoint }).listHostedZones({});
  return HostedZones.map(({ Name }) => Name!);
}

async function nothingIsLeft(endpoint: string): Promise<void> {
  const ec2 = new EC2({ ...settings, endpoint });
  const eks = new EKS({ ...settings, endpoint });
  const iam = new IAM({ ...settings, endpoint });
  const own = (await ec2.describeVpcs({})).Vpcs?.filter(({ IsDefault }) => !IsDefault);
  assert.deepEqual(own, []);
  assert.deepEqual((await ec2.describeAddresses({})).Addresses, []);
  assert.deepEqual((await ec2.describeLaunchTemplates({})).LaunchTemplates, []);
  assert.deepEqual(
    (await ec2.describeNatGateways({})).NatGateways?.filter(({ State }) => State !== 'deleted'),
    [],
  );
  assert.deepEqual((await eks.listClusters({})).clusters, []);
  assert.deepEqual((await iam.listRoles({})).Roles, []);
  assert.deepEqual((await iam.listOpenIDConnectProviders({})).OpenIDConnectProviderList, []);
  assert.deepEqual(await repositories(endpoint), []);
  assert.deepEqual(await zones(endpoint), []);
}
