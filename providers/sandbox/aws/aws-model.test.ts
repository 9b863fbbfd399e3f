import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { type PropertyMap, Secret, Unknown } from '../../../protocol/property-value.ts';
import { TestDesk } from '../testing-desk.ts';
import { blocksOverlap, isInside } from './cidr-block.ts';

let desk: TestDesk;
beforeEach(() => {
  desk = new TestDesk();
});
afterEach(() => desk.close());

const VPC = 'aws:ec2/vpc:Vpc';
const SUBNET = 'aws:ec2/subnet:Subnet';

const makeVpc = () => desk.make(VPC, 'net', { cidrBlock: '10.0.0.0/16', tags: { Team: 'a' } });

async function invoke(token: string, args: PropertyMap = {}): Promise<PropertyMap> {
  const provider = await desk.provider('aws', { region: 'eu-central-1' });
  return (await provider.invoke({ token, args })).result;
}

describe('AWS in the sandbox', () => {
  it('gives ids, ARNs and outputs that programs read next', async () => {
    const vpc = await makeVpc();
    assert.match(vpc.id, /^vpc-0[0-9a-f]{16}$/);
    assert.equal(vpc.outputs.arn, `arn:aws:ec2:eu-central-1:000000000000:vpc/${vpc.id}`);
    assert.match(String(vpc.outputs.defaultSecurityGroupId), /^sg-0/);
    assert.deepEqual(vpc.outputs.tagsAll, { Team: 'a' });
    const role = await desk.make('aws:iam/role:Role', 'node', { assumeRolePolicy: '{}' });
    assert.match(role.id, /^node-[0-9a-f]{7}$/);
    assert.equal(role.outputs.arn, `arn:aws:iam::000000000000:role/${role.id}`);
    const subnet = await desk.make(SUBNET, 's', { vpcId: vpc.id, cidrBlock: '10.0.0.0/24' });
    const inputs = { name: 'main', roleArn: role.outputs.arn!, vpcConfig: { subnetIds: [subnet.id] } };
    const cluster = await desk.make('aws:eks/cluster:Cluster', 'main', inputs);
    assert.equal(cluster.id, 'main');
    assert.match(String(cluster.outputs.endpoint), /^https:\/\/.*sandbox\.example$/);
    const identities = cluster.outputs.identities as readonly { oidcs: readonly { issuer: string }[] }[];
    assert.match(identities[0]!.oidcs[0]!.issuer, /^https:\/\/oidc/);
    assert.ok((cluster.outputs.certificateAuthority as { data: string }).data.length > 20);
  });

  it('knows nothing of what the cloud decides before it is made', async () => {
    const provider = await desk.provider('aws', { region: 'eu-central-1' });
    const urn = `urn:pulumi:test::estate::${VPC}::net`;
    const inputs = { cidrBlock: '10.0.0.0/16' };
    const { outputs } = await provider.create({ urn, name: 'net', type: VPC, inputs, timeout: 0, preview: true });
    assert.equal(outputs.cidrBlock, '10.0.0.0/16');
    assert.ok(outputs.arn instanceof Unknown);
  });

  it('checks inputs against the published types', async () => {
    await assert.rejects(() => desk.make(SUBNET, 's', { cidrBlock: '10.0.0.0/24' }), /vpcId is required/);
    await assert.rejects(
      () => desk.make(VPC, 'v', { cidrBlok: '10.0.0.0/16' }),
      /cidrBlok is not a property.*cidrBlock/,
    );
    await assert.rejects(
      () => desk.make(VPC, 'v', { cidrBlock: ['10.0.0.0/16'] }),
      /cidrBlock must be a string, not a list/,
    );
    await assert.rejects(() => desk.make(VPC, 'v', { cidrBlock: '10.0.0.0/40' }), /is not a CIDR block/);
    const rule = { ingress: [{ fromPort: 1, toPort: 2 }] };
    await assert.rejects(
      () => desk.make('aws:ec2/securityGroup:SecurityGroup', 'g', rule),
      /ingress\[0\]\.protocol is required/,
    );
  });

  it('refuses subnets that overlap, or lie outside of their network', async () => {
    const vpc = await makeVpc();
    await desk.make(SUBNET, 'a', { vpcId: vpc.id, cidrBlock: '10.0.0.0/24' });
    const overlapping = { vpcId: vpc.id, cidrBlock: '10.0.0.128/25' };
    await assert.rejects(() => desk.make(SUBNET, 'b', overlapping), /InvalidSubnet\.Conflict/);
    await assert.rejects(
      () => desk.make(SUBNET, 'c', { vpcId: vpc.id, cidrBlock: '10.1.0.0/24' }),
      /InvalidSubnet\.Range/,
    );
    const other = await desk.make(VPC, 'other', { cidrBlock: '10.0.0.0/16' });
    await desk.make(SUBNET, 'd', { vpcId: other.id, cidrBlock: '10.0.0.0/24' });
  });

  it('refuses references to what is not there', async () => {
    const nowhere = { vpcId: 'vpc-00123456789abcdef', cidrBlock: '10.0.0.0/24' };
    await assert.rejects(() => desk.make(SUBNET, 's', nowhere), /"vpc-00123456789abcdef" does not exist/);
    const attachment = { role: 'nobody', policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' };
    await assert.rejects(
      () => desk.make('aws:iam/rolePolicyAttachment:RolePolicyAttachment', 'a', attachment),
      /Role "nobody" does not exist/,
    );
    const log = { vpcId: (await makeVpc()).id, iamRoleArn: 'arn:aws:iam::000000000000:role/none', trafficType: 'ALL' };
    await assert.rejects(() => desk.make('aws:ec2/flowLog:FlowLog', 'f', log), /role\/none" does not exist/);
  });

  it('refuses a name twice, and the deletion of what is in use', async () => {
    const vpc = await makeVpc();
    const subnet = await desk.make(SUBNET, 's', { vpcId: vpc.id, cidrBlock: '10.0.0.0/24' });
    await assert.rejects(() => desk.remove(vpc), new RegExp(`DependencyViolation: ${vpc.id}.*Subnet ${subnet.id}`));
    await desk.remove(subnet);
    await desk.remove(vpc);
    const role = await desk.make('aws:iam/role:Role', 'r', { name: 'node', assumeRolePolicy: '{}' });
    const twin = { name: 'node', assumeRolePolicy: '{}' };
    await assert.rejects(() => desk.make('aws:iam/role:Role', 'twin', twin), /"node" already exists/);
    const policyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    await desk.make('aws:iam/rolePolicyAttachment:RolePolicyAttachment', 'a', { role: 'node', policyArn });
    await assert.rejects(() => desk.remove(role), /DependencyViolation: node/);
  });

  it('tells replacements from updates', async () => {
    const vpc = await makeVpc();
    const tags = await desk.diff(vpc, { ...vpc.inputs, tags: { Team: 'b' } });
    assert.deepEqual([tags.changes, tags.replaces, tags.diffs], ['some', [], ['tags']]);
    assert.deepEqual(Object.keys(tags.detailedDiff!), ['tags.Team']);
    const cidr = await desk.diff(vpc, { ...vpc.inputs, cidrBlock: '10.1.0.0/16' });
    assert.deepEqual(cidr.replaces, ['cidrBlock']);
    assert.equal(cidr.detailedDiff!.cidrBlock!.kind, 'update-replace');
    assert.equal((await desk.diff(vpc, vpc.inputs)).changes, 'none');
  });

  it('keeps what the cloud decided through an update', async () => {
    const vpc = await makeVpc();
    const outputs = await desk.update(vpc, { ...vpc.inputs, tags: { Team: 'b' } });
    assert.equal(outputs.arn, vpc.outputs.arn);
    assert.deepEqual(outputs.tagsAll, { Team: 'b' });
    const read = await desk.read(vpc);
    assert.deepEqual(read.outputs.tags, { Team: 'b' });
    const hidden = await desk.update(vpc, { ...vpc.inputs, tags: new Secret({ Team: 'c' }) });
    assert.deepEqual(hidden.tagsAll, new Secret({ Team: 'c' }));
  });

  it('answers the functions that programs call most', async () => {
    const zones = await invoke('aws:index/getAvailabilityZones:getAvailabilityZones');
    assert.deepEqual(zones.names, ['eu-central-1a', 'eu-central-1b', 'eu-central-1c']);
    assert.equal((await invoke('aws:index/getCallerIdentity:getCallerIdentity')).accountId, '000000000000');
    assert.equal((await invoke('aws:index/getRegion:getRegion')).region, 'eu-central-1');
    assert.equal((await invoke('aws:index/getPartition:getPartition')).partition, 'aws');
    await assert.rejects(
      () => invoke('aws:ec2/getVpcs:getVpcs'),
      /Cannot call aws:ec2\/getVpcs:getVpcs in the sandbox/,
    );
  });

  it('writes policy documents as AWS does', async () => {
    const { json } = await invoke('aws:iam/getPolicyDocument:getPolicyDocument', {
      statements: [
        {
          actions: ['s3:GetObject', 's3:PutObject'],
          resources: ['*'],
          principals: [{ type: 'Service', identifiers: ['ec2.amazonaws.com'] }],
          conditions: [{ test: 'StringEquals', variable: 'aws:x', values: ['y'] }],
        },
      ],
    });
    assert.deepEqual(JSON.parse(String(json)), {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject'],
          Resource: '*',
          Principal: { Service: 'ec2.amazonaws.com' },
          Condition: { StringEquals: { 'aws:x': 'y' } },
        },
      ],
    });
  });
});

describe('address blocks', () => {
  const block = fc.tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 8, max: 28 })).map(([a, b, prefix]) => {
    const address = (10 * 2 ** 24 + a * 2 ** 16 + b * 2 ** 8) >>> 0;
    const first = address - (address % 2 ** (32 - prefix));
    return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${prefix}`;
  });

  it('overlap exactly where one lies within the other', () => {
    fc.assert(
      fc.property(block, block, (a, b) => {
        assert.equal(blocksOverlap(a, b), isInside(a, b) || isInside(b, a));
      }),
    );
  });
});
