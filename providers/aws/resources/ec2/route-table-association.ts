import type { RouteTableAssociation } from '@aws-sdk/client-ec2';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { exactlyOne } from '../../exactly-one.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { describeRouteTable } from './describe-route-table.ts';

/**
 * https://www.pulumi.com/registry/packages/aws/api-docs/ec2/routetableassociation/ ; imported by `<subnet or gateway>/<route table>`.
 *
 * Another table is a change in place, as with the official provider: a second association of one subnet is refused by AWS, and between a
 * delete and a create the subnet would be on the main table. AWS gives the moved association a new id, which an update cannot tell the
 * engine: it is found by its subnet or gateway, of which each has one association, and a refresh puts the new id into the state.
 */
export const routeTableAssociation: ResourceDefinition = {
  type: 'aws:ec2/routeTableAssociation:RouteTableAssociation',
  properties: {
    routeTableId: { kind: 'string', required: true },
    subnetId: { kind: 'string', replaces: true },
    gatewayId: { kind: 'string', replaces: true },
  },
  validate: (inputs) => exactlyOne(inputs, ['subnetId', 'gatewayId'], 'subnet or gateway'),
  async create({ aws, inputs }) {
    const made = await (await aws.client('ec2')).associateRouteTable({
      RouteTableId: inputs.routeTableId as string,
      SubnetId: asText(inputs.subnetId),
      GatewayId: asText(inputs.gatewayId),
    });
    return made.AssociationId!;
  },
  updates: [
    {
      properties: ['routeTableId'],
      async apply(call) {
        const AssociationId = (await findAssociation(call))?.RouteTableAssociationId ?? call.id;
        const RouteTableId = call.inputs.routeTableId as string;
        await (await call.aws.client('ec2')).replaceRouteTableAssociation({ AssociationId, RouteTableId });
      },
    },
  ],
  read: async (call) => {
    const found = await findAssociation(call);
    return (
      found && {
        id: found.RouteTableAssociationId,
        routeTableId: found.RouteTableId,
        subnetId: found.SubnetId,
        gatewayId: found.GatewayId,
      }
    );
  },
  async delete(call) {
    const AssociationId = (await findAssociation(call))?.RouteTableAssociationId;
    if (AssociationId) await unlessGone((await call.aws.client('ec2')).disassociateRouteTable({ AssociationId }));
  },
};

/** In the table that it was made in or moved to; else by its id, wherever AWS has it; else by its target. */
async function findAssociation(call: ExistingCall): Promise<RouteTableAssociation | undefined> {
  const { aws, id, state, inputs } = call;
  const [target = '', tableOfImport] = id.split('/');
  const imported = tableOfImport !== undefined;
  const tableId = tableOfImport ?? asText(state.routeTableId) ?? asText(inputs.routeTableId);
  const table = tableId === undefined ? undefined : await describeRouteTable(call, tableId);
  const wanted = imported ? target : (targetOf(state) ?? targetOf(inputs));
  const isIt = (one: RouteTableAssociation) =>
    (!imported && one.RouteTableAssociationId === id) ||
    (wanted !== undefined && [one.SubnetId, one.GatewayId].includes(wanted));
  const found = table?.Associations?.find(isIt);
  if (found || imported) return found;
  const filters = [{ Name: 'association.route-table-association-id', Values: [id] }, ...filtersOf(wanted)];
  for (const filter of filters) {
    const { RouteTables = [] } = await (await aws.client('ec2')).describeRouteTables({ Filters: [filter] });
    const elsewhere = RouteTables.flatMap(({ Associations = [] }) => Associations).find(isIt);
    if (elsewhere) return elsewhere;
  }
  return undefined;
}

function targetOf({ subnetId, gatewayId }: PlainMap): string | undefined {
  return asText(subnetId) ?? asText(gatewayId);
}

function filtersOf(target: string | undefined) {
  if (target === undefined) return [];
  const kind = target.startsWith('subnet-') ? 'subnet-id' : 'gateway-id';
  return [{ Name: `association.${kind}`, Values: [target] }];
}
