import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ProviderError } from '../../protocol/provider.ts';
import type { Fault } from '../../test/servers/aws/front.ts';
import { type AwsDesk, startAwsDesk } from '../../test/servers/aws/start-desk.ts';
import { type AwsServer, whyNot } from '../../test/servers/start.ts';
import { CUT_CREATES } from './testing/cut-creates.ts';
import type { TestResources } from './testing/test-provider.ts';
import type { World } from './testing/world.ts';

/** What moto does not do by itself: the proxy in front of it makes calls fail, wait, or end without an answer. */
const skip = await whyNot('aws');
const VPC = 'aws:ec2/vpc:Vpc';

const DECODED = {
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(
    `<DecodeAuthorizationMessageResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><DecodeAuthorizationMessageResult><DecodedMessage>${JSON.stringify(
      {
        allowed: false,
        explicitDeny: false,
        context: {
          principal: { arn: 'arn:aws:iam::123456789012:user/ci' },
          action: 'ec2:CreateVpc',
          resource: 'arn:aws:ec2:eu-west-1:123456789012:vpc/*',
        },
      },
    ).replaceAll(
      '"',
      '&quot;',
    )}</DecodedMessage></DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>`,
  ),
};

const REFUSED: readonly (readonly [what: string, code: string, status: number, advice: RegExp])[] = [
  ['an expired token', 'ExpiredToken', 400, /ExpiredToken.*Get new credentials and try again\.$/],
  ['a wrong key', 'AuthFailure', 401, /AuthFailure.*Check the access key/],
  ['a region that is not enabled', 'OptInRequired', 403, /OptInRequired.*Check `aws:region`/],
];

