import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Asset, type PropertyMap, Secret, Unknown } from '../../../protocol/property-value.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import { type ControlPlane, startKubernetes, toolFolder, whyNot, whyNotPlayed } from '../../../test/servers/start.ts';
import { namespaceNamed, types } from '../manifests.ts';
import { at, ScriptedEngine } from '../scripted-engine.ts';
import { TestCluster, uniqueName } from '../test-cluster.ts';
import { RELEASE_TYPE } from './release.ts';

const chart: Readonly<Record<string, string>> = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: front\nversion: 1.2.3\nappVersion: "9"\n',
  'chart/values.yaml': 'replicas: 1\nbroken: ""\ntoken: ""\n',
  'chart/templates/all.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}, annotations: {mainstay.test/broken: "{{ .Values.broken }}"}}
    spec: {containers: [{name: main, image: nginx:1}]}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {token: "{{ .Values.token }}", name: {{ required "a name is needed" .Values.name }}}
`,
};

for (const helm of ['helm', 'helm3'] as const)
  describe(`releases of ${helm === 'helm' ? 'Helm 4' : 'Helm 3'}`, {
    skip: (await whyNot('kubernetes', helm)) || (await whyNotPlayed()),
  }, () => {
    let plane: ControlPlane;
    let engine: ScriptedEngine;
    let cluster: TestCluster;
    let folder: string;
    const namespace = uniqueName('release');

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mainstay-release-'));
      for (const [name, text] of Object.entries(chart)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      }
      plane = await startKubernetes();
      cluster = new TestCluster(plane.kubeconfig);
      const environment = environmentOf(await toolFolder(helm));
      engine = await ScriptedEngine.start({ kubeconfig: plane.kubeconfig, namespace }, environment, folder);
      await engine.create(types.namespace, 'namespace', namespaceNamed(namespace));
    });

    after(async () => {
      await cluster?.delete(`/api/v1/namespaces/${namespace}`).catch(() => {});
      cluster?.close();
      await engine?.close();
      await plane?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const environmentOf = (tools: string) => ({
      ...process.env,
      PATH: [tools, process.env.PATH].join(':'),
      HELM_CACHE_HOME: folder,
      HELM_CONFIG_HOME: folder,
      HELM_DATA_HOME: folder,
    });

    const release = (values: PropertyMap, more: PropertyMap = {}): PropertyMap => ({
      chart: './chart',
      name: 'front',
      compat: 'true',
      values: { name: 'web', ...values },
      ...more,
    });

    it('goes through preview, install, upgrade, drift and uninstall', async () => {
      const preview = await engine.create(RELEASE_TYPE, 'front', release({}), { preview: true });
      assert.ok(at(preview.outputs, 'status') instanceof Unknown);
      const made = await engine.create(RELEASE_TYPE, 'front', release({ token: new Secret('hunter2') }));
      assert.equal(made.id, `${namespace}/front`);
      assert.deepEqual(at(made.outputs, 'status'), {
        appVersion: '9',
        chart: 'front',
        name: 'front',
        namespace,
        revision: 1,
        status: 'deployed',
        version: '1.2.3',
      });
      assert.deepEqual(at(made.outputs, 'resourceNames', 'Deployment.apps/apps/v1'), ['front']);
      assert.equal(at(made.inputs, 'version'), '1.2.3');
      assert.ok(at(made.outputs, 'values', 'token') instanceof Secret);
      assert.ok(at(made.outputs, '__inputs') instanceof Secret);
      assert.equal((await engine.diff(made, release({ token: new Secret('hunter2') }))).changes, 'none');
      const scaled = await engine.update(made, release({ token: new Secret('hunter2'), replicas: 2 }));
      assert.equal(at(scaled.outputs, 'status', 'revision'), 2);
      const deployment = await cluster.get(`/apis/apps/v1/namespaces/${namespace}/deployments/front`);
      assert.equal(at(deployment as never, 'status', 'availableReplicas'), 2);
      const refreshed = (await engine.refresh(scaled))!;
      assert.equal(
        (await engine.diff(refreshed, release({ token: new Secret('hunter2'), replicas: 2 }))).changes,
        'none',
      );
      assert.deepEqual((await engine.diff(scaled, release({}, { name: 'other' }))).replaces, ['name']);
      await engine.delete(refreshed);
      assert.equal(await engine.refresh(refreshed), undefined);
      await engine.delete(refreshed);
    });

    it('waits itself for what Helm says is left when it has stopped to wait', async () => {
      const early = join(folder, 'early');
      await mkdir(early);
      const real = join(await toolFolder(helm), 'helm');
      const script = `#!/bin/sh
