import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Unknown } from '../../../protocol/property-value.ts';
import { type ControlPlane, startKubernetes, toolFolder, whyNot } from '../../../test/servers/start.ts';
import { at, ScriptedEngine } from '../scripted-engine.ts';

const chart: Readonly<Record<string, string>> = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: front\nversion: 1.2.3\n',
  'chart/values.yaml': 'replicas: 1\nname: web\n',
  'chart/crds/widget.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.charts.mainstay.test}
spec: {group: charts.mainstay.test, scope: Cluster, names: {kind: Widget, plural: widgets}, versions: []}
`,
  'chart/templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Values.name }}, annotations: {release: {{ .Release.Name }}, kube: "{{ .Capabilities.KubeVersion.Version }}"}}
spec: {replicas: {{ .Values.replicas }}}
{{- if .Capabilities.APIVersions.Has "apps/v1/Deployment" }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: knows-apps}
{{- end }}
---
apiVersion: charts.mainstay.test/v1
kind: Widget
metadata: {name: instance}
`,
  'chart/templates/test.yaml': `apiVersion: v1
kind: Pod
metadata: {name: probe, annotations: {"helm.sh/hook": test}}
`,
  'broken/Chart.yaml': 'apiVersion: v2\nname: broken\nversion: 1.0.0\n',
  'broken/templates/all.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ required "a name is needed" .Values.name }}}\n',
  'overlay/kustomization.yaml': 'namePrefix: dev-\nresources: [map.yaml]\n',
  'overlay/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n',
  'bad/kustomization.yaml': 'resources: [missing.yaml]\n',
};

for (const helm of ['helm', 'helm3'] as const)
  describe(`charts and kustomizations with ${helm === 'helm' ? 'Helm 4' : 'Helm 3'}`, {
    skip: await whyNot('kubernetes', helm, 'kustomize'),
  }, () => {
    let plane: ControlPlane;
    let engine: ScriptedEngine;
    let folder: string;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mainstay-charts-'));
      for (const [name, text] of Object.entries(chart)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      }
      plane = await startKubernetes();
      const PATH = [await toolFolder(helm), await toolFolder('kustomize'), process.env.PATH].join(':');
      engine = await ScriptedEngine.start({ kubeconfig: plane.kubeconfig }, { ...process.env, PATH }, folder);
    });

    after(async () => {
      await engine?.close();
      await plane?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    async function template(options: object): Promise<readonly unknown[]> {
      const args = { jsonOpts: JSON.stringify(options) };
      const { result } = await engine.provider.invoke({ token: 'kubernetes:helm:template', args });
      return at(result, 'result') as readonly unknown[];
    }

    const named = (objects: readonly unknown[]) =>
      objects
        .map((object) => `${String(at(object as never, 'kind'))} ${String(at(object as never, 'metadata', 'name'))}`)
        .sort();

    it('renders a chart with its values, its definitions and what the cluster can do', async () => {
      const objects = await template({ path: './chart', release_name: 'r', namespace: 'n', values: { replicas: 3 } });
      assert.deepEqual(named(objects), [
        'ConfigMap knows-apps',
        'CustomResourceDefinition widgets.charts.mainstay.test',
        'Deployment web',
        'Widget instance',
      ]);
      const deployment = objects.find((object) => at(object as never, 'kind') === 'Deployment') as never;
      assert.equal(at(deployment, 'spec', 'replicas'), 3);
      assert.equal(at(deployment, 'metadata', 'annotations', 'release'), 'r');
      assert.match(String(at(deployment, 'metadata', 'annotations', 'kube')), /^v1\.\d+/);
      assert.equal(at(deployment, 'metadata', 'namespace'), 'n');
      const widget = objects.find((object) => at(object as never, 'kind') === 'Widget') as never;
      assert.equal(
        at(widget, 'metadata', 'namespace'),
        undefined,
        'its definition in the chart says that it is in none',
      );
    });

    it('renders tests and leaves definitions out when told', async () => {
      const objects = await template({
        path: './chart',
        release_name: 'r',
        include_test_hook_resources: true,
        skip_crd_rendering: true,
      });
      assert.ok(named(objects).includes('Pod probe'));
      assert.ok(!named(objects).some((name) => name.startsWith('CustomResourceDefinition')));
    });

    it("fails with Helm's words where a chart does not render", async () => {
      await assert.rejects(
        template({ path: './broken', release_name: 'r' }),
        /Cannot render the chart \.\/broken as Helm refused it: .*a name is needed/,
      );
      await assert.rejects(template({ path: './no-chart', release_name: 'r' }), /no-chart/);
    });

    it('builds a kustomization, and fails with the words of Kustomize', async () => {
      const build = (directory: string) =>
        engine.provider.invoke({ token: 'kubernetes:kustomize:directory', args: { directory } });
      assert.deepEqual(named(at((await build('./overlay')).result, 'result') as never), ['ConfigMap dev-map']);
      await assert.rejects(
        build('./bad'),
        /Cannot build the kustomization \.\/bad as Kustomize refused it: .*missing\.yaml/,
      );
    });

    it('decodes manifests: several documents, lists, empty ones', async () => {
      const text = `# nothing
---
apiVersion: v1
kind: ConfigMapList
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: own}}
---
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "c"}}
---
`;
      const args = { text, defaultNamespace: 'given' };
      const { result } = await engine.provider.invoke({ token: 'kubernetes:yaml:decode', args });
      assert.deepEqual(at(result, 'result'), [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'given' } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace: 'own' } },
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'c' } },
      ]);
      const unknown = await engine.provider.invoke({ token: 'kubernetes:yaml:decode', args: { text: new Unknown() } });
      assert.ok(at(unknown.result, 'result') instanceof Unknown);
    });

    it('names the line of a manifest that is no YAML', async () => {
      const args = { text: 'apiVersion: v1\nkind: [\n' };
      await assert.rejects(
        engine.provider.invoke({ token: 'kubernetes:yaml:decode', args }),
        /the manifest:\d+.* is no YAML/,
      );
    });

    it('says what to do without the executable', async () => {
      const lonely = await ScriptedEngine.start(
        { kubeconfig: plane.kubeconfig },
        { PATH: '/nowhere', MAINSTAY_SERVERS_CACHE: folder },
        folder,
      );
      const args = { jsonOpts: JSON.stringify({ path: './chart' }) };
      await assert.rejects(
        lonely.provider.invoke({ token: 'kubernetes:helm:template', args }),
        /Cannot find the executable helm .*npm run servers/,
      );
      await lonely.close();
    });
  });
