import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, type MockStack, mockStack } from '../testing/mock-stack';
import { Network, type NetworkArgs } from './network';

const ARGS: NetworkArgs = { cidr: '10.0.0.0/16', zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] };

function made(args: Partial<NetworkArgs> = {}): Promise<MockStack> {
  return mockStack(() => new Network('main', { ...ARGS, ...args }));
}

/** Where packets of a subnet can go, from associations and routes alone: destination -> kind of gateway. */
function reach(stack: MockStack, subnet: string): Readonly<Record<string, string>> {
  const association = stack
    .ofType('aws:ec2/routeTableAssociation:RouteTableAssociation')
    .find(({ inputs }) => inputs.subnetId === `${subnet}-id`);
  assert.ok(association, `${subnet} has a route table`);
  const routes = stack
    .ofType('aws:ec2/route:Route')
    .filter(({ inputs }) => inputs.routeTableId === association.inputs.routeTableId);
  return Object.fromEntries(
    routes.map(({ inputs }) => {
      const kind = ['gatewayId', 'natGatewayId', 'egressOnlyGatewayId'].find((key) => inputs[key] !== undefined);
      return [String(inputs.destinationCidrBlock ?? inputs.destinationIpv6CidrBlock), `${kind}=${inputs[kind!]}`];
    }),
  );
}