[ "$1" = uninstall ] || exec ${real} "$@"
name=$2; while [ "$1" != --namespace ]; do shift; done
${real} uninstall "$name" --namespace "$2" --cascade foreground || exit
[ -z "$HELM_TEST_STRANGER" ] || { echo "Error: resource Pod/$2/other still exists. status: Terminating" >&2; exit 1; }
echo "Error: uninstallation completed with 1 error(s): resource Deployment/$2/$name still exists. status: Terminating" >&2
exit 1
`;
      await writeFile(join(early, 'helm'), script, { mode: 0o755 });
      const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/early`;
      for (const stranger of ['', 'yes']) {
        const environment = { ...environmentOf(early), HELM_TEST_STRANGER: stranger };
        const other = await ScriptedEngine.start({ kubeconfig: plane.kubeconfig, namespace }, environment, folder);
        try {
          const made = await other.create(RELEASE_TYPE, 'early', release({}, { name: 'early' }));
          if (stranger !== '')
            await assert.rejects(other.delete(made), /Helm refused it: .*Pod\/.*\/other still exists/);
          else {
            await other.delete(made);
            await assert.rejects(cluster.get(deployment), { code: 404 });
          }
        } finally {
          await other.close();
        }
      }
    });

    it('makes a name, merges values of files, and pins the version', async () => {
      const inputs = await engine.check(RELEASE_TYPE, 'auto', {
        chart: './chart',
        valueYamlFiles: [new Asset({ text: 'a: {b: 1, c: 2}\nname: file' })],
        values: { a: { b: 3 } },
        skipCrds: false,
      });
      assert.match(String(inputs.name), /^auto-[0-9a-f]{8}$/);
      assert.deepEqual(inputs, {
        name: inputs.name,
        namespace,
        chart: './chart',
        version: '1.2.3',
        timeout: 300,
        values: { a: { b: 3, c: 2 }, name: 'file' },
      });
    });

    it('keeps a release that failed, says why, and installs it again', async () => {
      const error = await engine
        .create(RELEASE_TYPE, 'fails', release({ broken: 'image' }, { name: 'fails', timeout: 3 }))
        .then(
          () => assert.fail('it must fail'),
          (thrown: unknown) => thrown,
        );
      assert.ok(error instanceof ProviderError && error.partial, String(error));
      assert.equal(at(error.partial.outputs, 'status', 'status'), 'failed');
      const inputs = await engine.check(
        RELEASE_TYPE,
        'fails',
        release({ broken: 'image' }, { name: 'fails', timeout: 3 }),
      );
      const state = { type: RELEASE_TYPE, name: 'fails', id: error.partial.id, inputs, outputs: error.partial.outputs };
      assert.equal(
        (await engine.diff(state, release({ broken: 'image' }, { name: 'fails', timeout: 3 }))).changes,
        'some',
      );
      const repaired = await engine.update(state, release({}, { name: 'fails' }));
      assert.equal(at(repaired.outputs, 'status', 'status'), 'deployed');
      await engine.delete(repaired);
    });

    it("fails with Helm's words, without a value, where the chart does not render or does not exist", async () => {
      const wrong = { chart: './chart', name: 'wrong', values: { token: new Secret('hunter2') } };
      await assert.rejects(engine.create(RELEASE_TYPE, 'wrong', wrong, { preview: true }), /a name is needed/);
      await assert.rejects(engine.create(RELEASE_TYPE, 'wrong', wrong), (error: Error) => {
        assert.ok(error instanceof ProviderError && error.partial === undefined);
        assert.match(error.message, /a name is needed/);
        assert.ok(!error.message.includes('hunter2'));
        return true;
      });
      await assert.rejects(
        engine.check(RELEASE_TYPE, 'none', { chart: './none' }),
        /chart: Cannot read the chart \.\/none/,
      );
    });
  });
