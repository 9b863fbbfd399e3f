import * as ec2 from '@pulumi/aws/ec2';
import type * as pulumi from '@pulumi/pulumi';
import { stackTags } from '../component';
import type { SubnetPlan } from './subnet-plan';

export interface Routing {
  /** One table for all public subnets. */
  readonly publicTable: ec2.RouteTable | undefined;
  /** A table per zone each, so that a zone's way out can be its own. */
  readonly privateTables: readonly ec2.RouteTable[];
  readonly isolatedTables: readonly ec2.RouteTable[];
  readonly natAddresses: readonly ec2.Eip[];
}

interface RoutingOptions {
  readonly parent: pulumi.Resource;
  readonly vpc: ec2.Vpc;
  readonly subnets: readonly { readonly plan: SubnetPlan; readonly subnet: ec2.Subnet }[];
  readonly nat: 'none' | 'single' | 'perZone';
  readonly ipv6: boolean;
  readonly tags?: Readonly<Record<string, string>>;
}

const EVERYWHERE = '0.0.0.0/0';
const EVERYWHERE_IPV6 = '::/0';

/** Gateways, route tables and routes. What a subnet can reach is decided here alone. */
export function createRouting(name: string, options: RoutingOptions): Routing {
  const { subnets } = options;
  const hasPublic = subnets.some(({ plan }) => plan.tier === 'public');
  const gateway = hasPublic ? createInternetGateway(name, options) : undefined;
  const publicTable = gateway ? createPublicTable(name, gateway, options) : undefined;
  const nat = createNat(name, options, gateway);
  const egress = createEgressGateway(name, options);
  const privateTables = subnets
    .filter(({ plan }) => plan.tier === 'private')
    .map((place) => {
      const table = createTable(`${name}-private-${place.plan.zone}`, options);
      associate(`${name}-private-${place.plan.zone}`, { ...options, table, subnet: place.subnet });
      const way = nat.find(({ zone }) => zone === place.plan.zone) ?? nat[0];
      if (way)
        route(
          `${name}-private-${place.plan.zone}-nat`,
          table,
          { destinationCidrBlock: EVERYWHERE, natGatewayId: way.gateway.id },
          options,
        );
      if (egress)
        route(
          `${name}-private-${place.plan.zone}-ipv6`,
          table,
          { destinationIpv6CidrBlock: EVERYWHERE_IPV6, egressOnlyGatewayId: egress.id },
          options,
        );
      return table;
    });
  const isolatedTables = subnets
    .filter(({ plan }) => plan.tier === 'isolated')
    .map((place) => {
      const table = createTable(`${name}-isolated-${place.plan.zone}`, options);
      associate(`${name}-isolated-${place.plan.zone}`, { ...options, table, subnet: place.subnet });
      return table;
    });
  return { publicTable, privateTables, isolatedTables, natAddresses: nat.map(({ address }) => address) };
}

function createInternetGateway(name: string, { parent, vpc, tags }: RoutingOptions): ec2.InternetGateway {
  return new ec2.InternetGateway(name, { vpcId: vpc.id, tags: stackTags(name, tags) }, { parent });
}

function createEgressGateway(name: string, options: RoutingOptions): ec2.EgressOnlyInternetGateway | undefined {
  if (!options.ipv6 || !options.subnets.some(({ plan }) => plan.tier === 'private')) return undefined;
  const { parent, vpc, tags } = options;
  return new ec2.EgressOnlyInternetGateway(name, { vpcId: vpc.id, tags: stackTags(name, tags) }, { parent });
}

function createPublicTable(name: string, gateway: ec2.InternetGateway, options: RoutingOptions): ec2.RouteTable {
  const table = createTable(`${name}-public`, options);
  for (const { plan, subnet } of options.subnets.filter(({ plan }) => plan.tier === 'public')) {
    associate(`${name}-public-${plan.zone}`, { ...options, table, subnet });
  }
  route(`${name}-public-internet`, table, { destinationCidrBlock: EVERYWHERE, gatewayId: gateway.id }, options);
  if (options.ipv6)
    route(`${name}-public-ipv6`, table, { destinationIpv6CidrBlock: EVERYWHERE_IPV6, gatewayId: gateway.id }, options);
  return table;
}

interface Nat {
  readonly zone: string;
  readonly gateway: ec2.NatGateway;
  readonly address: ec2.Eip;
}

function createNat(name: string, options: RoutingOptions, internet: ec2.InternetGateway | undefined): readonly Nat[] {
  if (options.nat === 'none' || !internet) return [];
  const places = options.subnets.filter(({ plan }) => plan.tier === 'public');
  const used = options.nat === 'single' ? places.slice(0, 1) : places;
  const { parent, tags } = options;
  return used.map(({ plan, subnet }) => {
    const natName = `${name}-nat-${plan.zone}`;
    const address = new ec2.Eip(natName, { domain: 'vpc', tags: stackTags(natName, tags) }, { parent });
    const gateway = new ec2.NatGateway(
      natName,
      { allocationId: address.id, subnetId: subnet.id, tags: stackTags(natName, tags) },
      // A NAT gateway without the internet gateway before it never becomes available.
      { parent, dependsOn: [internet] },
    );
    return { zone: plan.zone, gateway, address };
  });
}

function createTable(name: string, { parent, vpc, tags }: RoutingOptions): ec2.RouteTable {
  return new ec2.RouteTable(name, { vpcId: vpc.id, tags: stackTags(name, tags) }, { parent });
}

function associate(
  name: string,
  made: { readonly parent: pulumi.Resource; readonly table: ec2.RouteTable; readonly subnet: ec2.Subnet },
): void {
  new ec2.RouteTableAssociation(
    name,
    { routeTableId: made.table.id, subnetId: made.subnet.id },
    { parent: made.parent },
  );
}

function route(
  name: string,
  table: ec2.RouteTable,
  way: Omit<ec2.RouteArgs, 'routeTableId'>,
  { parent }: RoutingOptions,
): void {
  new ec2.Route(name, { routeTableId: table.id, ...way }, { parent });
}