describe('an AWS API on a bad day', { skip }, () => {
  let server: AwsServer;
  let world: World;
  let made: TestResources;
  let desk: AwsDesk;
  before(async () => {
    desk = await startAwsDesk();
    ({ server, made, world } = desk);
  });
  after(() => desk.stop());

  const on = (action: string, does: Fault['does'], times?: number) =>
    server.addFault({ matches: (call) => call.action === action, does, ...(times !== undefined && { times }) });
  const fail = (code: string, message = 'as the test wants it', status = 400) =>
    ({ kind: 'fail', code, message, status }) as const;
  const vpcs = async (cidr: string) =>
    (await world.ec2.describeVpcs({ Filters: [{ Name: 'cidr', Values: [cidr] }] })).Vpcs ?? [];

  it('goes on where it is asked for fewer calls', async () => {
    const throttled = [
      on('CreateVpc', fail('RequestLimitExceeded', 'Request limit exceeded.', 503), 2),
      on('ModifyVpcAttribute', fail('RequestLimitExceeded', 'Request limit exceeded.', 503), 2),
      on('DescribeVpcs', fail('RequestLimitExceeded', 'Request limit exceeded.', 503), 2),
    ];
    const vpc = await made.create(VPC, { cidrBlock: '10.1.0.0/16', enableDnsHostnames: true });
    assert.deepEqual(
      throttled.map((end) => end()),
      [2, 2, 2],
    );
    assert.equal((await vpcs('10.1.0.0/16')).length, 1);
    await vpc.delete();
  });

  it('says that a quota is reached, and records nothing', async () => {
    const end = on('CreateVpc', fail('VpcLimitExceeded', 'The maximum number of VPCs has been reached.'));
    const error = await refusal(made.create(VPC, { cidrBlock: '10.2.0.0/16' }));
    assert.equal(end(), 1, 'and does not ask again');
    assert.match(
      error.message,
      /^Cannot call ec2:CreateVpc in eu-west-1 as AWS answered VpcLimitExceeded: .*\. Ask AWS for a higher quota/,
    );
    assert.equal(error.partial, undefined);
  });

  it('waits with a delete until nothing uses the thing any more', async () => {
    const vpc = await made.create(VPC, { cidrBlock: '10.3.0.0/16' });
    const end = on('DeleteVpc', fail('DependencyViolation', 'The vpc has dependencies and cannot be deleted.'), 3);
    await vpc.delete();
    assert.equal(end(), 3);
    assert.deepEqual(await vpcs('10.3.0.0/16'), []);
  });

  it('waits for what comes slowly', async () => {
    const slow = on(
      'DescribeNatGateways',
      { kind: 'change', change: replaced('<state>available<', '<state>pending<') },
      3,
    );
    const [subnetId] = await world.subnetIds();
    const nat = await made.create('aws:ec2/natGateway:NatGateway', { subnetId, connectivityType: 'private' });
    assert.equal(slow(), 3);
    await nat.delete();
  });

  it('tells what it waits for, of which resource, and for how long', async () => {
    const pending = { kind: 'change', change: replaced('<state>available<', '<state>pending<') } as const;
    const slow = on('DescribeNatGateways', pending, 6);
    const [subnetId] = await world.subnetIds();
    const from = made.messages.length;
    const nat = await made.create('aws:ec2/natGateway:NatGateway', { subnetId, connectivityType: 'private' });
    assert.equal(slow(), 6);
    const [told] = made.messages.slice(from);
    assert.equal(
      told?.message.replace(/\(\d+ s\)/, '(N s)'),
      `waiting for NAT gateway ${nat.id} to be available (N s)`,
    );
    assert.deepEqual([told?.severity, told?.status], ['info', true]);
    assert.match(told?.urn ?? '', /::aws:ec2\/natGateway:NatGateway::one$/);
    await nat.delete();
  });

  it('gives up at the end of customTimeouts and keeps what is there', async () => {
    const slow = on('DescribeNatGateways', {
      kind: 'change',
      change: replaced('<state>available<', '<state>pending<'),
    });
    const [subnetId] = await world.subnetIds();
    const inputs = { subnetId, connectivityType: 'private' };
    const error = await refusal(made.create('aws:ec2/natGateway:NatGateway', inputs, { timeout: 1 }));
    slow();
    assert.match(error.message, /waiting for NAT gateway nat-\w+ to be available as the time is over.*customTimeouts/);
    const id = error.partial?.id ?? '';
    assert.match(id, /^nat-/);
    await (await made.import('aws:ec2/natGateway:NatGateway', id))!.delete();
  });

  it('sees what is new although AWS does not at first', async () => {
    const unseen = on('DescribeVpcs', { kind: 'change', change: replaced(/<vpcSet>.*<\/vpcSet>/s, '<vpcSet/>') }, 3);
    const vpc = await made.create(VPC, { cidrBlock: '10.4.0.0/16' });
    assert.equal(unseen(), 3);
    assert.equal(vpc.outputs.cidrBlock, '10.4.0.0/16');
    await vpc.delete();
  });

  it('keeps what was made when a later step fails, and an update puts it right', async () => {
    const inputs = { cidrBlock: '10.5.0.0/16', enableDnsHostnames: true };
    const end = on('ModifyVpcAttribute', fail('InvalidParameterValue', 'no'));
    const error = await refusal(made.create(VPC, inputs));
    end();
    const [vpc] = await vpcs('10.5.0.0/16');
    assert.equal(error.partial?.id, vpc?.VpcId);
    const found = (await made.import(VPC, vpc!.VpcId!))!;
    assert.equal((await found.update(inputs)).outputs.enableDnsHostnames, true);
    await found.delete();
  });

  for (const when of ['before', 'after'] as const) {
    it(`makes a thing once where the connection is cut ${when} it was made`, async () => {
      const end = on('CreateVpc', { kind: 'cut', when }, 1);
      const vpc = await made.create(VPC, { cidrBlock: '10.6.0.0/16', tags: { Name: 'one' } });
      assert.equal(end(), 1);
      const found = await vpcs('10.6.0.0/16');
      assert.deepEqual(
        found.map(({ VpcId }) => VpcId),
        [vpc.id],
      );
      assert.deepEqual(found[0]?.Tags, [{ Key: 'Name', Value: 'one' }], 'the mark is gone');
      await vpc.delete();
    });
  }

  for (const { type, action, inputs, count } of CUT_CREATES) {
    it(`finds a ${type.split(':').at(-1)} again whose answer was lost`, async () => {
      const end = on(action, { kind: 'cut', when: 'after' }, 1);
      const resource = await made.create(type, await inputs(world));
      assert.equal(end(), 1);
      assert.equal(await count(world, resource.id), 1);
      await resource.delete();
    });
  }

  it('takes nothing over that somebody else has made', async () => {
    await world.ecr.createRepository({ repositoryName: 'theirs', imageTagMutability: 'IMMUTABLE' });
    const end = on('CreateRepository', { kind: 'cut', when: 'before' }, 1);
    const error = await refusal(made.create('aws:ecr/repository:Repository', { name: 'theirs' }));
    assert.equal(end(), 1);
    assert.match(
      error.message,
      /RepositoryAlreadyExistsException.*Choose another name, or take over what exists by `import`/,
    );
    assert.equal(error.partial, undefined);
  });

  it('says that a name is taken, and records nothing', async () => {
    await world.sqs.createQueue({ QueueName: 'taken', Attributes: { VisibilityTimeout: '77' } });
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await world.iam.createRole({ RoleName: 'taken', AssumeRolePolicyDocument });
    for (const [type, inputs, what] of [
      [
        'aws:iam/role:Role',
        { name: 'taken', assumeRolePolicy: AssumeRolePolicyDocument },
        /^Cannot call iam:CreateRole/,
      ],
      ['aws:sqs/queue:Queue', { name: 'taken' }, /^Cannot call sqs:CreateQueue/],
    ] as const) {
      const error = await refusal(made.create(type, inputs));
      assert.match(error.message, what);
      assert.match(error.message, /Choose another name, or take over what exists by `import`\.$/);
      assert.equal(error.partial, undefined);
    }
  });

  it('says in the clear who is denied what', async () => {
    const denied = on(
      'CreateVpc',
      fail(
        'UnauthorizedOperation',
        `You are not authorized. Encoded authorization failure message: ${'x1-_'.repeat(30)}`,
        403,
      ),
    );
    const decoded = server.addFault({
      matches: ({ action }) => action === 'DecodeAuthorizationMessage',
      does: { kind: 'change', change: () => DECODED },
    });
    const error = await refusal(made.create(VPC, { cidrBlock: '10.7.0.0/16' }));
    assert.match(
      error.message,
      /no policy allows arn:aws:iam::123456789012:user\/ci the action ec2:CreateVpc on arn:aws:ec2:\S+:vpc\/\*/,
    );
    assert.doesNotMatch(error.message, /x1-_/);
    decoded();
    const undecodable = on('DecodeAuthorizationMessage', fail('AccessDenied', 'no', 403));
    const other = await refusal(made.create(VPC, { cidrBlock: '10.7.0.0/16' }));
    assert.match(other.message, /You are not authorized \(AWS encoded the reason; .* sts:DecodeAuthorizationMessage\)/);
    assert.doesNotMatch(other.message, /x1-_/);
    undecodable();
    denied();
  });

  for (const [what, code, status, advice] of REFUSED) {
    it(`says what to do about ${what}, and records nothing`, async () => {
      const end = on('CreateVpc', fail(code, 'as the test wants it', status));
      const error = await refusal(made.create(VPC, { cidrBlock: '10.8.0.0/16' }));
      end();
      assert.match(error.message, advice);
      assert.equal(error.partial, undefined);
      assert.deepEqual(await vpcs('10.8.0.0/16'), []);
    });
  }

  it('does not take a protection away by itself', async () => {
    const inputs = {
      name: 'protected',
      attributes: [{ name: 'id', type: 'S' }],
      hashKey: 'id',
      billingMode: 'PAY_PER_REQUEST',
      deletionProtectionEnabled: true,
    };
    const table = await made.create('aws:dynamodb/table:Table', inputs);
    const error = await refusal(table.delete());
    assert.match(error.message, /dynamodb:DeleteTable.*protection/i);
    assert.ok((await world.dynamodb.describeTable({ TableName: 'protected' })).Table);
    await (await table.update({ ...inputs, deletionProtectionEnabled: false })).delete();
  });
});

function replaced(from: string | RegExp, to: string) {
  return (answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
  }) => ({
    ...answer,
    body: Buffer.from(answer.body.toString().replace(from, to)),
  });
}

async function refusal(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.then(
    () => assert.fail('it was not refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ProviderError, String(error));
  return error;
}
