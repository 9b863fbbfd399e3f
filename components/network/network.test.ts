import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { at, type MockStack, mockStack } from '../testing/mock-stack';
import { reachOf } from '../testing/reachability';
import { Network, type NetworkArgs } from './network';
import type { SubnetTier } from './subnet-plan';

const ARGS: NetworkArgs = { cidr: '10.0.0.0/16', zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] };

function made(args: Partial<NetworkArgs> = {}): Promise<MockStack> {
  return mockStack(() => new Network('main', { ...ARGS, ...args }));
}

/** A network, and the ids of its subnets as it gives them out. */
async function network(args: Partial<NetworkArgs> = {}) {
  const ids: Record<SubnetTier, readonly string[]> = { public: [], private: [], isolated: [] };
  const stack = await mockStack(() => {
    const { publicSubnetIds, privateSubnetIds, isolatedSubnetIds } = new Network('main', { ...ARGS, ...args });
    const all = { public: publicSubnetIds, private: privateSubnetIds, isolated: isolatedSubnetIds };
    for (const tier of ['public', 'private', 'isolated'] as const)
      all[tier].apply((made) => {
        ids[tier] = made;
      });
  });
  return { ids, stack };
}

const TIERS = [['public', 'private', 'isolated'], ['public', 'private'], ['public'], ['private', 'isolated']] as const;

describe('reachability, by routes', () => {
  for (const tiers of TIERS) {
    for (const nat of tiers[0] === 'public' ? (['none', 'single', 'perZone'] as const) : (['none'] as const)) {
      for (const ipv6 of [false, true]) {
        it(`holds what ${tiers.join(', ')} promise, NAT ${nat}${ipv6 ? ', IPv6' : ''}`, async () => {
          const { ids, stack } = await network({ tiers, nat, ipv6 });
          for (const [tier, made] of Object.entries(ids)) {
            assert.equal(made.length, (tiers as readonly string[]).includes(tier) ? ARGS.zones.length : 0, tier);
          }
          for (const id of ids.public) {
            const { ipv4, ipv6: six } = reachOf(stack, id);
            assert.deepEqual([ipv4, six], ['internet', ipv6 ? 'internet' : 'none'], id);
          }
          for (const [index, id] of ids.private.entries()) {
            const reach = reachOf(stack, id);
            assert.deepEqual([reach.ipv4, reach.ipv6], [nat === 'none' ? 'none' : 'nat', ipv6 ? 'out' : 'none'], id);
            const own = ARGS.zones[index]!;
            const crossed = { none: [], single: [...new Set([own, ARGS.zones[0]!])], perZone: [own] }[nat];
            assert.deepEqual(reach.zones, crossed, id);
            assert.deepEqual(reach.services, ['dynamodb', 's3'], id);
          }
          for (const id of ids.isolated) {
            const nothing = { ipv4: 'none', ipv6: 'none', zones: [], services: ['dynamodb', 's3'] };
            assert.deepEqual(reachOf(stack, id), nothing, id);
          }
        });
      }
    }
  }

  it('pays for as many NAT gateways as are asked for', async () => {
    for (const [nat, count] of [
      ['none', 0],
      ['single', 1],
      ['perZone', 3],
    ] as const) {
      const stack = await made({ nat });
      assert.equal(stack.ofType('aws:ec2/natGateway:NatGateway').length, count, nat);
      assert.equal(stack.ofType('aws:ec2/eip:Eip').length, count, nat);
    }
  });

  it('gives each subnet a /64 of the network', async () => {
    const stack = await made({ ipv6: true });
    const subnets = stack.ofType('aws:ec2/subnet:Subnet').map(({ inputs }) => String(inputs.ipv6CidrBlock));
    assert.equal(new Set(subnets).size, 9);
    for (const block of subnets) assert.match(block, /^2001:db8:12:34[0-9a-f]{2}::\/64$/);
  });
});

