import { ProviderError } from '../../../../protocol/provider.ts';
import type { ResourceDefinition } from '../../definition.ts';
import { asMaps } from '../../plain-values.ts';
import { routesFailures, routesRule, writeRoutes } from './route-list.ts';
import { routeTable } from './route-table.ts';
import { ec2Tags } from './tags.ts';

/**
 * The table that a VPC has from the beginning: adopted, not made, and left in place by a delete.
 * https://www.pulumi.com/registry/packages/aws/api-docs/ec2/defaultroutetable/ ; imported by the id of its VPC.
 */
export const defaultRouteTable: ResourceDefinition = {
  type: 'aws:ec2/defaultRouteTable:DefaultRouteTable',
  tags: { ...ec2Tags, atCreate: false },
  properties: {
    defaultRouteTableId: { kind: 'string', required: true, replaces: true },
    routes: { ...routesRule, afterCreate: false },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    ownerId: { kind: 'string', output: true },
    vpcId: { kind: 'string', output: true },
  },
  validate: routesFailures,
  async create(call) {
    const id = call.inputs.defaultRouteTableId as string;
    const existing = { ...call, id, state: {} };
    if ((await routeTable.read(existing)) === undefined)
      throw new ProviderError(`Cannot adopt the default route table as it is not there: ${id}. Check the VPC.`);
    // Whatever was in it before goes: adopting it says what it holds.
    await writeRoutes(existing, asMaps(call.inputs.routes));
    return id;
  },
  updates: [{ properties: ['routes'], apply: (call) => writeRoutes(call, asMaps(call.inputs.routes)) }],
  async read(call) {
    const id = call.id.startsWith('vpc-') ? await mainTableOf(call) : call.id;
    if (id === undefined) return undefined;
    const found = await routeTable.read({ ...call, id });
    return found && { ...found, id, defaultRouteTableId: id };
  },
  delete: async () => {},
};

async function mainTableOf({ aws, id }: Parameters<ResourceDefinition['read']>[0]): Promise<string | undefined> {
  const Filters = [
    { Name: 'vpc-id', Values: [id] },
    { Name: 'association.main', Values: ['true'] },
  ];
  return (await (await aws.client('ec2')).describeRouteTables({ Filters })).RouteTables?.[0]?.RouteTableId;
}
