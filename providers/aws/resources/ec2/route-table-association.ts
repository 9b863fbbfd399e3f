import type { RouteTable, RouteTableAssociation } from '@aws-sdk/client-ec2';
import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { exactlyOne } from '../../exactly-one.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { describeRouteTable } from './describe-route-table.ts';

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

function isAssociation(one: RouteTableAssociation, id: string): boolean {
  if (!id.includes('/')) return one.RouteTableAssociationId === id;
  const [target] = id.split('/');
  return one.SubnetId === target || one.GatewayId === target;
}

/** In the table that it was made in; else wherever AWS has it by its id. */
async function findAssociation(call: ExistingCall): Promise<RouteTable | undefined> {
  const { aws, id, state, inputs } = call;
  const tableId = id.split('/')[1] ?? asText(state.routeTableId) ?? asText(inputs.routeTableId);
  const table = tableId === undefined ? undefined : await describeRouteTable(call, tableId);
  if (table?.Associations?.some((one) => isAssociation(one, id)) || id.includes('/')) return table;
  const Filters = [{ Name: 'association.route-table-association-id', Values: [id] }];
  return (await (await aws.client('ec2')).describeRouteTables({ Filters })).RouteTables?.[0];
}
