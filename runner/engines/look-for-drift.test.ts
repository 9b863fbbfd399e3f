import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { World } from '../../providers/sandbox/world.ts';
import { judgeLook } from '../core/drift.ts';
import { createEngines, type Engines } from './create-engines.ts';
import type { Engine, StackWork } from './engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-look-'));
const work: StackWork = { repository: 'r', stack: 'journey/dev', stackName: 'dev', folder };
const urn = (type: string, name: string) => `urn:pulumi:dev::journey::${type}::${name}`;
const MAP = 'kubernetes:core/v1:ConfigMap';
const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
const TODAY = { ignore: [], today: '2026-11-21' };

const FILES = {
  'Pulumi.yaml': 'name: journey\nruntime: nodejs\nmain: infra/\nstackConfigDir: stacks\n',
  'stacks/Pulumi.dev.yaml': 'config:\n  mainstay:sandbox: true\n',
  'infra/package.json': '{"type": "commonjs"}',
  'infra/index.ts': `import * as kubernetes from '@pulumi/kubernetes';
const labels = { app: 'web' };
new kubernetes.core.v1.ConfigMap('one', { metadata: { name: 'one' }, data: { value: 'a' } });
new kubernetes.core.v1.ConfigMap('two', { metadata: { name: 'two' }, data: { value: 'b' } });
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
new kubernetes.apps.v1.Deployment('web', { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: labels }, template } });
`,
};

let engines: Engines;
let engine: Engine;
let world: World;

before(async () => {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'state'));
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  engines = await createEngines({
    settings: { backendUrl: `file://${folder}/state`, pulumiHome: join(folder, 'home'), passphrase: 'p', passed: [] },
    environment: { PATH: dirname(process.execPath) },
    processes: { add: async () => {}, remove: async () => {}, list: async () => [] },
    parallel: 2,
    wanted: 'embedded',
  });
  engine = engines.byName.get('embedded')!;
  const made = await engine.update(work);
  assert.equal(made.result, 'succeeded', made.problem);
  world = new World(join(folder, 'home/sandbox/organization-journey-dev.sqlite'));
});

after(async () => {
  world.close();
  await engines.close();
  rmSync(folder, { recursive: true, force: true });
});

const state = () => readFileSync(join(folder, 'state/.pulumi/stacks/journey/dev.json'), 'utf8');

test('finds nothing in three rounds on what nobody touched, and runs no program for it', async () => {
  for (const _ of [1, 2, 3]) assert.deepEqual(await engine.look(work), { touched: [], steps: [], outcome: undefined });
});

test('finds what the program would put back, writes nothing while looking, and puts just that back', async () => {
  const before = state();
  world.drift(`*::web`, 'spec.replicas', 5);
  world.vanish('*::two');
  const look = await engine.look(work);
  const { differences, quiet, pending } = judgeLook(look, TODAY);
  assert.deepEqual(
    differences.map(({ step }) => [
      step.operation,
      step.urn,
      step.changes.map(({ path, before: is, after: should }) => [path, is, should]),
    ]),
    [
      ['update', urn(DEPLOYMENT, 'web'), [['spec.replicas', 5, 2]]],
      [
        'create',
        urn(MAP, 'two'),
        differences[1]!.step.changes.map(({ path, after: should }) => [path, undefined, should]),
      ],
    ],
  );
  assert.deepEqual([quiet, pending], [[], []]);
  assert.deepEqual(look.touched.map(({ urn: each, gone }) => [each, gone]).sort(), [
    [urn(DEPLOYMENT, 'web'), false],
    [urn(MAP, 'two'), true],
  ]);
  assert.equal(state(), before, 'the state is as it was');
  const corrected = await engine.correct(work, [urn(DEPLOYMENT, 'web')]);
  assert.equal(corrected.result, 'succeeded', corrected.problem);
  assert.equal(
    world.list(DEPLOYMENT)[0]!.inputs.spec && (world.list(DEPLOYMENT)[0]!.inputs.spec as { replicas: number }).replicas,
    2,
  );
  const left = judgeLook(await engine.look(work), TODAY).differences;
  assert.deepEqual(
    left.map(({ urn: each }) => each),
    [urn(MAP, 'two')],
    'the other is left as it is',
  );
  await engine.correct(work, [urn(MAP, 'two')]);
  assert.deepEqual((await engine.look(work)).touched, []);
});

test('tells apart what changed without consequence', async () => {
  const text = FILES['infra/index.ts'].replace(
    "data: { value: 'a' } }",
    "data: { value: 'a' } }, { ignoreChanges: ['data'] }",
  );
  writeFileSync(join(folder, 'infra/index.ts'), text);
  world.drift('*::one', 'data.value', 'changed by hand');
  const { differences, quiet } = judgeLook(await engine.look(work), TODAY);
  assert.deepEqual(
    [differences, quiet.map((resource) => [resource.urn, resource.changes[0]?.path])],
    [[], [[urn(MAP, 'one'), 'data.value']]],
  );
});

test('says the failure of a program that cannot be asked', async () => {
  writeFileSync(join(folder, 'infra/index.ts'), "throw new Error('no such region: atlantis');\n");
  const { outcome } = await engine.look(work);
  assert.equal(outcome?.result, 'failed');
  assert.match(outcome.problem!, /no such region: atlantis/);
});
