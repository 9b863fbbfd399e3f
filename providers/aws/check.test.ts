import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PropertyMap, Secret, Unknown } from '../../protocol/property-value.ts';
import { checkInputs } from './check.ts';
import { resources } from './resources/all.ts';

const unknown = new Unknown();
const seed = new Uint8Array(32).fill(7);
const check = (type: string, news: PropertyMap, olds: PropertyMap = {}) =>
  checkInputs({ definition: resources.get(type)!, name: 'Main', olds, news, seed });
const reasons = (type: string, news: PropertyMap) => check(type, news).failures.map(({ reason }) => reason);

const scaling = { minSize: 1, desiredSize: 1, maxSize: 2 };
const group = { clusterName: 'c', nodeRoleArn: 'r', subnetIds: ['s'], scalingConfig: scaling };

describe('bad input of an AWS resource', () => {
  for (const [type, inputs, reason] of [
    ['aws:ec2/subnet:Subnet', { vpcId: 'v', cidrBlok: 'x' }, /"cidrBlok" is not served.*official aws plugin/],
    ['aws:ec2/subnet:Subnet', { cidrBlock: '10.0.0.0/24' }, /"vpcId" is required/],
    ['aws:ec2/subnet:Subnet', { vpcId: 5, cidrBlock: '10.0.0.0/24' }, /"vpcId" must be a string, not 5/],
    ['aws:ec2/subnet:Subnet', { vpcId: 'v', cidrBlock: 'x', arn: 'a' }, /"arn" is set by AWS/],
    ['aws:ec2/vpc:Vpc', { cidrBlock: 'x', instanceTenancy: 'shared' }, /none of default, dedicated: "shared"/],
    ['aws:ec2/natGateway:NatGateway', { subnetId: 's' }, /allocationId is required for a public NAT gateway/],
    ['aws:ec2/route:Route', { routeTableId: 'r', destinationCidrBlock: 'x' }, /exactly one target is needed/],
    [
      'aws:ec2/routeTable:RouteTable',
      { vpcId: 'v', routes: [{ cidrBlock: 'x' }] },
      /routes\[0\] needs one destination and one target/,
    ],
    [
      'aws:eks/nodeGroup:NodeGroup',
      { ...group, scalingConfig: { ...scaling, maxsize: 3 } },
      /"scalingConfig.maxsize" is not served.*Check its name/,
    ],
    [
      'aws:eks/nodeGroup:NodeGroup',
      { ...group, scalingConfig: { ...scaling, desiredSize: 5 } },
      /from minSize to maxSize: 1, 5, 2/,
    ],
    [
      'aws:eks/addon:Addon',
      { clusterName: 'c', addonName: 'a', configurationValues: '{' },
      /"configurationValues" is not JSON/,
    ],
    ['aws:kms/key:Key', { deletionWindowInDays: 3 }, /from 7 to 30, not 3/],
    ['aws:kms/alias:Alias', { name: 'main', targetKeyId: 'k' }, /begins with "alias\/"/],
    ['aws:s3/bucket:Bucket', { bucket: 'Big_Bucket' }, /lower-case letters.*Big_Bucket/],
    [
      'aws:s3/bucketVersioning:BucketVersioning',
      { bucket: 'b', versioningConfiguration: { status: 'On' } },
      /Enabled, Suspended or Disabled, not On/,
    ],
    ['aws:sqs/queue:Queue', { name: 'a', fifoQueue: true }, /ends in \.fifo/],
    [
      'aws:dynamodb/table:Table',
      { attributes: [{ name: 'id', type: 'S' }], hashKey: 'key', billingMode: 'PAY_PER_REQUEST' },
      /no type for the key key/,
    ],
    ['aws:route53/record:Record', { zoneId: 'z', name: 'n', type: 'A', records: ['x'] }, /records need a ttl/],
    ['aws:acm/certificate:Certificate', { domainName: 'x.example' }, /validationMethod is required/],
    ['aws:ssm/parameter:Parameter', { type: 'SecureString', insecureValue: 'x' }, /not for a SecureString/],
    ['aws:secretsmanager/secret:Secret', { recoveryWindowInDays: 3 }, /from 7 to 30, not 3/],
  ] as const) {
    it(`is refused: ${type} ${JSON.stringify(inputs).slice(0, 60)}`, () => {
      assert.ok(
        reasons(type, inputs as PropertyMap).some((one) => reason.test(one)),
        JSON.stringify(reasons(type, inputs as PropertyMap)),
      );
    });
  }

  it('is named all at once, and no secret with it', () => {
    const found = reasons('aws:ssm/parameter:Parameter', { type: 'Text', value: new Secret(5), tier: 'x' });
    assert.equal(found.length, 3);
    assert.doesNotMatch(found.join(' '), /5/);
  });

  it('is not what nobody knows yet', () => {
    const inputs = { vpcId: unknown, cidrBlock: unknown, availabilityZone: unknown };
    assert.deepEqual(reasons('aws:ec2/subnet:Subnet', inputs), []);
    assert.deepEqual(reasons('aws:eks/nodeGroup:NodeGroup', { ...group, scalingConfig: unknown }), []);
    assert.deepEqual(reasons('aws:kms/alias:Alias', { name: unknown, targetKeyId: 'k' }), []);
    assert.deepEqual(reasons('aws:ec2/routeTable:RouteTable', { vpcId: 'v', routes: [{ cidrBlock: unknown }] }), []);
  });
});

describe('the names that a program leaves out', () => {
  it('are made of the resource’s own and stay', () => {
    const { inputs } = check('aws:sqs/queue:Queue', { fifoQueue: true });
    assert.equal(inputs.name, 'Main-0707070.fifo');
    assert.equal(check('aws:s3/bucket:Bucket', {}).inputs.bucket, 'main-0707070');
    assert.equal(check('aws:kms/alias:Alias', { targetKeyId: 'k' }).inputs.name, 'alias/Main-0707070');
    assert.equal(check('aws:sqs/queue:Queue', { fifoQueue: true }, { name: 'old.fifo' }).inputs.name, 'old.fifo');
  });
});
