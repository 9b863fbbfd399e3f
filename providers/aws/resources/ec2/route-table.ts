import type { ResourceDefinition } from '../../definition.ts';
import { asMaps } from '../../plain-values.ts';
import { fromTagList } from '../../tags.ts';
import { deletePatiently } from '../../wait.ts';
import { describeRouteTable } from './describe-route-table.ts';
import { routesFailures, routesOutput, routesRule, writeRoutes } from './route-list.ts';
import { ec2Arn, ec2Tags, tagSpecification } from './tags.ts';

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
    const table = await describeRouteTable(call, call.id);
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
