import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type AwsServer, startAws, whyNot } from '../../test/servers/start.ts';
import { createWorld } from './testing/world.ts';

/**
 * The suite of lives in the way it runs on a real account: credentials of a profile, everything under a prefix, nothing left. The account
 * is one of moto; that is all that this cannot show.
 */
describe('the suite of lives on an account', { skip: await whyNot('aws') }, () => {
  let server: AwsServer;
  let folder: string;
  before(async () => {
    server = await startAws();
    folder = await mkdtemp(join(tmpdir(), 'mainstay-aws-account-'));
    await writeFile(
      join(folder, 'credentials'),
      '[team]\naws_access_key_id = AKIATEAM\naws_secret_access_key = hidden\n',
    );
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('takes its credentials from AWS_PROFILE, and leaves nothing', { timeout: 180_000 }, async () => {
    const some = [
      'takes away',
      'ec2/(vpc|subnet|natGateway|route|tag):',
      'iam/role:',
      's3/bucket',
      'sqs',
      'eks/nodeGroup:',
    ];
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--test', `--test-name-pattern=${some.join('|')}`, join(import.meta.dirname, 'lives.servers.test.ts')],
      {
        env: {
          ...environment,
          MAINSTAY_TEST_AWS: '1',
          AWS_PROFILE: 'team',
          AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
          AWS_CONFIG_FILE: join(folder, 'none'),
          AWS_REGION: 'eu-west-1',
          AWS_ENDPOINT_URL: server.url,
        },
      },
    );
    assert.match(stdout, /pass 1\d/);
    assert.match(stdout, /fail 0/);
    const keys = server.calls.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1]);
    assert.deepEqual([...new Set(keys)], ['AKIATEAM']);
    await nothingIsLeft(server.url);
  });
});

async function nothingIsLeft(url: string): Promise<void> {
  const world = createWorld(url);
  const own = [{ Name: 'is-default', Values: ['false'] }];
  assert.deepEqual((await world.ec2.describeVpcs({ Filters: own })).Vpcs, []);
  assert.deepEqual((await world.s3.listBuckets({})).Buckets ?? [], []);
  assert.deepEqual((await world.iam.listRoles({})).Roles, []);
  assert.deepEqual((await world.sqs.listQueues({})).QueueUrls ?? [], []);
  assert.deepEqual((await world.eks.listClusters({})).clusters, []);
  await world.close();
}
