import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { startKubernetes, whyNot } from '../../test/servers/start.ts';
import { configMap, deployment, namespaceNamed, service, types, widgetDefinition } from './manifests.ts';
import { at, ScriptedEngine } from './scripted-engine.ts';
import { TestBed } from './test-bed.ts';
import { type TestCluster, uniqueName } from './test-cluster.ts';

const BACKGROUND = { 'pulumi.com/deletionPropagationPolicy': 'background' };

describe('settings of the provider and annotations of objects', { skip: await whyNot('kubernetes') }, () => {
  let bed: TestBed;
  let engine: ScriptedEngine;
  let cluster: TestCluster;
  const namespace = uniqueName('settings');
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;

  before(async () => {
    bed = await TestBed.open(startKubernetes, namespace);
    ({ engine, cluster } = bed);
  });

  after(() => bed?.close());

  async function withSettings<Result>(
    settings: PropertyMap,
    use: (other: ScriptedEngine) => Promise<Result>,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Result> {
    const other = await ScriptedEngine.start({ kubeconfig: bed.kubeconfig, namespace, ...settings }, environment);
    try {
      return await use(other);
    } finally {
      await other.close();
    }
  }

  it('enableServerSideApply: false goes through the life of an object by merge patches, with a label', () =>
    withSettings({ enableServerSideApply: 'false', enableConfigMapMutable: 'true' }, async (other) => {
      const inputs = (data: PropertyMap) => configMap(namespace, data, { name: 'client-side' });
      const made = await other.create(types.configMap, 'c', inputs({ keep: '1', drop: '1' }));
      assert.equal(at(made.outputs, 'metadata', 'labels', 'app.kubernetes.io/managed-by'), 'pulumi');
      assert.equal((await other.diff(made, inputs({ keep: '1', drop: '1' }))).changes, 'none');
      await cluster.edit(`${core}/configmaps/client-side`, { data: { theirs: '1' } }, 'their-operator');
      const updated = await other.update(made, inputs({ keep: '2' }));
      assert.deepEqual(at(updated.outputs, 'data'), { keep: '2', theirs: '1' });
      const refreshed = (await other.refresh(updated))!;
      assert.equal((await other.diff(refreshed, inputs({ keep: '2' }))).changes, 'none');
      await assert.rejects(
        other.check('kubernetes:core/v1:ConfigMapPatch', 'p', configMap(namespace, {}, { name: 'x' })),
        /a patch needs server-side apply\. Set enableServerSideApply to true/,
      );
      await other.delete(refreshed);
    }));

  it('suppressDeprecationWarnings and suppressHelmHookWarnings hide what is said otherwise', async () => {
    const old = { apiVersion: 'extensions/v1beta1', kind: 'Ingress', metadata: { name: 'old' } };
    const hook = configMap(namespace, {}, { name: 'hook', annotations: { 'helm.sh/hook': 'test' } });
    for (const hidden of [false, true])
      await withSettings({ suppressDeprecationWarnings: hidden, suppressHelmHookWarnings: hidden }, async (other) => {
        await other.check('kubernetes:extensions/v1beta1:Ingress', 'old', old);
        await other.check(types.configMap, 'hook', hook);
        const said = other.messages.map(({ message }) => message).join('\n');
        assert.equal(/networking\.k8s\.io\/v1\/Ingress/.test(said), !hidden, said);
        assert.equal(/this object is a Helm hook/.test(said), !hidden, said);
      });
  });

  it('context, cluster and namespace say where objects go', async () => {
    const config = parse(await readFile(bed.kubeconfig, 'utf8'));
    const [{ name: good, cluster: entry }] = config.clusters;
    const clusters = [
      { name: 'bad', cluster: { ...entry, server: 'https://127.0.0.1:1' } },
      { name: good, cluster: entry },
    ];
    const user = config.users[0].name;
    const contexts = [
      { name: 'bad', context: { cluster: 'bad', user } },
      { name: 'good', context: { cluster: good, user, namespace } },
    ];
    const kubeconfig = JSON.stringify({ ...config, 'current-context': 'bad', clusters, contexts });
    const choices: readonly PropertyMap[] = [
      { context: 'good', namespace: '' },
      { cluster: good, namespace },
    ];
    for (const choice of choices)
      await withSettings({ kubeconfig, ...choice }, async (other) => {
        const { namespace: _its, ...metadata } = configMap(namespace, {}).metadata as PropertyMap;
        const made = await other.create(types.configMap, 'placed', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
        assert.ok(made.id.startsWith(`${namespace}/`));
        await other.delete(made);
      });
  });

  it('PULUMI_K8S_AWAIT_ALL waits for the conditions of any kind', () =>
    withSettings(
      {},
      async (other) => {
        const group = `${uniqueName('all')}.mainstay.test`;
        const definition = await other.create(types.definition, 'widgets', widgetDefinition(group));
        const path = `/apis/${group}/v1/namespaces/${namespace}/widgets/w`;
        const inputs = {
          apiVersion: `${group}/v1`,
          kind: 'Widget',
          metadata: { name: 'w', annotations: BACKGROUND },
          spec: { size: 1 },
        };
        const first = await other.create(`kubernetes:${group}/v1:Widget`, 'w', inputs);
        const conditions = (status: string) => ({
          status: { conditions: [{ type: 'Ready', status, reason: 'Busy', message: 'not yet' }] },
        });
        await cluster.edit(`${path}/status`, conditions('False'), 'operator');
        const updating = other.update(first, { ...inputs, spec: { size: 2 } }, { timeout: 20 });
        for (
          const deadline = Date.now() + 10_000;
          !other.statuses.some((status) => /not yet/.test(status)) && Date.now() < deadline;
        )
          await delay(20);
        assert.ok(other.statuses.includes('Ready is False: Busy: not yet'), other.statuses.join('\n'));
        await cluster.edit(`${path}/status`, conditions('True'), 'operator');
        await other.delete(await updating);
        await other.delete(definition);
      },
      { PULUMI_K8S_AWAIT_ALL: 'true' },
    ));

  it('names objects as pulumi:autonaming says', async () => {
    const check = (autonaming: object) =>
      engine.provider.check({
        urn: `urn:pulumi:test::test::${types.configMap}::n`,
        name: 'n',
        type: types.configMap,
        olds: {},
        news: configMap(namespace, {}),
        randomSeed: new Uint8Array(32),
        autonaming: autonaming as never,
      });
    const name = async (autonaming: object) => at((await check(autonaming)).inputs, 'metadata', 'name');
    assert.equal(await name({ mode: 'propose', proposedName: 'proposed' }), 'proposed');
    assert.equal(await name({ mode: 'enforce', proposedName: 'enforced' }), 'enforced');
    const { failures } = await check({ mode: 'disable', proposedName: '' });
    assert.match(failures[0]!.reason, /automatic names are disabled\. Set metadata\.name/);
  });

  it('pulumi.com/replaceUnready makes a Job that has failed anew', async () => {
    const job = (annotations: PropertyMap): PropertyMap => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace, name: 'unready', annotations: { 'pulumi.com/skipAwait': 'true', ...annotations } },
      spec: {
        // It never gets a node.
        template: {
          spec: {
            restartPolicy: 'Never',
            nodeSelector: { nowhere: 'x' },
            containers: [{ name: 'main', image: 'busybox:1' }],
          },
        },
      },
    });
    const made = await engine.create(types.job, 'unready', job({}));
    assert.deepEqual((await engine.diff(made, job({}))).replaces, []);
    const asked = job({ 'pulumi.com/replaceUnready': 'true' });
    assert.deepEqual((await engine.diff(made, asked)).replaces, ['metadata.annotations["pulumi.com/replaceUnready"]']);
    await engine.delete(made);
  });

  it('pulumi.com/deletionPropagationPolicy: orphan leaves what an object owns', async () => {
    const annotations = { 'pulumi.com/deletionPropagationPolicy': 'orphan' };
    const made = await engine.create(
      types.deployment,
      'parent',
      deployment(namespace, 'parent', { replicas: 1, annotations }),
    );
    await engine.delete(made);
    const { items } = (await cluster.get(`${apps}/replicasets?labelSelector=app%3Dparent`)) as {
      items: readonly never[];
    };
    assert.equal(items.length, 1);
    await cluster.delete(`${apps}/replicasets/${String(at(items[0], 'metadata', 'name'))}`);
  });

  it('pulumi.com/skipAwait does not wait for the end of what takes time to end', async () => {
    const annotations = { 'pulumi.com/skipAwait': 'true' };
    const metadata = {
      ...(deployment(namespace, 'skipping', { annotations }).metadata as PropertyMap),
      finalizers: ['mainstay.test/hold'],
    };
    const made = await engine.create(types.deployment, 's', {
      ...deployment(namespace, 'skipping', { annotations }),
      metadata,
    });
    await engine.delete(made, { timeout: 5 });
    assert.ok(at(await cluster.get(`${apps}/deployments/skipping`), 'metadata', 'deletionTimestamp'));
    await cluster.edit(`${apps}/deployments/skipping`, { metadata: { finalizers: null } });
  });

  it('says what is left in a namespace that does not go', async () => {
    const name = uniqueName('stuck');
    const made = await engine.create(types.namespace, 'stuck', namespaceNamed(name));
    const held = `/api/v1/namespaces/${name}/configmaps`;
    await cluster.post(held, { metadata: { name: 'held', finalizers: ['mainstay.test/hold'] } });
    await assert.rejects(engine.delete(made, { timeout: 8 }), (error: unknown) => {
      assert.ok(error instanceof ProviderError);
      assert.match(error.message, /finalizers are not done: .*kubernetes/);
      assert.match(error.message, /configmaps\. has 1 resource instances/);
      assert.match(error.message, /mainstay\.test\/hold in 1 resource instances/);
      return true;
    });
    await cluster.edit(`${held}/held`, { metadata: { finalizers: null } });
    await engine.delete(made);
  });

  it('shows in a preview the conflict that an update would meet', async () => {
    const annotated = (value: string) =>
      service(namespace, 'shared', { selector: {}, ports: [{ port: 80 }], sessionAffinity: value });
    const made = await engine.create(types.service, 'shared', annotated('None'));
    const first = await engine.update(made, {
      ...annotated('None'),
      metadata: { namespace, name: 'shared', labels: { a: 'b' } },
    });
    await cluster.edit(`${core}/services/shared`, { spec: { sessionAffinity: 'ClientIP' } }, 'their-operator');
    const wanted = { ...annotated('None'), metadata: { namespace, name: 'shared', labels: { a: 'c' } } };
    await assert.rejects(
      engine.update(first, wanted, { preview: true }),
      /"their-operator" \(\.spec\.sessionAffinity\)/,
    );
    await engine.delete(first);
  });
});