describe('Network', () => {
  it('puts nothing on the internet by itself', async () => {
    const stack = await made();
    for (const { inputs } of stack.ofType('aws:ec2/subnet:Subnet')) assert.equal(inputs.mapPublicIpOnLaunch, false);
    const group = stack.only('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup');
    assert.deepEqual([group.inputs.ingress, group.inputs.egress], [[], []]);
  });

  it('lets nothing but HTTPS from within the network reach interface endpoints', async () => {
    const stack = await made({ endpoints: { interface: ['sts', 'ecr.api'] } });
    const { inputs } = stack.only('aws:ec2/securityGroup:SecurityGroup');
    const https = { protocol: 'tcp', fromPort: 443, toPort: 443 };
    assert.deepEqual(inputs.ingress, [{ ...https, cidrBlocks: ['10.0.0.0/16'] }]);
    assert.equal(inputs.egress, undefined);
    const endpoint = stack.named('aws:ec2/vpcEndpoint:VpcEndpoint', 'main-ecr-api');
    assert.equal(endpoint.inputs.serviceName, 'com.amazonaws.eu-central-1.ecr.api');
    assert.deepEqual(endpoint.inputs.securityGroupIds, ['main-endpoints-id']);
    const six = await made({ ipv6: true, endpoints: { interface: ['sts'] } });
    const ipv6CidrBlocks = ['2001:db8:12:3400::/56'];
    assert.deepEqual(six.only('aws:ec2/securityGroup:SecurityGroup').inputs.ingress, [
      { ...https, cidrBlocks: ['10.0.0.0/16'], ipv6CidrBlocks },
    ]);
  });

  it('puts an interface endpoint into one subnet of each zone: private, else isolated, else public', async () => {
    const cases = [
      [['public', 'private', 'isolated'], 'private'],
      [['public', 'isolated'], 'isolated'],
      [['public'], 'public'],
    ] as const;
    for (const [tiers, wanted] of cases) {
      const { stack, ids } = await network({ tiers, nat: 'none', endpoints: { interface: ['sts'] } });
      const { inputs } = stack.named('aws:ec2/vpcEndpoint:VpcEndpoint', 'main-sts');
      assert.deepEqual(inputs.subnetIds, ids[wanted], tiers.join());
      assert.equal(inputs.privateDnsEnabled, true);
    }
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

  it('changes no existing resource when a zone is added, whatever the network', async () => {
    const options = fc.record({
      zones: fc.integer({ min: 1, max: 4 }),
      prefix: fc.integer({ min: 16, max: 22 }),
      nat: fc.constantFrom('none', 'single', 'perZone'),
      ipv6: fc.boolean(),
      tiers: fc.constantFrom(...TIERS.slice(0, 3)),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ zones, prefix, nat, ipv6, tiers }) => {
        const all = Array.from({ length: zones + 1 }, (_, index) => `eu-central-1${'abcdefgh'[index]}`);
        const args = { cidr: `10.0.0.0/${prefix}`, nat, ipv6, tiers };
        const before = await made({ ...args, zones: all.slice(0, -1) });
        const after = await made({ ...args, zones: all });
        const added = `-${all.at(-1)}-id`;
        const known = new Map(after.resources.map((resource) => [resource.urn, resource.inputs]));
        for (const { urn, type, inputs } of before.resources) {
          // Gateway endpoints get the new zone's tables beside the others.
          const shared = type === 'aws:ec2/vpcEndpoint:VpcEndpoint';
          assert.deepEqual(shared ? without(known.get(urn), added) : known.get(urn), inputs, urn);
        }
      }),
      { numRuns: 6 },
    );
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

/** Inputs without the route tables of one zone. */
function without(inputs: Readonly<Record<string, unknown>> | undefined, ending: string): unknown {
  const tables = inputs?.routeTableIds as readonly string[];
  return { ...inputs, routeTableIds: tables.filter((id) => !id.endsWith(ending)) };
}
