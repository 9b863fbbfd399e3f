import type { RouteTable } from '@aws-sdk/client-ec2';
import type { ResourceCall } from '../../definition.ts';

/** One of the tables that a refresh asks for at once; undefined if it is not there. */
export async function describeRouteTable({ aws }: ResourceCall, tableId: string): Promise<RouteTable | undefined> {
  return aws.batches.look('ec2:DescribeRouteTables', tableId, async (ids) => {
    const Filters = [{ Name: 'route-table-id', Values: [...ids] }];
    const { RouteTables = [] } = await (await aws.client('ec2')).describeRouteTables({ Filters });
    return new Map(RouteTables.map((one) => [one.RouteTableId ?? '', one]));
  });
}
