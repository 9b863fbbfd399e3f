import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Secret } from '../../protocol/property-value.ts';
import { newResourceState, type ResourceState } from '../deploy/resource-state.ts';
import { stepOf } from '../deploy/testing/step-of.ts';
import { openSecretsManager } from '../secrets/open-secrets-manager.ts';
import { newPassphraseManager } from '../secrets/passphrase.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { encodeDeployment } from './checkpoint.ts';
import { openBackend } from './open-backend.ts';
import type { Snapshot, SnapshotRecorder } from './snapshot.ts';

const stack = { project: 'demo', stack: 'dev' };
/** Checkpoints only at the end: however slow the machine is, the journal is there to be looked at. */
const environment = { PULUMI_CONFIG_PASSPHRASE: 'pass', PULUMI_SKIP_CHECKPOINTS: 'true' };
const open = (type: string, state: Readonly<Record<string, unknown>>) => openSecretsManager(type, state, environment);

async function newBackend(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-state-'));
  const backend = await openBackend(`file://${folder}`, { environment });
  await backend.createStack(stack);
  const recorders: SnapshotRecorder[] = [];
  t.after(async () => {
    for (const recorder of recorders) await recorder.close().catch(() => {});
    await rm(folder, { recursive: true, force: true });
  });
  /** Closed at the end at the latest: a killed process's files are closed by the system. */
  const record = async (base: Snapshot, manager?: SecretsManager) => {
    const recorder = await backend.record(stack, base, manager);
    recorders.push(recorder);
    return recorder;
  };
  return { backend, record, folder, journal: join(folder, '.pulumi/journals/demo/dev.jsonl') };
}

function resource(name: string, fields: Partial<ResourceState> = {}): ResourceState {
  const type = fields.type ?? 'pulumi-nodejs:dynamic:Resource';
  return newResourceState({
    urn: `urn:pulumi:dev::demo::${type}::${name}`,
    type,
    custom: true,
    id: `id-${name}`,
    ...fields,
  });
}

async function created(recorder: SnapshotRecorder, state: ResourceState) {
  const create = stepOf('create', undefined, state);
  await recorder.beginStep(create);
  await recorder.endStep(create, 'success');
}

test('keeps what was created after the process is gone without closing', async (t) => {
  const { backend, record } = await newBackend(t);
  const manager = await newPassphraseManager('pass');
  const recorder = await record(await backend.readSnapshot(stack, open), manager);
  await created(recorder, resource('one', { inputs: { password: new Secret('hunter2') } }));
  await recorder.beginStep(stepOf('create', undefined, resource('two', { id: '' })));
  const snapshot = await backend.readSnapshot(stack, open);
  assert.deepEqual(
    snapshot.resources.map(({ urn }) => urn.split('::').at(-1)),
    ['one'],
  );
  assert.deepEqual((snapshot.resources[0]!.inputs.password as Secret).value, 'hunter2');
  assert.deepEqual(
    snapshot.pendingOperations.map(({ kind, resource: { urn } }) => [kind, urn.split('::').at(-1)]),
    [['creating', 'two']],
  );
});

test('never writes a secret in the clear, in checkpoint, journal or backup', async (t) => {
  const { backend, record, folder, journal } = await newBackend(t);
  const recorder = await record(await backend.readSnapshot(stack, open), await newPassphraseManager('pass'));
  await created(recorder, resource('one', { inputs: { password: new Secret({ deep: ['hunter2-in-the-clear'] }) } }));
  assert.ok(!(await readFile(journal, 'utf8')).includes('hunter2-in-the-clear'));
  await recorder.close();
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile())) {
    assert.ok(!(await readFile(join(file.parentPath, file.name), 'utf8')).includes('hunter2-in-the-clear'), file.name);
  }
});

test('refuses a state that another program changed after a kill', async (t) => {
  const { backend, record, folder } = await newBackend(t);
  const recorder = await record(await backend.readSnapshot(stack, open));
  await created(recorder, resource('one'));
  const file = join(folder, '.pulumi/stacks/demo/dev.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"metadata":{}', '"metadata":{ }'));
  await assert.rejects(backend.readSnapshot(stack, open), /another program.*journal/);
});

