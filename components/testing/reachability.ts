import { at, type MockStack, type Registered } from './mock-stack';

/** Where packets of a subnet get to, and whether the internet gets to it. */
export interface Reach {
  /** `internet`: by an address of its own, both ways. `nat`: out only, from another's address. `none`. */
  readonly ipv4: 'internet' | 'nat' | 'none';
  /** `internet`: both ways. `out`: out only. `none`. */
  readonly ipv6: 'internet' | 'out' | 'none';
  /** Availability zones that packets to the internet cross by IPv4: one that fails takes the subnet's way out with it. */
  readonly zones: readonly string[];
  /** Services that it reaches by a gateway endpoint. */
  readonly services: readonly string[];
}

/**
 * What a subnet reaches, by ids, associations, routes and gateways alone: what resources are called does not count. A subnet without a
 * route table has the network's main one, which leads nowhere.
 */
export function reachOf(stack: MockStack, subnetId: string): Reach {
  const association = stack
    .ofType('aws:ec2/routeTableAssociation:RouteTableAssociation')
    .find(({ inputs }) => inputs.subnetId === subnetId);
  const tableId = association?.inputs.routeTableId;
  const routes = stack.ofType('aws:ec2/route:Route').filter(({ inputs }) => inputs.routeTableId === tableId);
  const ipv4 = routes.find(({ inputs }) => inputs.destinationCidrBlock === '0.0.0.0/0');
  const ipv6 = routes.find(({ inputs }) => inputs.destinationIpv6CidrBlock === '::/0');
  return {
    ...wayOut(stack, subnetId, ipv4),
    ipv6: wayOutIpv6(stack, subnetId, ipv6),
    services: gatewayServices(stack, tableId),
  };
}

function wayOut(stack: MockStack, subnetId: string, route: Registered | undefined): Pick<Reach, 'ipv4' | 'zones'> {
  const nowhere = { ipv4: 'none', zones: [] } as const;
  const own = String(subnetOf(stack, subnetId)?.inputs.availabilityZone);
  if (isInternetGateway(stack, subnetId, route?.inputs.gatewayId)) return { ipv4: 'internet', zones: [own] };
  const nat = byId(stack, 'aws:ec2/natGateway:NatGateway', route?.inputs.natGatewayId);
  if (!nat || !byId(stack, 'aws:ec2/eip:Eip', nat.inputs.allocationId)) return nowhere;
  // A NAT gateway is worth what its own subnet reaches.
  const place = reachOf(stack, String(nat.inputs.subnetId));
  return place.ipv4 === 'internet' ? { ipv4: 'nat', zones: [...new Set([own, ...place.zones])] } : nowhere;
}

function wayOutIpv6(stack: MockStack, subnetId: string, route: Registered | undefined): Reach['ipv6'] {
  if (!subnetOf(stack, subnetId)?.inputs.ipv6CidrBlock) return 'none';
  if (isInternetGateway(stack, subnetId, route?.inputs.gatewayId)) return 'internet';
  const egress = 'aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway';
  return byId(stack, egress, route?.inputs.egressOnlyGatewayId) ? 'out' : 'none';
}

function gatewayServices(stack: MockStack, tableId: unknown): readonly string[] {
  const endpoints = stack.ofType('aws:ec2/vpcEndpoint:VpcEndpoint').filter(({ inputs }) => {
    const tables = inputs.routeTableIds;
    return inputs.vpcEndpointType === 'Gateway' && Array.isArray(tables) && tables.includes(tableId);
  });
  return endpoints.map(({ inputs }) => String(inputs.serviceName).split('.').slice(3).join('.')).sort();
}

function isInternetGateway(stack: MockStack, subnetId: string, id: unknown): boolean {
  const gateway = byId(stack, 'aws:ec2/internetGateway:InternetGateway', id);
  return gateway !== undefined && gateway.inputs.vpcId === at(subnetOf(stack, subnetId), 'inputs.vpcId');
}

function subnetOf(stack: MockStack, id: string): Registered | undefined {
  return byId(stack, 'aws:ec2/subnet:Subnet', id);
}

function byId(stack: MockStack, type: string, id: unknown): Registered | undefined {
  return stack.ofType(type).find((resource) => resource.id === id);
}
