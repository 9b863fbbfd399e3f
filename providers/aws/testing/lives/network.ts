import type { EC2 } from '@aws-sdk/client-ec2';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';

const byId = (id: string) => [id];

/** VPCs and what hangs on them. */
export const networkLives: readonly Life[] = [
  {
    type: 'aws:ec2/vpc:Vpc',
    inputs: async () => ({ cidrBlock: '10.91.0.0/16', enableDnsHostnames: true, tags: { Name: 'one' } }),
    live: async ({ ec2 }, { id }) => (await ec2.describeVpcs({ VpcIds: byId(id) })).Vpcs?.[0],
    change: (_, inputs) => ({ ...inputs, enableDnsSupport: true, tags: { Name: 'two' } }),
    replace: { inputs: () => ({ cidrBlock: '10.92.0.0/16' }), properties: ['cidrBlock'] },
    drift: {
      by: ({ ec2 }, { id }) => ec2.modifyVpcAttribute({ VpcId: id, EnableDnsHostnames: { Value: false } }),
      properties: ['enableDnsHostnames'],
    },
  },
  {
    type: 'aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation',
    inputs: async (world) => ({ vpcId: await world.vpcId(), cidrBlock: '10.93.0.0/16' }),
    live: async (world, { id }) => {
      const found = await world.ec2.describeVpcs({ VpcIds: byId(await world.vpcId()) });
      const block = found.Vpcs?.[0]?.CidrBlockAssociationSet?.find((one) => one.AssociationId === id);
      return block?.CidrBlockState?.State === 'associated' ? block : undefined;
    },
    replace: {
      inputs: async (world) => ({ vpcId: await world.vpcId(), cidrBlock: '10.94.0.0/16' }),
      properties: ['cidrBlock'],
    },
  },
  {
    type: 'aws:ec2/subnet:Subnet',
    inputs: async (world) => ({
      vpcId: await world.vpcId(),
      cidrBlock: '10.90.7.0/24',
      availabilityZone: `${world.region}a`,
      tags: { Name: 'one' },
    }),
    live: async ({ ec2 }, { id }) => (await ec2.describeSubnets({ SubnetIds: byId(id) })).Subnets?.[0],
    change: (_, inputs) => ({ ...inputs, mapPublicIpOnLaunch: true, tags: { Name: 'two', More: 'x' } }),
    replace: {
      inputs: async (world) => ({ vpcId: await world.vpcId(), cidrBlock: '10.90.8.0/24' }),
      properties: ['cidrBlock'],
    },
    drift: {
      by: ({ ec2 }, { id }) => ec2.modifySubnetAttribute({ SubnetId: id, MapPublicIpOnLaunch: { Value: false } }),
      properties: ['mapPublicIpOnLaunch'],
    },
  },
  {
    type: 'aws:ec2/internetGateway:InternetGateway',
    inputs: async (world) => ({ vpcId: await newVpc(world, '10.95.0.0/16'), tags: { Name: 'one' } }),
    live: async ({ ec2 }, { id }) =>
      (await ec2.describeInternetGateways({ InternetGatewayIds: byId(id) })).InternetGateways?.[0],
    change: async (world, inputs) => ({ ...inputs, vpcId: await newVpc(world, '10.96.0.0/16') }),
    drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
  },
  {
    type: 'aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway',
    inputs: async (world) => ({ vpcId: await world.vpcId(), tags: { Name: 'one' } }),
    live: async ({ ec2 }, { id }) =>
      (await ec2.describeEgressOnlyInternetGateways({ EgressOnlyInternetGatewayIds: byId(id) }))
        .EgressOnlyInternetGateways?.[0],
    change: (_, inputs) => ({ ...inputs, tags: { Name: 'two' } }),
    replace: { inputs: async (world) => ({ vpcId: await newVpc(world, '10.97.0.0/16') }), properties: ['vpcId'] },
    drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
  },
  {
    type: 'aws:ec2/eip:Eip',
    inputs: async () => ({ tags: { Name: 'one' } }),
    live: async ({ ec2 }, { id }) => (await ec2.describeAddresses({ AllocationIds: byId(id) })).Addresses?.[0],
    change: (_, inputs) => ({ ...inputs, tags: { Name: 'two' } }),
    replace: { inputs: () => ({ publicIpv4Pool: 'ipv4pool-ec2-0123' }), properties: ['publicIpv4Pool'] },
    drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
  },
  {
    type: 'aws:ec2/natGateway:NatGateway',
    inputs: async (world) => {
      const { AllocationId } = await world.ec2.allocateAddress({ Domain: 'vpc' });
      world.later(() => world.ec2.releaseAddress({ AllocationId }));
      return { subnetId: (await world.subnetIds())[0], allocationId: AllocationId!, tags: { Name: 'one' } };
    },
    live: async ({ ec2 }, { id }) => {
      const [gateway] = (await ec2.describeNatGateways({ NatGatewayIds: byId(id) })).NatGateways ?? [];
      return gateway?.State === 'deleted' ? undefined : gateway;
    },
    change: (_, inputs) => ({ ...inputs, tags: { Name: 'two' } }),
    replace: {
      inputs: async (world) => ({ subnetId: (await world.subnetIds())[1], connectivityType: 'private' }),
      properties: ['subnetId', 'allocationId', 'connectivityType'],
    },
    drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
  },
  {
    type: 'aws:ec2/routeTable:RouteTable',
    inputs: async (world) => ({
      vpcId: await world.vpcId(),
      routes: [{ cidrBlock: '0.0.0.0/0', gatewayId: await gatewayOf(world) }],
      tags: { Name: 'one' },
    }),
    live: async ({ ec2 }, { id }) => (await ec2.describeRouteTables({ RouteTableIds: byId(id) })).RouteTables?.[0],
    change: async (world, inputs) => ({
      ...inputs,
      routes: [{ cidrBlock: '198.51.100.0/24', gatewayId: await gatewayOf(world) }],
    }),
    replace: { inputs: async (world) => ({ vpcId: await newVpc(world, '10.98.0.0/16') }), properties: ['vpcId'] },
    drift: {
      by: ({ ec2 }, { id }) => ec2.deleteRoute({ RouteTableId: id, DestinationCidrBlock: '198.51.100.0/24' }),
      properties: ['routes'],
    },
  },
  {
    type: 'aws:ec2/defaultRouteTable:DefaultRouteTable',
    inputs: async (world) => ({ defaultRouteTableId: await mainTable(world), routes: [], tags: { Name: 'one' } }),
    live: async ({ ec2 }, { id }) => (await ec2.describeRouteTables({ RouteTableIds: byId(id) })).RouteTables?.[0],
    change: async (world, inputs) => ({
      ...inputs,
      routes: [{ cidrBlock: '203.0.113.0/24', gatewayId: await gatewayOf(world) }],
    }),
    drift: {
      by: ({ ec2 }, { id }) => ec2.deleteRoute({ RouteTableId: id, DestinationCidrBlock: '203.0.113.0/24' }),
      properties: ['routes'],
    },
    importId: ({ outputs }) => outputs.vpcId as string,
    remains: true,
  },
  {
    type: 'aws:ec2/route:Route',
    inputs: async (world) => ({
      routeTableId: await newTable(world),
      destinationCidrBlock: '0.0.0.0/0',
      gatewayId: await gatewayOf(world),
    }),
    live: async ({ ec2 }, { id }) => {
      const found = await ec2.describeRouteTables({ RouteTableIds: byId(id.split('_')[0]!) });
      return found.RouteTables?.[0]?.Routes?.find((route) => route.DestinationCidrBlock === '0.0.0.0/0');
    },
    change: async (world, { gatewayId: _, ...inputs }) => ({ ...inputs, natGatewayId: await newNat(world) }),
    replace: {
      inputs: async (world) => ({
        routeTableId: await newTable(world),
        destinationCidrBlock: '198.51.100.0/24',
        gatewayId: await gatewayOf(world),
      }),
      properties: ['routeTableId', 'destinationCidrBlock'],
    },
    drift: {
      by: async (world, { id }) =>
        world.ec2.replaceRoute({
          RouteTableId: id.split('_')[0],
          DestinationCidrBlock: '0.0.0.0/0',
          GatewayId: await gatewayOf(world),
        }),
      properties: ['gatewayId', 'natGatewayId'],
    },
  },
  {
    type: 'aws:ec2/routeTableAssociation:RouteTableAssociation',
    inputs: async (world) => ({ routeTableId: await newTable(world), subnetId: (await world.subnetIds())[0] }),
    live: ({ ec2 }, { outputs }) => associationOf(ec2, outputs.subnetId as string),
    change: async (world, inputs) => ({ ...inputs, routeTableId: await newTable(world) }),
    moves: true,
    replace: {
      inputs: async (world) => ({ routeTableId: await newTable(world), subnetId: (await world.subnetIds())[1] }),
      properties: ['subnetId'],
    },
    drift: {
      by: async (world, { outputs }) => {
        const found = await associationOf(world.ec2, outputs.subnetId as string);
        const AssociationId = found?.RouteTableAssociationId;
        await world.ec2.replaceRouteTableAssociation({ AssociationId, RouteTableId: await newTable(world) });
      },
      properties: ['routeTableId'],
    },
    importId: ({ outputs }) => `${outputs.subnetId}/${outputs.routeTableId}`,
  },
];

