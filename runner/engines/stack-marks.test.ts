import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { createEngines, type Engines } from './create-engines.ts';
import type { Engine, EngineName, StackWork } from './engine.ts';

/** Marking, finding and destroying stacks, as preview environments need it. */
const folder = mkdtempSync(join(tmpdir(), 'mainstay-marks-'));
const workOf = (stackName: string): StackWork => ({ repository: 'r', stack: `marks/${stackName}`, stackName, folder });

const FILES = {
  'Pulumi.yaml': 'name: marks\nruntime: nodejs\nmain: infra/\n',
  'Pulumi.one.yaml': 'config:\n  mainstay:sandbox: true\n  marks:protect: false\n',
  'Pulumi.two.yaml': 'config:\n  mainstay:sandbox: true\n  marks:protect: true\n',
  'infra/package.json': '{"type": "commonjs"}',
  'infra/index.ts': `import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
const protect = new pulumi.Config().requireBoolean('protect');
new kubernetes.core.v1.ConfigMap('plain', { metadata: { name: 'plain' }, data: { value: 'a' } });
new kubernetes.core.v1.ConfigMap('kept', { metadata: { name: 'kept' }, data: { value: 'b' } }, { retainOnDelete: true, protect });
`,
};

let engines: Engines;

before(async () => {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'state'));
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  engines = await createEngines({
    settings: { backendUrl: `file://${folder}/state`, pulumiHome: join(folder, 'home'), passphrase: 'p', passed: [] },
    environment: { PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` },
    processes: { add: async () => {}, remove: async () => {}, list: async () => [] },
    parallel: 2,
    wanted: 'embedded',
  });
});

after(async () => {
  await engines.close();
  rmSync(folder, { recursive: true, force: true });
});

const engineOf = (name: EngineName): Engine => engines.byName.get(name)!;
const state = (stack: string) => join(folder, 'state/.pulumi/stacks/marks', `${stack}.json`);

test('what a state is marked with is read again, and stays through an update', async () => {
  const [engine, work] = [engineOf('embedded'), workOf('one')];
  assert.equal(await engine.markOf(work), undefined, 'there is no state');
  await engine.mark(work, 'environment of estate/feature/x@1');
  assert.deepEqual(await engine.stackNames(work), ['one']);
  const made = await engine.update(work);
  assert.equal(made.result, 'succeeded', made.problem);
  assert.equal(await engine.markOf(work), 'environment of estate/feature/x@1');
  await engine.mark(work, 'environment of estate/feature/x@2');
  assert.equal(await engine.markOf(work), 'environment of estate/feature/x@2');
});

test('the official engine reads the same mark, and its own is read here', async (context) => {
  const official = engines.byName.get('official');
  if (!official) return context.skip('no pulumi on the PATH');
  assert.equal(await official.markOf(workOf('one')), 'environment of estate/feature/x@2');
  await official.mark(workOf('three'), 'by the other');
  assert.equal(await engineOf('embedded').markOf(workOf('three')), 'by the other');
  const { outcome } = await official.destroy(workOf('three'));
  assert.equal(outcome?.result, 'succeeded', outcome?.problem);
  assert.equal(existsSync(state('three')), false);
});

test('destroying leaves no state, names what stays, and may be done again', async () => {
  const [engine, work] = [engineOf('embedded'), workOf('one')];
  const { outcome, retained } = await engine.destroy(work);
  assert.equal(outcome?.result, 'succeeded', outcome?.problem);
  assert.deepEqual(retained, ['urn:pulumi:one::marks::kubernetes:core/v1:ConfigMap::kept']);
  assert.equal(existsSync(state('one')), false);
  assert.deepEqual([await engine.stackNames(work), await engine.markOf(work)], [[], undefined]);
  assert.deepEqual(await engine.destroy(work), { outcome: undefined, retained: [] });
});

test('what is protected fails it, and the state stays', async () => {
  const [engine, work] = [engineOf('embedded'), workOf('two')];
  await engine.update(work);
  const { outcome } = await engine.destroy(work);
  assert.equal(outcome?.result, 'failed');
  assert.match(outcome!.problem!, /protect/);
  assert.equal(existsSync(state('two')), true);
});
