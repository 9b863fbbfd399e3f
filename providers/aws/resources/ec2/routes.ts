import type { Route, RouteTable, RouteTableAssociation } from '@aws-sdk/client-ec2';
import type { ExistingCall, PlainMap, PropertyRule, ResourceCall, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asMaps, asText } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently, retryWhile, waitFor } from '../../wait.ts';
import { routesFailures, routesOutput, routesRule, writeRoutes } from './route-list.ts';
import { ec2Arn, ec2Tags, tagSpecification } from './tags.ts';

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

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/routetable/ ; imported by its id. */
export const routeTable: ResourceDefinition = {
  type: 'aws:ec2/routeTable:RouteTable',
  tags: ec2Tags,
  properties: {
    vpcId: { kind: 'string', required: true, replaces: true },
    routes: routesRule,
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
  },
  validate: routesFailures,
  updates: [{ properties: ['routes'], apply: (call) => writeRoutes(call, asMaps(call.inputs.routes)) }],
  async create({ aws, inputs, allTags }) {
    const { CreateRouteTableCommand } = await import('@aws-sdk/client-ec2');
    const command = new CreateRouteTableCommand({
      VpcId: inputs.vpcId as string,
      ClientToken: crypto.randomUUID(),
      ...tagSpecification('route-table', allTags),
    });
    return (await (await aws.client('ec2')).send(command)).RouteTable!.RouteTableId!;
  },
  async read(call) {
    const table = await describeTable(call, call.id);
    if (!table) return undefined;
    const account = table.OwnerId ?? '';
    const arn = ec2Arn({ region: call.aws.configuration.region, account }, `route-table/${call.id}`);
    const routes = routesOutput(table.Routes);
    return { vpcId: table.VpcId, routes, ownerId: account, arn, tags: fromTagList(table.Tags) };
  },
  async delete(call) {
    const { DeleteRouteTableCommand } = await import('@aws-sdk/client-ec2');
    const ec2 = await call.aws.client('ec2');
    await deletePatiently(`route table ${call.id}`, call, () =>
      ec2.send(new DeleteRouteTableCommand({ RouteTableId: call.id })),
    );
  },
};

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
    const found = (await describeTable(call, tableId))?.Routes?.find((one) => destinationOfRoute(one) === destination);
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

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/routetableassociation/ ; imported by `<subnet or gateway>/<route table>`. */
export const routeTableAssociation: ResourceDefinition = {
  type: 'aws:ec2/routeTableAssociation:RouteTableAssociation',
  properties: {
    // AWS gives a moved association a new id, and an id cannot change in an update.
    routeTableId: { kind: 'string', required: true, replaces: true },
    subnetId: { kind: 'string', replaces: true },
    gatewayId: { kind: 'string', replaces: true },
  },
  validate: (inputs) => exactlyOne(inputs, ['subnetId', 'gatewayId'], 'subnet or gateway'),
  async create({ aws, inputs }) {
    const { AssociateRouteTableCommand } = await import('@aws-sdk/client-ec2');
    const made = await (await aws.client('ec2')).send(
      new AssociateRouteTableCommand({
        RouteTableId: inputs.routeTableId as string,
        SubnetId: inputs.subnetId as string | undefined,
        GatewayId: inputs.gatewayId as string | undefined,
      }),
    );
    return made.AssociationId!;
  },
  read: async (call) => {
    const table = await findAssociation(call);
    const association = table?.Associations?.find((one) => isAssociation(one, call.id));
    return (
      association && {
        id: association.RouteTableAssociationId,
        routeTableId: table?.RouteTableId,
        subnetId: association.SubnetId,
        gatewayId: association.GatewayId,
      }
    );
  },
  async delete({ aws, id }) {
    const { DisassociateRouteTableCommand } = await import('@aws-sdk/client-ec2');
    await unlessGone((await aws.client('ec2')).send(new DisassociateRouteTableCommand({ AssociationId: id })));
  },
};

function exactlyOne(inputs: PlainMap, keys: readonly string[], what: string): readonly string[] {
  const set = keys.filter((key) => inputs[key] !== undefined && inputs[key] !== null);
  return set.length === 1
    ? []
    : [`exactly one ${what} is needed (${keys.join(', ')}), not ${set.length === 0 ? 'none' : set.join(' and ')}.`];
}

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

async function describeTable({ aws }: ResourceCall, tableId: string): Promise<RouteTable | undefined> {
  return aws.batches.look('ec2:DescribeRouteTables', tableId, async (ids) => {
    const Filters = [{ Name: 'route-table-id', Values: [...ids] }];
    const { RouteTables = [] } = await (await aws.client('ec2')).describeRouteTables({ Filters });
    return new Map(RouteTables.map((one) => [one.RouteTableId ?? '', one]));
  });
}

function isAssociation(one: RouteTableAssociation, id: string): boolean {
  if (!id.includes('/')) return one.RouteTableAssociationId === id;
  const [target] = id.split('/');
  return one.SubnetId === target || one.GatewayId === target;
}

/** In the table that it was made in; else wherever AWS has it by its id. */
async function findAssociation(call: ExistingCall): Promise<RouteTable | undefined> {
  const { aws, id, state, inputs } = call;
  const tableId = id.split('/')[1] ?? asText(state.routeTableId) ?? asText(inputs.routeTableId);
  const table = tableId === undefined ? undefined : await describeTable(call, tableId);
  if (table?.Associations?.some((one) => isAssociation(one, id)) || id.includes('/')) return table;
  const Filters = [{ Name: 'association.route-table-association-id', Values: [id] }];
  return (await (await aws.client('ec2')).describeRouteTables({ Filters })).RouteTables?.[0];
}