/** The one association of a subnet with a table. */
async function associationOf(ec2: EC2, subnetId: string) {
  const Filters = [{ Name: 'association.subnet-id', Values: [subnetId] }];
  const { RouteTables = [] } = await ec2.describeRouteTables({ Filters });
  return RouteTables.flatMap(({ Associations = [] }) => Associations).find(({ SubnetId }) => SubnetId === subnetId);
}

/** Takes one tag away behind the provider's back. */
export function untag(key: string) {
  return ({ ec2 }: World, { id }: { readonly id: string }) => ec2.deleteTags({ Resources: [id], Tags: [{ Key: key }] });
}

export async function newVpc({ ec2, later }: World, CidrBlock: string): Promise<string> {
  const { Vpc } = await ec2.createVpc({ CidrBlock });
  later(() => ec2.deleteVpc({ VpcId: Vpc!.VpcId }));
  return Vpc!.VpcId!;
}

const gateways = new WeakMap<World, Promise<string>>();

/** An internet gateway of the shared VPC. */
export function gatewayOf(world: World): Promise<string> {
  const made = gateways.get(world) ?? makeGateway(world);
  gateways.set(world, made);
  return made;
}

async function makeGateway(world: World): Promise<string> {
  const { ec2, later } = world;
  const VpcId = await world.vpcId();
  const { InternetGateway } = await ec2.createInternetGateway({});
  const InternetGatewayId = InternetGateway!.InternetGatewayId!;
  later(() => ec2.deleteInternetGateway({ InternetGatewayId }));
  await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
  later(() => ec2.detachInternetGateway({ InternetGatewayId, VpcId }));
  return InternetGatewayId;
}

async function mainTable(world: World): Promise<string> {
  const Filters = [
    { Name: 'vpc-id', Values: [await world.vpcId()] },
    { Name: 'association.main', Values: ['true'] },
  ];
  return (await world.ec2.describeRouteTables({ Filters })).RouteTables![0]!.RouteTableId!;
}

async function newTable(world: World): Promise<string> {
  const { RouteTable } = await world.ec2.createRouteTable({ VpcId: await world.vpcId() });
  const RouteTableId = RouteTable!.RouteTableId!;
  world.later(() => world.ec2.deleteRouteTable({ RouteTableId }));
  return RouteTableId;
}

async function newNat(world: World): Promise<string> {
  const [SubnetId] = await world.subnetIds();
  const { NatGateway } = await world.ec2.createNatGateway({ SubnetId, ConnectivityType: 'private' });
  const NatGatewayId = NatGateway!.NatGatewayId!;
  world.later(() => world.ec2.deleteNatGateway({ NatGatewayId }));
  return NatGatewayId;
}