describe('Network', () => {
  it('lets public subnets be reached, private ones go out by their own zone, isolated ones neither', async () => {
    const stack = await made();
    for (const zone of ARGS.zones) {
      assert.deepEqual(reach(stack, `main-public-${zone}`), { '0.0.0.0/0': 'gatewayId=main-id' });
      assert.deepEqual(reach(stack, `main-private-${zone}`), { '0.0.0.0/0': `natGatewayId=main-nat-${zone}-id` });
      assert.deepEqual(reach(stack, `main-isolated-${zone}`), {});
    }
  });

  it('sends all zones through one NAT gateway where there is one, and nowhere where there is none', async () => {
    const single = await made({ nat: 'single' });
    assert.equal(single.ofType('aws:ec2/natGateway:NatGateway').length, 1);
    assert.deepEqual(reach(single, 'main-private-eu-central-1c'), {
      '0.0.0.0/0': 'natGatewayId=main-nat-eu-central-1a-id',
    });
    const none = await made({ nat: 'none' });
    assert.equal(none.ofType('aws:ec2/eip:Eip').length, 0);
    assert.deepEqual(reach(none, 'main-private-eu-central-1a'), {});
  });

  it('gives private subnets a way out by IPv6 and none in', async () => {
    const stack = await made({ ipv6: true });
    assert.equal(reach(stack, 'main-private-eu-central-1a')['::/0'], 'egressOnlyGatewayId=main-id');
    assert.equal(reach(stack, 'main-public-eu-central-1a')['::/0'], 'gatewayId=main-id');
    assert.equal(reach(stack, 'main-isolated-eu-central-1a')['::/0'], undefined);
    const subnet = stack.named('aws:ec2/subnet:Subnet', 'main-private-eu-central-1a');
    assert.equal(subnet.inputs.ipv6CidrBlock, '2001:db8:12:3400::/64');
  });

  it('puts nothing on the internet by itself', async () => {
    const stack = await made();
    for (const { inputs } of stack.ofType('aws:ec2/subnet:Subnet')) assert.equal(inputs.mapPublicIpOnLaunch, false);
    const group = stack.only('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup');
    assert.deepEqual([group.inputs.ingress, group.inputs.egress], [[], []]);
  });

  it('lets nothing but HTTPS from within the network reach interface endpoints', async () => {
    const stack = await made({ endpoints: { interface: ['sts', 'ecr.api'] } });
    const { inputs } = stack.only('aws:ec2/securityGroup:SecurityGroup');
    assert.deepEqual(inputs.ingress, [{ protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: ['10.0.0.0/16'] }]);
    const endpoint = stack.named('aws:ec2/vpcEndpoint:VpcEndpoint', 'main-ecr-api');
    assert.equal(endpoint.inputs.serviceName, 'com.amazonaws.eu-central-1.ecr.api');
    assert.deepEqual(endpoint.inputs.securityGroupIds, ['main-endpoints-id']);
  });

  it('leads S3 and DynamoDB past NAT, from isolated subnets too', async () => {
    const stack = await made({ zones: ['eu-central-1a'] });
    const s3 = stack.named('aws:ec2/vpcEndpoint:VpcEndpoint', 'main-s3');
    assert.deepEqual(s3.inputs.routeTableIds, ['main-private-eu-central-1a-id', 'main-isolated-eu-central-1a-id']);
  });

  it('records flows by default, with a role for its own log only, and not where that is switched off', async () => {
    const stack = await made();
    assert.equal(stack.only('aws:ec2/flowLog:FlowLog').inputs.trafficType, 'ALL');
    assert.equal(stack.only('aws:cloudwatch/logGroup:LogGroup').inputs.retentionInDays, 30);
    const policy = JSON.parse(String(stack.only('aws:iam/rolePolicy:RolePolicy').inputs.policy));
    assert.equal(policy.Statement[0].Resource, 'arn:aws:test:::main-flow-id:*');
    assert.equal((await made({ flowLogs: false })).ofType('aws:ec2/flowLog:FlowLog').length, 0);
  });

  it('waits for the internet gateway before NAT', async () => {
    const stack = await made({ nat: 'single' });
    const { dependencies } = stack.only('aws:ec2/natGateway:NatGateway');
    assert.ok(dependencies.includes('aws:ec2/internetGateway:InternetGateway::main'));
  });

  it('tags subnets for load balancers and Karpenter, and everything for project and stack', async () => {
    const stack = await made({ clusterNames: ['prod-main'], tags: { CostCentre: 'shop' } });
    const tags = (subnet: string) => stack.named('aws:ec2/subnet:Subnet', subnet).inputs.tags;
    assert.equal(at(tags('main-public-eu-central-1a'), 'kubernetes\\.io/role/elb'), '1');
    assert.equal(at(tags('main-private-eu-central-1a'), 'karpenter\\.sh/discovery'), 'prod-main');
    assert.equal(at(tags('main-isolated-eu-central-1a'), 'kubernetes\\.io/role/internal-elb'), undefined);
    for (const resource of stack.resources.filter(({ inputs }) => inputs.tags)) {
      assert.equal(at(resource.inputs, 'tags.Stack'), 'test', resource.urn);
      assert.equal(at(resource.inputs, 'tags.Project'), 'estate', resource.urn);
      assert.equal(at(resource.inputs, 'tags.CostCentre'), 'shop', resource.urn);
    }
  });

  it('changes no existing resource when a zone is added', async () => {
    const before = await made({ zones: ARGS.zones.slice(0, 2), flowLogs: false, endpoints: { gateway: [] } });
    const after = await made({ flowLogs: false, endpoints: { gateway: [] } });
    const known = new Map(after.resources.map((resource) => [resource.urn, resource.inputs]));
    for (const { urn, inputs } of before.resources) assert.deepEqual(known.get(urn), inputs, urn);
  });

  it('needs public subnets for NAT', async () => {
    await assert.rejects(() => made({ tiers: ['private'] }), /NAT \(perZone\) needs public subnets/);
    const stack = await made({ tiers: ['private'], nat: 'none' });
    assert.equal(stack.ofType('aws:ec2/internetGateway:InternetGateway').length, 0);
  });

  it('hands every resource to the transform', async () => {
    const stack = await made({
      transform: ({ type, props, opts }) =>
        type === 'aws:ec2/vpc:Vpc' ? { props: { ...props, instanceTenancy: 'dedicated' }, opts } : undefined,
    });
    assert.equal(stack.only('aws:ec2/vpc:Vpc').inputs.instanceTenancy, 'dedicated');
  });
});
