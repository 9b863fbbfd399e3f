import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createEmbeddedPulumi, type EmbeddedPulumi } from '../../engine/automation/pulumi-command.ts';
import { rebuildFrom } from '../../runner/recovery/import-file.ts';
import { FIRST_FILES, stackFile } from './estate.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The commands of docs/disaster-recovery.md as they are written there, on a stack that loses its state. */
const PAGE = readFileSync(join(ROOT, 'docs/disaster-recovery.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'mainstay-lost-'));
const bucket = join(folder, 'state/.pulumi');
const state = join(bucket, 'stacks/journey/dev.json');
const environment = {
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  PULUMI_BACKEND_URL: `file://${folder}/state`,
  PULUMI_HOME: join(folder, 'home'),
  PULUMI_CONFIG_PASSPHRASE: 'p',
  PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
};
let engine: EmbeddedPulumi;

const pulumi = async (...args: string[]) => (await engine.run(args, folder, {})).stdout;
/** Runs the page's block of commands that has `text` in it, with our own values in the line that sets them. */
async function asWritten(text: string, values: string): Promise<string> {
  const block = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].find(([, lines]) => lines!.includes(text))?.[1];
  assert.ok(block, `the page has a block with ${text}`);
  const [set, ...commands] = block.split('\n');
  assert.match(set!, /^[A-Z]=\S+ /, 'its first line sets what is different elsewhere');
  const env = { ...environment, PATH: `${join(ROOT, 'engine/bin')}:${environment.PATH}` };
  const script = [values, ...commands].join('\n');
  return (await run('bash', ['-e', '-u', '-o', 'pipefail', '-c', script], { cwd: folder, env })).stdout;
}

const urns = () => {
  const { checkpoint } = JSON.parse(readFileSync(state, 'utf8'));
  return checkpoint.latest.resources
    .map(({ urn }: { urn: string }) => urn)
    .filter((urn: string) => !urn.includes('pulumi:providers'))
    .sort();
};
const newest = (place: string, suffix: string) =>
  join(
    bucket,
    place,
    readdirSync(join(bucket, place))
      .filter((name) => name.endsWith(suffix))
      .sort()
      .at(-1)!,
  );

before(async () => {
  for (const [name, text] of Object.entries(FIRST_FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'state'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  engine = createEmbeddedPulumi({ environment });
  await pulumi('stack', 'init', 'dev');
  await pulumi('up', '--yes', '--skip-preview', '--stack', 'dev');
  writeFileSync(join(folder, 'stacks/Pulumi.dev.yaml'), stackFile({ one: 'a', two: 'b', three: 'c' }));
  await pulumi('up', '--yes', '--skip-preview', '--stack', 'dev');
});

after(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

test('restores a corrupt state from the history of the backend', async () => {
  const before = urns();
  writeFileSync(state, readFileSync(state, 'utf8').slice(0, 500));
  await assert.rejects(pulumi('preview', '--stack', 'dev'), /dev/, 'it says so and touches nothing');
  assert.match(await asWritten('.checkpoint.json', `B=${bucket} P=journey S=dev`), /unchanged/);
  assert.deepEqual(urns(), before);
  assert.equal(readFileSync(join(folder, 'dev.broken.json'), 'utf8').length, 500, 'the broken one is kept');
});

test('rebuilds a state that is gone by import from what the last backup names', async () => {
  const before = urns();
  const backup = newest('history/journey/dev', '.checkpoint.json');
  const kept = join(folder, 'backup.json');
  cpSync(backup, kept);
  rmSync(bucket, { recursive: true });
  mkdirSync(bucket, { recursive: true });
  assert.match(await asWritten('import-file.ts', `M=${ROOT} S=dev`), /unchanged/);
  assert.deepEqual(urns(), before);
  const after = await pulumi('up', '--yes', '--skip-preview', '--stack', 'dev');
  assert.doesNotMatch(after, /created|deleted|replaced/, after);
});

test('says what it cannot rebuild, and refuses what is no backup', () => {
  const resources = [
    { urn: 'urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev', type: 'pulumi:pulumi:Stack', custom: false },
    { urn: 'urn:pulumi:dev::p::pulumi:providers:aws::eu', type: 'pulumi:providers:aws', custom: true, id: 'x' },
    { urn: 'urn:pulumi:dev::p::my:Thing::c', type: 'my:Thing', custom: false },
    {
      urn: 'urn:pulumi:dev::p::my:Thing$aws:s3:Bucket::b',
      type: 'aws:s3:Bucket',
      custom: true,
      id: 'b-1',
      parent: 'urn:pulumi:dev::p::my:Thing::c',
      provider: 'urn:pulumi:dev::p::pulumi:providers:aws::eu::x',
    },
    { urn: 'urn:pulumi:dev::p::aws:s3:Bucket::old', type: 'aws:s3:Bucket', custom: true, id: 'o', delete: true },
    { urn: 'urn:pulumi:dev::p::aws:s3:Bucket::half', type: 'aws:s3:Bucket', custom: true },
  ];
  const { file, left } = rebuildFrom('b.json', JSON.stringify({ version: 3, deployment: { resources } }));
  assert.deepEqual(file, {
    nameTable: { r0: resources[2]!.urn, r1: resources[1]!.urn },
    resources: [
      { type: 'my:Thing', name: 'c', component: true },
      { type: 'aws:s3:Bucket', name: 'b', id: 'b-1', parent: 'r0', provider: 'r1' },
    ],
  });
  assert.deepEqual(
    left.map((line) => line.split(' ')[0]),
    [resources[3]!.urn, resources[5]!.urn],
  );
  assert.throws(() => rebuildFrom('x', '{'), { kind: 'user', message: /is no JSON: x/ });
  assert.throws(() => rebuildFrom('x', '{"a": 1}'), { kind: 'user', message: /is no backup of one: x/ });
});
