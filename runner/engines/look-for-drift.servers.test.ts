import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { AppsV1Api, CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { startKubernetes, whyNot } from '../../test/servers/start.ts';
import { correctionVerdict, judgeLook } from '../core/drift.ts';
import { driftSettings } from '../core/drift-settings.ts';
import { createEngines } from './create-engines.ts';
import type { StackWork } from './engine.ts';

const TODAY = { ignore: [], today: '2026-11-21' };

const program = (namespace: string) => `import * as kubernetes from '@pulumi/kubernetes';
const labels = { app: 'web' };
const metadata = { name: 'web', namespace: '${namespace}' };
new kubernetes.core.v1.Namespace('here', { metadata: { name: '${namespace}' } });
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] } };
new kubernetes.apps.v1.Deployment('web', { metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } });
new kubernetes.core.v1.ConfigMap('settings', { metadata: { ...metadata, name: 'settings' }, data: { level: 'info' } });
`;

test('on a real control plane: somebody scales a Deployment, it is seen with who it was, and put back', {
  skip: await whyNot('kubernetes'),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-look-real-'));
  const plane = await startKubernetes();
  t.after(() => plane.stop());
  const namespace = `drift-${process.pid}`;
  const files = {
    'Pulumi.yaml': 'name: journey\nruntime: nodejs\nmain: infra/\nstackConfigDir: stacks\n',
    'stacks/Pulumi.dev.yaml': `config:\n  kubernetes:kubeconfig: ${JSON.stringify(readFileSync(plane.kubeconfig, 'utf8'))}\n`,
    'infra/package.json': '{"type": "commonjs"}',
    'infra/index.ts': program(namespace),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'state'));
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  const engines = await createEngines({
    settings: { backendUrl: `file://${folder}/state`, pulumiHome: join(folder, 'home'), passphrase: 'p', passed: [] },
    environment: { PATH: dirname(process.execPath) },
    processes: { add: async () => {}, remove: async () => {}, list: async () => [] },
    parallel: 2,
    wanted: 'embedded',
  });
  t.after(async () => {
    await engines.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const engine = engines.byName.get('embedded')!;
  const work: StackWork = { repository: 'r', stack: 'journey/dev', stackName: 'dev', folder };
  const made = await engine.update(work);
  assert.equal(made.result, 'succeeded', made.problem);
  for (const _ of [1, 2, 3]) assert.deepEqual(judgeLook(await engine.look(work), TODAY).differences, [], 'untouched');
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const apps = config.makeApiClient(AppsV1Api);
  const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  const place = { name: 'web', namespace };
  await apps.patchNamespacedDeployment(
    { ...place, body: { spec: { replicas: 2 } }, fieldManager: 'kubectl-edit' },
    merge,
  );
  for (let ready = 0; ready < 2; ) ready = (await apps.readNamespacedDeployment(place)).status?.readyReplicas ?? 0;
  const found = judgeLook(await engine.look(work), TODAY);
  assert.deepEqual(
    found.differences.map(({ step }) => step.changes),
    [[{ path: 'spec.replicas', kind: 'update', before: 2, after: 1 }]],
  );
  const who = found.differences[0]!.managers['spec.replicas'];
  assert.equal(who?.manager, 'kubectl-edit');
  assert.match(who.at!, /^\d{4}-\d\d-\d\dT/);
  const settings = driftSettings.parse({ mode: 'correct' });
  const verdict = correctionVerdict(found, { settings, closed: undefined, last: undefined, asked: false });
  assert.ok(verdict.kind === 'correct');
  const put = await engine.correct(work, verdict.targets);
  assert.equal(put.result, 'succeeded', put.problem);
  assert.equal((await apps.readNamespacedDeployment(place)).spec?.replicas, 1);
  const core = config.makeApiClient(CoreV1Api);
  await core.deleteNamespacedConfigMap({ name: 'settings', namespace });
  const gone = judgeLook(await engine.look(work), TODAY).differences;
  assert.deepEqual(
    gone.map(({ step }) => step.operation),
    ['create'],
  );
  await engine.correct(
    work,
    gone.map(({ urn }) => urn),
  );
  assert.equal((await core.readNamespacedConfigMap({ name: 'settings', namespace })).data?.level, 'info');
  assert.deepEqual(judgeLook(await engine.look(work), TODAY).differences, []);
});
