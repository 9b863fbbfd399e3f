import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { type ApiCall, parametersOf } from '../../test/servers/aws/api-call.ts';
import { type AwsServer, startAws, whyNot } from '../../test/servers/start.ts';
import { createTestProvider, type TestResources } from './testing/test-provider.ts';
import { createWorld, type World } from './testing/world.ts';

const skip = await whyNot('aws');
const VPC = 'aws:ec2/vpc:Vpc';
const ROLE = 'arn:aws:iam::123456789012:role/deploy';

describe('a configured aws provider', { skip }, () => {
  let server: AwsServer;
  let world: World;
  let folder: string;
  before(async () => {
    server = await startAws();
    world = createWorld(server.url);
    folder = await mkdtemp(join(tmpdir(), 'mainstay-aws-configuration-'));
  });
  after(async () => {
    await world.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A provider of these settings for as long as `work` runs. Resolves to the calls that it made. */
  async function using(
    settings: PropertyMap,
    work: (made: TestResources) => Promise<unknown>,
    environment: Record<string, string> = {},
  ): Promise<readonly ApiCall[]> {
    const from = server.calls.length;
    const made = await createTestProvider(server.url, settings, { environment });
    try {
      await work(made);
    } finally {
      await made.provider.close?.();
    }
    return server.calls.slice(from);
  }

  const oneVpc =
    (inputs: PropertyMap = { cidrBlock: '10.1.0.0/16' }) =>
    async (made: TestResources) =>
      (await made.create(VPC, inputs)).delete();

  it('takes one role after the other', async () => {
    const roles = [
      { roleArn: `${ROLE}-1`, sessionName: 'first', externalId: 'x', duration: '30m', tags: { team: 'a' } },
      { roleArn: `${ROLE}-2` },
    ];
    const calls = await using({ assumeRoles: JSON.stringify(roles) }, oneVpc());
    const taken = calls.filter(({ action }) => action === 'AssumeRole').map(parametersOf);
    assert.deepEqual(
      taken.map(({ RoleArn, RoleSessionName, ExternalId, DurationSeconds }) => [
        RoleArn,
        RoleSessionName,
        ExternalId,
        DurationSeconds,
      ]),
      [
        [`${ROLE}-1`, 'first', 'x', '1800'],
        [`${ROLE}-2`, 'mainstay', undefined, undefined],
      ],
    );
    assert.match(keyOf(calls.find(({ action }) => action === 'CreateVpc')!), /^ASIA/, 'signed with the last role');
  });

  it('takes a role for a web identity, by settings and by environment', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'a.b.c');
    const role = { roleArn: ROLE, webIdentityTokenFile: file, sessionName: 'web' };
    const noKeys = { accessKey: null, secretKey: null };
    const bySettings = await using({ ...noKeys, assumeRoleWithWebIdentity: JSON.stringify(role) }, oneVpc());
    const environment = { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: ROLE };
    const byEnvironment = await using(noKeys, oneVpc(), environment);
    for (const calls of [bySettings, byEnvironment]) {
      const [taken] = calls.filter(({ action }) => action === 'AssumeRoleWithWebIdentity').map(parametersOf);
      assert.deepEqual([taken?.RoleArn, taken?.WebIdentityToken], [ROLE, 'a.b.c']);
      assert.match(keyOf(calls.find(({ action }) => action === 'CreateVpc')!), /^ASIA/);
    }
  });

  it('reads a profile of the named files', async () => {
    const file = join(folder, 'credentials');
    await writeFile(file, '[team]\naws_access_key_id = AKIATEAM\naws_secret_access_key = hidden\n');
    const noKeys = { accessKey: null, secretKey: null };
    const settings = { ...noKeys, profile: 'team', sharedCredentialsFiles: JSON.stringify([file]) };
    const calls = await using(settings, oneVpc());
    assert.equal(keyOf(calls.find(({ action }) => action === 'CreateVpc')!), 'AKIATEAM');
    await assert.rejects(
      using({ ...settings, profile: 'nobody' }, oneVpc()),
      /ec2:CreateVpc.*CredentialsProviderError.*Give credentials by environment, profile or/,
    );
  });

  it('gives default tags, and leaves those alone that it is told to ignore', async () => {
    const settings = {
      defaultTags: JSON.stringify({ tags: { team: 'a', Name: 'default' } }),
      ignoreTags: JSON.stringify({ keys: ['seen'], keyPrefixes: ['scan:'] }),
    };
    await using(settings, async (made) => {
      const inputs = { cidrBlock: '10.2.0.0/16', tags: { Name: 'own' } };
      const vpc = await made.create(VPC, inputs);
      assert.deepEqual(vpc.outputs.tagsAll, { team: 'a', Name: 'own' });
      const Tags = ['seen', 'scan:date'].map((Key) => ({ Key, Value: 'x' }));
      await world.ec2.createTags({ Resources: [vpc.id], Tags });
      assert.equal((await (await vpc.refresh())!.diff(inputs)).changes, 'none');
      const bare = await vpc.update({ cidrBlock: '10.2.0.0/16' });
      const [live] = (await world.ec2.describeVpcs({ VpcIds: [vpc.id] })).Vpcs!;
      assert.deepEqual(Object.fromEntries(live!.Tags!.map(({ Key, Value }) => [Key, Value])), {
        team: 'a',
        Name: 'default',
        seen: 'x',
        'scan:date': 'x',
      });
      await bare.delete();
    });
  });

  it('works in an account that it may use, and touches nothing in another', async () => {
    const allowed = { allowedAccountIds: JSON.stringify([server.accountId]) };
    const calls = await using(allowed, oneVpc());
    assert.equal(calls[0]?.action, 'GetCallerIdentity');
    const from = server.calls.length;
    const refused: readonly PropertyMap[] = [
      { allowedAccountIds: '["999999999999"]' },
      { forbiddenAccountIds: JSON.stringify([server.accountId]) },
    ];
    for (const settings of refused)
      await assert.rejects(
        using(settings, oneVpc()),
        new RegExp(`do not allow it: ${server.accountId}\\. Check the credentials`),
      );
    assert.deepEqual(
      server.calls.slice(from).map(({ action }) => action),
      ['GetCallerIdentity', 'GetCallerIdentity'],
    );
  });

  it('makes a resource in another region where it says so, and finds it there', async () => {
    const inputs = { cidrBlock: '10.3.0.0/16', region: 'us-east-2' };
    await using({}, async (made) => {
      const from = server.calls.length;
      const vpc = await made.create(VPC, inputs);
      assert.equal(vpc.outputs.region, 'us-east-2');
      assert.match(vpc.outputs.arn as string, /^arn:aws:ec2:us-east-2:/);
      assert.equal((await vpc.diff(inputs)).changes, 'none');
      assert.deepEqual((await vpc.diff({ cidrBlock: '10.3.0.0/16', region: 'us-west-2' })).replaces, ['region']);
      assert.ok(await vpc.refresh());
      assert.equal((await made.import(VPC, `${vpc.id}@us-east-2`))?.id, vpc.id);
      assert.equal(await made.import(VPC, vpc.id), undefined, 'it is not in the provider’s own region');
      const regions = server.calls.slice(from, -1).map(({ region }) => region);
      assert.deepEqual([...new Set(regions)], ['us-east-2']);
      await vpc.delete();
    });
  });

  it('lets several providers work side by side, each in its region and account', async () => {
    const other = await startAws();
    const [here, there] = [
      await createTestProvider(server.url),
      await createTestProvider(other.url, { region: 'eu-north-1' }),
    ];
    try {
      const [one, two] = await Promise.all([
        here.create(VPC, { cidrBlock: '10.4.0.0/16' }),
        there.create(VPC, { cidrBlock: '10.4.0.0/16' }),
      ]);
      assert.deepEqual([one.outputs.ownerId, two.outputs.ownerId], [server.accountId, other.accountId]);
      assert.deepEqual([one.outputs.region, two.outputs.region], ['eu-west-1', 'eu-north-1']);
      await Promise.all([one.delete(), two.delete()]);
    } finally {
      await here.provider.close?.();
      await there.provider.close?.();
      await other.stop();
    }
  });

  it('refuses what it does not serve before it calls anything', async () => {
    const from = server.calls.length;
    await using({}, async (made) => {
      await assert.rejects(
        made.create('aws:lambda/function:Function', {}),
        /Cannot serve the resource aws:lambda\/function:Function.*`pulumi plugin install resource aws`.*docs\/aws\.md/,
      );
      await assert.rejects(
        made.provider.invoke({ token: 'aws:rds/getCluster:getCluster', args: {} }),
        /Cannot serve the function aws:rds/,
      );
      await assert.rejects(
        made.create('aws:s3/bucket:Bucket', { acl: 'private' }),
        /"acl" is not served for aws:s3\/bucket:Bucket by this provider\. Use the official aws plugin/,
      );
    });
    assert.equal(server.calls.length, from);
  });

  it('says that there are no credentials, and that AWS cannot be reached', async () => {
    const nowhere = {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      AWS_CONFIG_FILE: '/nowhere',
    };
    await assert.rejects(
      using({ accessKey: null, secretKey: null }, oneVpc(), nowhere),
      /Give credentials by environment, profile or `aws:accessKey`/,
    );
    const endpoints = JSON.stringify([{ ec2: 'http://127.0.0.1:9' }]);
    await assert.rejects(
      using({ endpoints, maxRetries: 0 }, oneVpc()),
      /Cannot call ec2:CreateVpc in eu-west-1 .*ECONNREFUSED/,
    );
  });
});

/** The access key in the signature. */
function keyOf(call: ApiCall): string {
  return /Credential=([^/]+)/.exec(call.headers.authorization ?? '')?.[1] ?? '';
}