test('keeps a replaced resource until it is deleted, and a deleted one until its replacement exists', async (t) => {
  const { backend, record } = await newBackend(t);
  const first = await record(await backend.readSnapshot(stack, open));
  await created(first, resource('one'));
  await first.close();
  const base = await backend.readSnapshot(stack, open);
  const recorder = await record(base);
  const old = base.resources[0]!;
  const remove = stepOf('delete-replaced', old, undefined);
  await recorder.beginStep(remove);
  old.pendingReplacement = true;
  await recorder.endStep(remove, 'success');
  const between = await backend.readSnapshot(stack, open);
  assert.deepEqual(
    between.resources.map(({ pendingReplacement }) => pendingReplacement),
    [true],
  );
  const next = resource('one', { id: 'id-new' });
  const create = stepOf('create-replacement', old, next);
  await recorder.beginStep(create);
  await recorder.endStep(create, 'success');
  const after = await recorder.close();
  assert.deepEqual(
    after.resources.map(({ id }) => id),
    ['id-new'],
  );
});

test('reads the same from any whole prefix of the journal as the steps acknowledged by then', async (t) => {
  const { backend, record, journal } = await newBackend(t);
  const recorder = await record(await backend.readSnapshot(stack, open));
  const acknowledged: { readonly bytes: number; readonly names: readonly string[] }[] = [];
  const names: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    await created(recorder, resource(name));
    names.push(name);
    acknowledged.push({ bytes: (await readFile(journal)).length, names: [...names] });
  }
  const whole = await readFile(journal);
  for (let bytes = 0; bytes <= whole.length; bytes += 7) {
    await writeFile(journal, whole.subarray(0, bytes));
    const { resources } = await backend.readSnapshot(stack, open);
    const atLeast = acknowledged.filter((one) => one.bytes <= bytes).at(-1)?.names ?? [];
    assert.deepEqual(resources.map(({ urn }) => urn.split('::').at(-1)).slice(0, atLeast.length), atLeast);
  }
});

test('records a step at the same cost in a stack of any size', async (t) => {
  const sizes: number[] = [];
  for (const count of [2, 3000]) {
    const { backend, record, journal } = await newBackend(t);
    const resources = Array.from({ length: count }, (_, index) => resource(`r${String(index).padStart(4, '0')}`));
    const raw = encodeDeployment({ resources, pendingOperations: [], secretsManager: undefined, preserved: {} });
    await backend.importDeployment(stack, raw, { force: false });
    const recorder = await record(await backend.readSnapshot(stack, open));
    await created(recorder, resource('first'));
    const before = (await readFile(journal)).length;
    await created(recorder, resource('other'));
    sizes.push((await readFile(journal)).length - before);
  }
  assert.equal(sizes[0], sizes[1]);
});

test('keeps a stack in the form that is asked for, and the form before as a backup', async (t) => {
  const { backend, record, folder } = await newBackend(t);
  await created(await record(await backend.readSnapshot(stack, open)), resource('zero'));
  const files = () => readdir(join(folder, '.pulumi/stacks/demo')).then((names) => names.sort());
  for (const [variable, name] of [
    ['PULUMI_DIY_BACKEND_GZIP', 'dev.json.gz'],
    ['PULUMI_DIY_BACKEND_ZSTD', 'dev.json.zst'],
  ] as const) {
    const packed = await openBackend(`file://${folder}`, { environment: { [variable]: 'true' } });
    const recorder = await packed.record(stack, await packed.readSnapshot(stack, open), undefined);
    await created(recorder, resource(name));
    await recorder.close();
    assert.ok((await files()).includes(name), (await files()).join(', '));
  }
  assert.deepEqual(await files(), ['dev.json.bak', 'dev.json.gz.bak', 'dev.json.zst']);
  const names = (await backend.readSnapshot(stack, open)).resources.map(({ urn }) => urn.split('::').at(-1));
  assert.deepEqual(names, ['dev.json.zst', 'dev.json.gz', 'zero']);
  const both = { PULUMI_DIY_BACKEND_GZIP: 'true', PULUMI_DIY_BACKEND_ZSTD: 'true' };
  const confused = await openBackend(`file://${folder}`, { environment: both });
  await assert.rejects(confused.createStack({ ...stack, stack: 'x' }), /both set/);
});
