import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AwsDesk, startAwsDesk } from '../../test/servers/aws/start-desk.ts';
import { type AwsServer, whyNot } from '../../test/servers/start.ts';
import type { TestResources } from './testing/test-provider.ts';
import type { World } from './testing/world.ts';

const skip = await whyNot('aws');
const SUBNET = 'aws:ec2/subnet:Subnet';

/** Changes of which the documentation of the SDK says more than "forces a new resource", or nothing. */
describe('a change in place where it could have been a replacement', { skip }, () => {
  let server: AwsServer;
  let world: World;
  let made: TestResources;
  let desk: AwsDesk;
  before(async () => {
    desk = await startAwsDesk();
    ({ server, made, world } = desk);
  });
  after(() => desk.stop());

  async function ipv6Blocks(id: string) {
    const [found] = (await world.ec2.describeSubnets({ SubnetIds: [id] })).Subnets!;
    return (found?.Ipv6CidrBlockAssociationSet ?? []).map(({ Ipv6CidrBlock }) => Ipv6CidrBlock);
  }

  it('gives a subnet its IPv6 block, another one, and none', async () => {
    const vpc = await made.create('aws:ec2/vpc:Vpc', { cidrBlock: '10.1.0.0/16', assignGeneratedIpv6CidrBlock: true });
    const [one, two] = ['00', '01'].map((end) => String(vpc.outputs.ipv6CidrBlock).replace('00::/56', `${end}::/64`));
    const inputs = { vpcId: vpc.id, cidrBlock: '10.1.0.0/24' };
    let subnet = await made.create(SUBNET, inputs);
    for (const ipv6CidrBlock of [one!, two!]) {
      const next = { ...inputs, ipv6CidrBlock };
      assert.deepEqual((await subnet.diff(next)).replaces, []);
      subnet = await subnet.update(next);
      assert.deepEqual(await ipv6Blocks(subnet.id), [ipv6CidrBlock]);
      assert.equal((await (await subnet.refresh())!.diff(next)).changes, 'none');
    }
    assert.deepEqual((await subnet.diff(inputs)).replaces, []);
    subnet = await subnet.update(inputs);
    assert.deepEqual(await ipv6Blocks(subnet.id), []);
    await subnet.delete();
    await vpc.delete();
  });

  it('replaces a subnet whose instances are given addresses of the block', async () => {
    const vpc = await made.create('aws:ec2/vpc:Vpc', { cidrBlock: '10.2.0.0/16', assignGeneratedIpv6CidrBlock: true });
    const [one, two] = ['00', '01'].map((end) => String(vpc.outputs.ipv6CidrBlock).replace('00::/56', `${end}::/64`));
    const inputs = { vpcId: vpc.id, cidrBlock: '10.2.0.0/24', ipv6CidrBlock: one!, assignIpv6AddressOnCreation: true };
    const subnet = await made.create(SUBNET, inputs);
    const diff = await subnet.diff({ ...inputs, ipv6CidrBlock: two! });
    assert.deepEqual([diff.replaces, diff.detailedDiff?.ipv6CidrBlock?.kind], [['ipv6CidrBlock'], 'update-replace']);
    await subnet.delete();
    await vpc.delete();
  });

  it('moves a subnet to another route table with one call, and finds the association under its new id', async () => {
    const vpc = await made.create('aws:ec2/vpc:Vpc', { cidrBlock: '10.3.0.0/16' });
    const subnet = await made.create(SUBNET, { vpcId: vpc.id, cidrBlock: '10.3.0.0/24' });
    const [one, two] = [await table(vpc.id), await table(vpc.id)];
    const type = 'aws:ec2/routeTableAssociation:RouteTableAssociation';
    const first = await made.create(type, { subnetId: subnet.id, routeTableId: one.id });
    const next = { subnetId: subnet.id, routeTableId: two.id };
    assert.deepEqual((await first.diff(next)).replaces, []);
    const from = server.calls.length;
    const moved = await first.update(next);
    const writes = server.calls.slice(from).filter(({ action }) => !action.startsWith('Describe'));
    assert.deepEqual(
      writes.map(({ action }) => action),
      ['ReplaceRouteTableAssociation'],
      'the subnet is never on the main table',
    );
    assert.equal(moved.outputs.routeTableId, two.id);
    const seen = await moved.refresh();
    assert.notEqual(seen?.id, first.id);
    assert.match(seen?.id ?? '', /^rtbassoc-/);
    await moved.delete();
    assert.equal(await seen?.refresh(), undefined, 'the old id in the state is no hindrance to a delete');
    for (const last of [one, two, subnet, vpc]) await last.delete();
  });

  const table = (vpcId: string) => made.create('aws:ec2/routeTable:RouteTable', { vpcId });
});
