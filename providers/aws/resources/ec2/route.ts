import type { Route } from '@aws-sdk/client-ec2';
import type { ExistingCall, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { exactlyOne } from '../../exactly-one.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { retryWhile, waitFor } from '../../wait.ts';
import { describeRouteTable } from './describe-route-table.ts';

/** Where a route can lead: property here, parameter of the API. */
const TARGETS = {
  gatewayId: 'GatewayId',
  natGatewayId: 'NatGatewayId',
  egressOnlyGatewayId: 'EgressOnlyInternetGatewayId',
  transitGatewayId: 'TransitGatewayId',
  vpcPeeringConnectionId: 'VpcPeeringConnectionId',
  networkInterfaceId: 'NetworkInterfaceId',
  vpcEndpointId: 'VpcEndpointId',
} as const;

const DESTINATIONS = {
  destinationCidrBlock: 'DestinationCidrBlock',
  destinationIpv6CidrBlock: 'DestinationIpv6CidrBlock',
  destinationPrefixListId: 'DestinationPrefixListId',
} as const;

const optional: PropertyRule = { kind: 'string' };

const replacing: PropertyRule = { kind: 'string', replaces: true };

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/route/ ; imported by `<route table>_<destination>`. */
export const route: ResourceDefinition = {
  type: 'aws:ec2/route:Route',
  lostCreate: { id: ({ inputs }) => `${inputs.routeTableId}_${destinationOf(inputs)}` },
  properties: {
    routeTableId: { ...replacing, required: true },
    ...Object.fromEntries(Object.keys(DESTINATIONS).map((key) => [key, replacing])),
    ...Object.fromEntries(Object.keys(TARGETS).map((key) => [key, optional])),
    origin: { kind: 'string', output: true },
    state: { kind: 'string', output: true },
  },
  validate: (inputs) => [
    ...exactlyOne(inputs, Object.keys(DESTINATIONS), 'destination'),
    ...exactlyOne(inputs, Object.keys(TARGETS), 'target'),
  ],
  async create(call) {
    const { CreateRouteCommand } = await import('@aws-sdk/client-ec2');
    const ec2 = await call.aws.client('ec2');
    const input = {
      RouteTableId: call.inputs.routeTableId as string,
      ...given(call.inputs, DESTINATIONS),
      ...given(call.inputs, TARGETS),
    };
    // A gateway made a moment ago is not seen by the route service at once.
    const unseen = (error: unknown) =>
      error instanceof AwsFailure && /^Invalid(Gateway|NatGateway|RouteTable)ID\.NotFound/.test(error.code);
    const patience = { ...call, deadline: Math.min(call.deadline, Date.now() + 60_000) };
    await retryWhile('the route to be accepted', patience, {
      again: unseen,
      run: () => ec2.send(new CreateRouteCommand(input)),
    });
    return `${call.inputs.routeTableId}_${destinationOf(call.inputs)}`;
  },
  updates: [{ properties: Object.keys(TARGETS), apply: replaceTarget }],
  async read(call) {
    const [tableId, destination] = splitId(call.id);
    const found = (await describeRouteTable(call, tableId))?.Routes?.find(
      (one) => destinationOfRoute(one) === destination,
    );
    if (!found) return undefined;
    const values = { ...lookUp(found, DESTINATIONS), ...lookUp(found, TARGETS) };
    return { routeTableId: tableId, ...values, origin: found.Origin, state: found.State };
  },
  async delete({ aws, id }) {
    const { DeleteRouteCommand } = await import('@aws-sdk/client-ec2');
    const [tableId, destination] = splitId(id);
    await unlessGone(
      (await aws.client('ec2')).send(
        new DeleteRouteCommand({ RouteTableId: tableId, ...destinationParameter(destination) }),
      ),
    );
  },
};

function given(inputs: PlainMap, names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([key, name]) => (typeof inputs[key] === 'string' ? [[name, inputs[key]]] : [])),
  );
}

/** The API's parameter names are the names of its answer too, but one. */
function lookUp(found: Route, names: Readonly<Record<string, string>>): PlainMap {
  const answer = found as unknown as Readonly<Record<string, string | undefined>>;
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, answer[name]]));
}

function destinationOf(inputs: PlainMap): string {
  return String(inputs.destinationCidrBlock ?? inputs.destinationIpv6CidrBlock ?? inputs.destinationPrefixListId);
}

function destinationOfRoute(found: Route): string | undefined {
  return found.DestinationCidrBlock ?? found.DestinationIpv6CidrBlock ?? found.DestinationPrefixListId;
}

function destinationParameter(destination: string): Record<string, string> {
  if (destination.startsWith('pl-')) return { DestinationPrefixListId: destination };
  return destination.includes(':') ? { DestinationIpv6CidrBlock: destination } : { DestinationCidrBlock: destination };
}

function splitId(id: string): readonly [tableId: string, destination: string] {
  const cut = id.indexOf('_');
  return [id.slice(0, cut), id.slice(cut + 1)];
}

async function replaceTarget(call: ExistingCall): Promise<void> {
  const { ReplaceRouteCommand } = await import('@aws-sdk/client-ec2');
  const [tableId, destination] = splitId(call.id);
  const input = { RouteTableId: tableId, ...destinationParameter(destination), ...given(call.inputs, TARGETS) };
  await (await call.aws.client('ec2')).send(new ReplaceRouteCommand(input));
  await waitFor(`route ${call.id} to be changed`, call, async () => ((await route.read(call)) ? true : undefined));
}
