import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EC2 } from '@aws-sdk/client-ec2';
import { createEmbeddedPulumi, type EmbeddedPulumi } from '../../engine/automation/pulumi-command.ts';
import { type AwsServer, startAws, whyNot } from '../servers/start.ts';

const root = resolve(import.meta.dirname, '../..');
const skip = await whyNot('aws');

/** Two explicit providers beside the default one, a function, and a type that is not served if the stack asks for it. */
const PROGRAM = `
const aws = require('@pulumi/aws');
const pulumi = require('@pulumi/pulumi');
const ohio = new aws.Provider('ohio', { region: 'us-east-2', defaultTags: { tags: { place: 'ohio' } } });
const home = new aws.ec2.Vpc('home', { cidrBlock: '10.1.0.0/16' });
const away = new aws.ec2.Vpc('away', { cidrBlock: '10.2.0.0/16' }, { provider: ohio });
const third = new aws.ec2.Vpc('third', { cidrBlock: '10.3.0.0/16', region: 'eu-north-1' });
if (new pulumi.Config().getBoolean('more')) {
  new aws.ec2.InternetGateway('gateway', { vpcId: home.id });
  new aws.lambda.Function('function', { role: 'arn:aws:iam::123456789012:role/none', runtime: 'nodejs22.x', handler: 'x' });
}
if (new pulumi.Config().getBoolean('denied')) new aws.ec2.InternetGateway('denied', { vpcId: home.id });
exports.regions = [home.region, away.region, third.region];
exports.account = aws.getCallerIdentityOutput().accountId;
`;

describe('a program with several aws providers', { skip, timeout: 120_000 }, () => {
  let server: AwsServer;
  let folder: string;
  let embedded: EmbeddedPulumi;
  before(async () => {
    server = await startAws();
    folder = await mkdtemp(join(tmpdir(), 'mainstay-aws-program-'));
    await mkdir(join(folder, 'state'));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'Pulumi.yaml'), 'name: places\nruntime: nodejs\nmain: index.js\n');
    await writeFile(join(folder, 'index.js'), PROGRAM);
    embedded = createEmbeddedPulumi({
      environment: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        PULUMI_HOME: join(folder, 'home'),
        PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
        PULUMI_CONFIG_PASSPHRASE: 'test',
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL: server.url,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    });
    await pulumi('stack', 'init', 'dev');
  });
  after(async () => {
    await embedded.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const pulumi = async (...args: string[]) => (await embedded.run(args, folder, {})).stdout;
  const blocks = async (region: string) => {
    const ec2 = new EC2({ endpoint: server.url, region, credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
    const own = (await ec2.describeVpcs({})).Vpcs?.filter(({ IsDefault }) => !IsDefault) ?? [];
    ec2.destroy();
    return own.map(({ CidrBlock, Tags = [] }) => [CidrBlock, ...Tags.map(({ Key, Value }) => `${Key}=${Value}`)]);
  };

  it('makes each resource where it belongs', async () => {
    await pulumi('up', '--yes', '--skip-preview');
    assert.deepEqual(await blocks('eu-west-1'), [['10.1.0.0/16']]);
    assert.deepEqual(await blocks('us-east-2'), [['10.2.0.0/16', 'place=ohio']]);
    assert.deepEqual(await blocks('eu-north-1'), [['10.3.0.0/16']]);
    const outputs = JSON.parse(await pulumi('stack', 'output', '--json'));
    assert.deepEqual(outputs, { account: server.accountId, regions: ['eu-west-1', 'us-east-2', 'eu-north-1'] });
    await pulumi('refresh', '--yes', '--skip-preview', '--expect-no-changes');
  });

  it('names a type that is not served, and the way out, before anything is touched', async () => {
    await pulumi('config', 'set', 'more', 'true');
    const from = server.calls.length;
    await assert.rejects(pulumi('up', '--yes'), (error: Error) => {
      assert.match(
        error.message,
        /Cannot serve the resource aws:lambda\/function:Function .*`pulumi plugin install resource aws`/,
      );
      return true;
    });
    const actions = server.calls.slice(from).map(({ action }) => action);
    assert.deepEqual(
      actions.filter((action) => !/^(Get|Describe)/.test(action)),
      [],
    );
    await pulumi('config', 'rm', 'more');
  });

  it('says what AWS refuses, keeps what was made, and records nothing of what was not', async () => {
    await pulumi('config', 'set', 'denied', 'true');
    const end = server.addFault({
      matches: ({ action }) => action === 'CreateInternetGateway',
      does: { kind: 'fail', code: 'UnauthorizedOperation', message: 'You are not authorized.', status: 403 },
    });
    await assert.rejects(pulumi('up', '--yes', '--skip-preview'), (error: Error) => {
      assert.match(
        error.message,
        /Cannot call ec2:CreateInternetGateway in eu-west-1 as AWS answered UnauthorizedOperation: .*Allow this action/,
      );
      return true;
    });
    assert.ok(end() > 0);
    const { deployment } = JSON.parse(await pulumi('stack', 'export'));
    const types = (deployment.resources as { type: string }[]).map(({ type }) => type);
    assert.equal(types.filter((type) => type === 'aws:ec2/vpc:Vpc').length, 3);
    assert.equal(types.filter((type) => type.includes('Gateway')).length, 0);
    assert.deepEqual(deployment.pending_operations ?? [], []);
    await pulumi('up', '--yes', '--skip-preview');
    assert.match(await pulumi('stack', '--show-ids'), /igw-/);
    await pulumi('config', 'rm', 'denied');
  });

  it('imports by the documented id, and takes everything away', async () => {
    const ec2 = new EC2({
      endpoint: server.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
    const { Vpc } = await ec2.createVpc({ CidrBlock: '10.4.0.0/16' });
    ec2.destroy();
    await pulumi(
      'import',
      'aws:ec2/vpc:Vpc',
      'found',
      Vpc!.VpcId!,
      '--yes',
      '--protect=false',
      '--generate-code=false',
    );
    assert.match(await pulumi('stack', '--show-ids'), new RegExp(Vpc!.VpcId!));
    await pulumi('destroy', '--yes', '--skip-preview');
    for (const region of ['eu-west-1', 'us-east-2', 'eu-north-1']) assert.deepEqual(await blocks(region), []);
  });
});
