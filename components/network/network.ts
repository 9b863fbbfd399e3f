import * as ec2 from '@pulumi/aws/ec2';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, stackTags, withTransform } from '../component';
import { createEndpoints, type EndpointArgs } from './endpoints';
import { createFlowLogs, type FlowLogArgs } from './flow-logs';
import { ipv6Subnet } from './ipv6-subnet';
import { createRouting, type Routing } from './routing';
import { planSubnets, type SubnetPlan, type SubnetTier } from './subnet-plan';

export interface NetworkArgs extends ComponentArgs {
  /** The whole range, /16 to /22 with the default of eight zone slots: `10.20.0.0/16`. */
  readonly cidr: string;
  /** Names of availability zones. Append new ones at the end: a zone's place decides its addresses. */
  readonly zones: readonly string[];
  /** Default all three. Public ones are needed for NAT and for load balancers that the internet reaches. */
  readonly tiers?: readonly SubnetTier[];
  /** How many zones the range is divided for. Cannot be changed later. Default 8. */
  readonly zoneSlots?: number;
  /**
   * The way out of private subnets: none, one gateway for all zones (cheaper, and a zone's failure takes all), or one per zone.
   * Default `perZone`.
   */
  readonly nat?: 'none' | 'single' | 'perZone';
  /** A /56 of Amazon's, a /64 per subnet; private subnets get a way out and none in. Default false. */
  readonly ipv6?: boolean;
  /** Ways to AWS services that do not leave the network. */
  readonly endpoints?: EndpointArgs;
  /** Default: all traffic, kept for 30 days. False for none. */
  readonly flowLogs?: FlowLogArgs | false;
  /** Names of clusters whose load balancers and Karpenter look for these subnets. */
  readonly clusterNames?: readonly string[];
  /** On every resource that can have some, beside project, stack and name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** An AWS VPC with public, private and isolated subnets in any number of zones. */
export class Network extends pulumi.ComponentResource {
  /** For whatever else has to be in this network. */
  readonly vpcId: pulumi.Output<string>;
  /** As it was given. */
  readonly cidr: string;
  /** As they were given. */
  readonly zones: readonly string[];
  /** In the order of the zones, as are the next two. */
  readonly publicSubnetIds: pulumi.Output<string[]>;
  /** In the order of the zones: with a way out, where there is NAT. */
  readonly privateSubnetIds: pulumi.Output<string[]>;
  /** In the order of the zones: without a way out. */
  readonly isolatedSubnetIds: pulumi.Output<string[]>;
  /** Addresses that others see traffic of private subnets come from. */
  readonly natAddresses: pulumi.Output<string[]>;
  /** Route tables, for further routes. */
  readonly routing: Routing;

  constructor(name: string, args: NetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Network', name, {}, withTransform(args, options));
    const tiers = args.tiers ?? ['public', 'private', 'isolated'];
    const plans = planSubnets({ cidr: args.cidr, zones: args.zones, tiers, zoneSlots: args.zoneSlots });
    const nat = tiers.includes('private') ? (args.nat ?? 'perZone') : 'none';
    if (nat !== 'none' && !tiers.includes('public')) {
      throw new Error(
        `Cannot make network ${name} as NAT (${nat}) needs public subnets. Add the tier or set nat: none.`,
      );
    }
    this.cidr = args.cidr;
    this.zones = args.zones;
    const vpc = this.#createVpc(name, args);
    const subnets = plans.map((plan) => ({ plan, subnet: this.#createSubnet(name, { args, plan, vpc }) }));
    this.routing = createRouting(name, { parent: this, vpc, subnets, nat, ipv6: args.ipv6 ?? false, tags: args.tags });
    createEndpoints(name, {
      parent: this,
      vpc,
      cidr: args.cidr,
      ipv6: args.ipv6 ?? false,
      subnets,
      routing: this.routing,
      args: args.endpoints,
      tags: args.tags,
    });
    if (args.flowLogs !== false)
      createFlowLogs(name, { parent: this, vpc, args: args.flowLogs ?? {}, tags: args.tags });
    this.vpcId = vpc.id;
    const idsOf = (tier: SubnetTier) =>
      pulumi.all(subnets.filter(({ plan }) => plan.tier === tier).map(({ subnet }) => subnet.id));
    this.publicSubnetIds = idsOf('public');
    this.privateSubnetIds = idsOf('private');
    this.isolatedSubnetIds = idsOf('isolated');
    this.natAddresses = pulumi.all(this.routing.natAddresses.map((address) => address.publicIp));
    this.registerOutputs({
      vpcId: this.vpcId,
      publicSubnetIds: this.publicSubnetIds,
      privateSubnetIds: this.privateSubnetIds,
      isolatedSubnetIds: this.isolatedSubnetIds,
      natAddresses: this.natAddresses,
    });
  }

  #createVpc(name: string, args: NetworkArgs): ec2.Vpc {
    const vpc = new ec2.Vpc(
      name,
      {
        cidrBlock: args.cidr,
        enableDnsHostnames: true,
        enableDnsSupport: true,
        assignGeneratedIpv6CidrBlock: args.ipv6 ?? false,
        tags: stackTags(name, args.tags),
      },
      { parent: this },
    );
    // Without rules: what forgets to name a security group can talk to nobody.
    new ec2.DefaultSecurityGroup(
      `${name}-default`,
      { vpcId: vpc.id, ingress: [], egress: [], tags: stackTags(`${name}-default`, args.tags) },
      { parent: this },
    );
    return vpc;
  }

  #createSubnet(
    name: string,
    made: { readonly args: NetworkArgs; readonly plan: SubnetPlan; readonly vpc: ec2.Vpc },
  ): ec2.Subnet {
    const { args, plan, vpc } = made;
    const subnetName = `${name}-${plan.tier}-${plan.zone}`;
    const ipv6 = args.ipv6
      ? {
          ipv6CidrBlock: vpc.ipv6CidrBlock.apply((block) => ipv6Subnet(block, plan.ipv6Index)),
          assignIpv6AddressOnCreation: true,
        }
      : {};
    return new ec2.Subnet(
      subnetName,
      {
        vpcId: vpc.id,
        cidrBlock: plan.cidr,
        availabilityZone: plan.zone,
        mapPublicIpOnLaunch: false,
        ...ipv6,
        tags: stackTags(subnetName, {
          Tier: plan.tier,
          ...discoveryTags(plan.tier, args.clusterNames ?? []),
          ...args.tags,
        }),
      },
      { parent: this },
    );
  }
}

/** Tags by which the load balancer controller and Karpenter choose subnets. */
function discoveryTags(tier: SubnetTier, clusterNames: readonly string[]): Record<string, string> {
  if (tier === 'isolated') return {};
  const role = tier === 'public' ? 'kubernetes.io/role/elb' : 'kubernetes.io/role/internal-elb';
  const clusters = clusterNames.map((cluster) => [`kubernetes.io/cluster/${cluster}`, 'shared']);
  const karpenter =
    tier === 'private' && clusterNames[0] !== undefined ? [['karpenter.sh/discovery', clusterNames[0]]] : [];
  return { [role]: '1', ...Object.fromEntries([...clusters, ...karpenter]) };
}
