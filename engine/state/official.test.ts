import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { hashAssets } from '../../protocol/asset-hash.ts';
import { equalValues } from '../../protocol/property-equality.ts';
import { Archive, Asset, Secret } from '../../protocol/property-value.ts';
import { newResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';
import { stepOf } from '../deploy/testing/step-of.ts';
import { readProject, stackFilePath } from '../project/project-file.ts';
import { resolveConfig } from '../project/stack-config.ts';
import { StackFile } from '../project/stack-file.ts';
import { openSecretsManager } from '../secrets/open-secrets-manager.ts';
import { newPassphraseManager, openPassphraseManager } from '../secrets/passphrase.ts';
import { openBackend } from './open-backend.ts';
import type { SnapshotRecorder } from './snapshot.ts';

const run = promisify(execFile);

/** The folder of the official CLI with its Node language host: MAINSTAY_OFFICIAL_PULUMI, or on the PATH. */
const official = [process.env.MAINSTAY_OFFICIAL_PULUMI ?? '', ...(process.env.PATH ?? '').split(delimiter)].find(
  (folder) => folder !== '' && ['pulumi', 'pulumi-language-nodejs'].every((name) => existsSync(join(folder, name))),
);
const skip = official === undefined && 'needs the official pulumi CLI on the PATH or in MAINSTAY_OFFICIAL_PULUMI';

const stack = { project: 'demo', stack: 'dev' };
const passphrase = 'correct horse';
const open = (type: string, state: Readonly<Record<string, unknown>>) =>
  openSecretsManager(type, state, { PULUMI_CONFIG_PASSPHRASE: passphrase });

const program = `
const pulumi = require('@pulumi/pulumi');
class Group extends pulumi.ComponentResource {
  constructor(name, options) {
    super('demo:index:Group', name, {}, options);
    this.registerOutputs({ note: pulumi.secret({ password: 'hunter2', list: [1, 2.5, null] }) });
  }
}
const outer = new Group('outer');
new Group('inner', { parent: outer });
module.exports = { secret: pulumi.secret('hunter2'), plain: { a: [1, 'x', true] }, asset: new pulumi.asset.StringAsset('hello') };
`;

const archiveProgram = `
const pulumi = require('@pulumi/pulumi');
const { AssetArchive, FileArchive, FileAsset, StringAsset } = pulumi.asset;
const site = new FileArchive('./site');
const text = new StringAsset('héllo');
module.exports = {
  file: new FileAsset('./site/index.html'),
  site,
  mixed: new AssetArchive({ 'z.txt': text, 'dir/': site, 'more/x': new AssetArchive({ y: text }) }),
  empty: new AssetArchive({}),
  secret: pulumi.secret([text]),
};
`;

async function newWorkspace(t: TestContext, environment: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-state-official-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: demo\nruntime: nodejs\n');
  await writeFile(join(folder, 'package.json'), '{"main":"index.js"}');
  await writeFile(join(folder, 'index.js'), program);
  await symlink(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  const env = {
    PATH: [official, process.env.PATH].join(delimiter),
    HOME: folder,
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    ...environment,
  };
  const pulumi = async (...args: string[]) =>
    (await run('pulumi', [...args, '--non-interactive'], { cwd: folder, env, maxBuffer: 2 ** 26 })).stdout;
  const backend = await openBackend(`file://${folder}`, { environment: env });
  return { folder, backend, pulumi };
}

async function record(recorder: SnapshotRecorder, one: Step): Promise<void> {
  await recorder.beginStep(one);
  await recorder.endStep(one, 'success');
}

test('takes turns with the official CLI on one state, packed', { skip }, async (t) => {
  const { folder, backend, pulumi } = await newWorkspace(t, { PULUMI_DIY_BACKEND_GZIP: 'true' });
  await pulumi('stack', 'init', 'dev');
  await pulumi('up', '--yes', '--skip-preview');
  const base = await backend.readSnapshot(stack, open);
  const root = base.resources.find(({ type }) => type === 'pulumi:pulumi:Stack')!;
  const asset = root.outputs.asset as Asset;
  const expected = { secret: new Secret('hunter2'), plain: { a: [1, 'x', true] }, asset };
  assert.ok(equalValues(root.outputs, expected));
  assert.ok(asset instanceof Asset && asset.hash !== '');

  // Every resource goes on as it is, but for the outputs of the stack.
  const recorder = await backend.record(stack, base, base.secretsManager);
  for (const old of base.resources) {
    const outputs = old === root ? { ...old.outputs, added: new Secret(['by us']) } : old.outputs;
    await record(recorder, stepOf('same', old, { ...old, outputs }));
  }
  await recorder.close();
  assert.deepEqual(JSON.parse(await pulumi('stack', 'output', '--json', '--show-secrets')).added, ['by us']);
  await pulumi('preview', '--expect-no-changes', '--diff');
  assert.equal((await backend.listStacks()).length, 1);
  const files = await readdir(join(folder, '.pulumi/stacks/demo'));
  assert.ok(files.includes('dev.json.gz'), files.join(', '));
  await pulumi('up', '--yes', '--skip-preview');
  assert.equal('added' in (await backend.readSnapshot(stack, open)).resources[0]!.outputs, false);
});

test('writes a state from nothing that the official CLI reads, respects the lock of, renames and removes', {
  skip,
}, async (t) => {
  const { folder, backend, pulumi } = await newWorkspace(t);
  await backend.createStack(stack);
  const manager = await newPassphraseManager(passphrase);
  const file = await StackFile.read(join(folder, 'Pulumi.dev.yaml'), 'demo');
  file.setText('encryptionsalt', manager.state.salt as string);
  await file.save();
  const urn = (type: string, name: string) => `urn:pulumi:dev::demo::${type}::${name}`;
  const type = 'pulumi:pulumi:Stack';
  const root = newResourceState({
    urn: urn(type, 'demo-dev'),
    type,
    custom: false,
    outputs: { token: new Secret('hunter2') },
  });
  const recorder = await backend.record(stack, await backend.readSnapshot(stack, open), manager);
  await record(recorder, stepOf('create', undefined, root));
  const group = newResourceState({
    urn: urn('demo:index:Group', 'g'),
    type: 'demo:index:Group',
    custom: false,
    parent: root.urn,
  });
  await record(recorder, stepOf('create', undefined, group));
  await recorder.close();
  await pulumi('stack', 'select', 'dev');
  assert.deepEqual(JSON.parse(await pulumi('stack', 'output', '--json', '--show-secrets')), { token: 'hunter2' });
  const exported = JSON.parse(await pulumi('stack', 'export')) as { deployment: { resources: { urn: string }[] } };
  assert.deepEqual(
    exported.deployment.resources.map((one) => one.urn),
    [root.urn, group.urn],
  );

  const lock = await backend.lock(stack);
  await assert.rejects(pulumi('destroy', '--yes', '--skip-preview'), /currently locked by 1 lock/);
  await lock.release();
  await pulumi('stack', 'rename', 'prod');
  const renamed = await backend.readSnapshot({ ...stack, stack: 'prod' }, open);
  assert.equal(renamed.resources[1]!.parent, renamed.resources[0]!.urn);
  await backend.renameStack({ ...stack, stack: 'prod' }, stack);
  await assert.rejects(pulumi('stack', 'rm', 'dev', '--yes'), /still has resources/);
  await pulumi('destroy', '--yes', '--skip-preview', '--stack', 'dev');
  await pulumi('stack', 'rm', 'dev', '--yes');
  assert.equal(await backend.exists(stack), false);
});

test('sets configuration that the official CLI reads, and reads what it sets', { skip }, async (t) => {
  const { folder, pulumi } = await newWorkspace(t);
  await pulumi('stack', 'init', 'dev');
  await pulumi('config', 'set', '--secret', 'theirs', 's3cret');
  await pulumi('config', 'set', '--path', 'nested.list[0].name', '<a & b>');
  await pulumi('config', 'set', '--path', '--secret', 'nested.password', 'hunter2');
  const project = await readProject(folder);
  const file = await StackFile.read(stackFilePath(project, 'dev'), 'demo');
  const manager = await openPassphraseManager(passphrase, file.text('encryptionsalt')!);
  const { values, secretKeys } = resolveConfig(project, file, (text) => manager.decrypt(text));
  assert.equal(values['demo:theirs'], 's3cret');
  assert.deepEqual(secretKeys, ['demo:nested', 'demo:theirs']);
  assert.equal(`${values['demo:nested']}\n`, await pulumi('config', 'get', 'nested'));
  file.setConfig('demo:ours', { secure: manager.encrypt('open sesame') });
  file.setConfig('demo:nested', { secure: manager.encrypt('deeper') }, ['more', 0]);
  await file.save();
  assert.equal(await pulumi('config', 'get', 'ours'), 'open sesame\n');
  assert.equal(await pulumi('config', 'get', '--path', 'nested.more[0]'), 'deeper\n');
  assert.equal(await pulumi('config', 'get', '--path', 'nested.list[0].name'), '<a & b>\n');
});

test('hashes assets and archives as the official CLI does', { skip }, async (t) => {
  const { folder, backend, pulumi } = await newWorkspace(t);
  const long = `${'long-folder-name/'.repeat(8)}file.txt`;
  const files = {
    'site/index.html': '<p>',
    'site/a/b/c.txt': 'c',
    'site/a.txt': '',
    'site/b.bin': 'x'.repeat(1024),
    [`site/${long}`]: 'deep',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await writeFile(join(folder, 'index.js'), archiveProgram);
  await pulumi('stack', 'init', 'dev');
  await pulumi('up', '--yes', '--skip-preview');
  const { outputs } = (await backend.readSnapshot(stack, open)).resources[0]!;
  const site = new Archive({ path: './site' });
  const text = new Asset({ text: 'héllo' });
  const ours = await hashAssets(
    {
      file: new Asset({ path: './site/index.html' }),
      site,
      mixed: new Archive({ assets: { 'z.txt': text, 'dir/': site, 'more/x': new Archive({ assets: { y: text } }) } }),
      empty: new Archive({ assets: {} }),
      secret: new Secret([text]),
    },
    folder,
  );
  assert.ok(equalValues(ours, outputs), JSON.stringify([ours, outputs], undefined, 1));
});
