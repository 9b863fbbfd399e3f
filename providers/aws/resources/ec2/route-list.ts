import type { Route } from '@aws-sdk/client-ec2';
import type { ExistingCall, PlainMap, PropertyRule } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asMaps, asText } from '../../plain-values.ts';

/** Names of a route's parts as `routes` of a table has them, and the API. */
const PARTS = {
  cidrBlock: 'DestinationCidrBlock',
  ipv6CidrBlock: 'DestinationIpv6CidrBlock',
  destinationPrefixListId: 'DestinationPrefixListId',
  gatewayId: 'GatewayId',
  natGatewayId: 'NatGatewayId',
  egressOnlyGatewayId: 'EgressOnlyInternetGatewayId',
  transitGatewayId: 'TransitGatewayId',
  vpcPeeringConnectionId: 'VpcPeeringConnectionId',
  networkInterfaceId: 'NetworkInterfaceId',
  vpcEndpointId: 'VpcEndpointId',
} as const;

const DESTINATIONS: ReadonlySet<string> = new Set(['cidrBlock', 'ipv6CidrBlock', 'destinationPrefixListId']);

/** `routes` of a table: where the program leaves it out, routes are resources of their own and not touched. */
export const routesRule: PropertyRule = { kind: 'list', unordered: true, computed: true, afterCreate: true };

/** What is wrong with `routes`: each leads from one destination to one target. */
export function routesFailures({ routes }: PlainMap): readonly string[] {
  return asMaps(routes).flatMap((route, index) => {
    const given = Object.keys(route).filter((key) => asText(route[key]));
    const unknown = given.filter((key) => !(key in PARTS));
    if (unknown.length > 0)
      return [`routes[${index}].${unknown[0]} is not served by this provider. Use the official aws plugin for it.`];
    const destinations = given.filter((key) => DESTINATIONS.has(key)).length;
    return destinations === 1 && given.length === 2 ? [] : [`routes[${index}] needs one destination and one target.`];
  });
}

/** The routes that a program could have written: not those inside the VPC, of gateway endpoints, or propagated. */
export function routesOutput(routes: readonly Route[] | undefined): readonly PlainMap[] {
  return (routes ?? [])
    .filter((route) => route.Origin === 'CreateRoute' || route.Origin === undefined)
    .filter(({ GatewayId }) => GatewayId !== 'local' && !GatewayId?.startsWith('vpce-'))
    .map(fromRoute);
}

function fromRoute(route: Route): PlainMap {
  const answer = route as unknown as Readonly<Record<string, string | undefined>>;
  return Object.fromEntries(
    Object.entries(PARTS).flatMap(([key, name]) => (answer[name] ? [[key, answer[name]]] : [])),
  );
}

/** Makes the table's routes exactly those wanted. */
export async function writeRoutes(call: ExistingCall, wanted: readonly PlainMap[]): Promise<void> {
  const ec2 = await call.aws.client('ec2');
  const RouteTableId = call.id;
  const table = (await ec2.describeRouteTables({ RouteTableIds: [RouteTableId] })).RouteTables?.[0];
  const there = new Map(routesOutput(table?.Routes).map((route) => [destinationOf(route), route]));
  const named = new Set(wanted.map(destinationOf));
  for (const route of there.values()) {
    if (!named.has(destinationOf(route)))
      await unlessGone(ec2.deleteRoute({ RouteTableId, ...parameters(route, (key) => DESTINATIONS.has(key)) }));
  }
  for (const route of wanted) {
    const old = there.get(destinationOf(route));
    const parameter = { RouteTableId, ...parameters(route, () => true) };
    if (old === undefined) await ec2.createRoute(parameter);
    else if (JSON.stringify(parameters(old, () => true)) !== JSON.stringify(parameters(route, () => true)))
      await ec2.replaceRoute(parameter);
  }
}

function destinationOf(route: PlainMap): string {
  return String(asText(route.cidrBlock) ?? asText(route.ipv6CidrBlock) ?? asText(route.destinationPrefixListId));
}

function parameters(route: PlainMap, wanted: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(PARTS).flatMap(([key, name]) => {
      const value = asText(route[key]);
      return value && wanted(key) ? [[name, value]] : [];
    }),
  );
}
