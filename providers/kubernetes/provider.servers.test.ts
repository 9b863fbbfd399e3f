import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret, Unknown } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { startKubernetes, whyNot } from '../../test/servers/start.ts';
import { configMap, deployment, service, types, widgetDefinition } from './manifests.ts';
import { at, ScriptedEngine } from './scripted-engine.ts';
import { TestBed } from './test-bed.ts';
import { type TestCluster, uniqueName } from './test-cluster.ts';

describe('the kubernetes provider on a real control plane', { skip: await whyNot('kubernetes') }, () => {
  let bed: TestBed;
  let engine: ScriptedEngine;
  let cluster: TestCluster;
  const namespace = uniqueName('provider');
  const apps = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const core = `/api/v1/namespaces/${namespace}`;

  before(async () => {
    bed = await TestBed.open(startKubernetes, namespace);
    ({ engine, cluster } = bed);
  });

  after(() => bed?.close());

  describe('state', () => {
    it('has the official form', async () => {
      const made = await engine.create(types.configMap, 'state', configMap(namespace, { key: 'value' }));
      assert.equal(made.id, `${namespace}/${String(at(made.outputs, 'metadata', 'name'))}`);
      assert.match(made.id, /\/state-[0-9a-f]{8}$/);
      assert.equal(at(made.outputs, 'metadata', 'annotations', 'pulumi.com/autonamed'), 'true');
      assert.equal(at(made.outputs, '__initialApiVersion'), 'v1');
      assert.match(String(at(made.outputs, '__fieldManager')), /^pulumi-kubernetes-[0-9a-f]{8}$/);
      assert.deepEqual(at(made.outputs, '__inputs'), made.inputs);
      assert.equal(typeof at(made.outputs, 'metadata', 'uid'), 'string');
      await engine.delete(made);
    });

    it('never holds the data of a Secret in the clear', async () => {
      const inputs = { apiVersion: 'v1', kind: 'Secret', metadata: {}, stringData: { password: 'hunter2' } };
      const made = await engine.create(types.secret, 'secret', inputs);
      const encoded = Buffer.from('hunter2').toString('base64');
      assert.deepEqual(at(made.outputs, 'data'), new Secret({ password: encoded }));
      assert.deepEqual(at(made.outputs, '__inputs', 'data'), new Secret({ password: encoded }));
      assert.equal((await engine.diff(made, inputs)).changes, 'none');
      await engine.delete(made);
    });

    it('keeps a secret value secret in any kind', async () => {
      const made = await engine.create(types.configMap, 'hidden', configMap(namespace, { key: new Secret('quiet') }));
      assert.deepEqual(at(made.outputs, 'data', 'key'), new Secret('quiet'));
      await engine.delete(made);
    });
  });

  describe('preview', () => {
    it('shows what the server would make of a new object, and stores nothing', async () => {
      const preview = await engine.create(types.deployment, 'p', deployment(namespace, 'previewed'), { preview: true });
      assert.equal(preview.id, '');
      assert.equal(at(preview.outputs, 'spec', 'strategy', 'type'), 'RollingUpdate', 'a default of the server');
      assert.equal(at(preview.outputs, 'status'), undefined);
      assert.ok(at(preview.outputs, 'metadata', 'uid') instanceof Unknown);
      await assert.rejects(cluster.get(`${apps}/previewed`), { code: 404 });
    });

    it('is the same twice', async () => {
      const once = await engine.create(types.service, 's', service(namespace, 'twice'), { preview: true });
      const again = await engine.create(types.service, 's', service(namespace, 'twice'), { preview: true });
      assert.deepEqual(once.outputs, again.outputs);
      assert.ok(at(once.outputs, 'spec', 'clusterIP') instanceof Unknown, 'an address is given out at creation only');
    });

    it("fails with the server's own words and the path for what the server refuses", async () => {
      const wrong = deployment(namespace, 'wrong', {
        spec: { template: { metadata: { labels: { app: 'other' } }, spec: {} } },
      });
      await assert.rejects(engine.create(types.deployment, 'w', wrong, { preview: true }), (error: Error) => {
        assert.match(error.message, /spec\.template\.spec\.containers: Required value/);
        assert.match(error.message, /spec\.template\.metadata\.labels/);
        return true;
      });
    });

    it('goes on without a namespace that the same stack creates', async () => {
      const inputs = configMap('not-there-yet', { key: 'value' });
      const preview = await engine.create(types.configMap, 'early', inputs, { preview: true });
      assert.equal(at(preview.outputs, 'data', 'key'), 'value');
    });

    it('goes on without a kind that the same stack defines', async () => {
      const inputs = {
        apiVersion: 'early.mainstay.test/v1',
        kind: 'Widget',
        metadata: { name: 'w' },
        spec: { size: 1 },
      };
      const preview = await engine.create('kubernetes:early.mainstay.test/v1:Widget', 'w', inputs, { preview: true });
      assert.equal(at(preview.outputs, 'spec', 'size'), 1);
    });

    it('returns inputs with unknowns as they are', async () => {
      const inputs = configMap(namespace, { key: new Unknown() });
      const preview = await engine.create(types.configMap, 'unknown', inputs, { preview: true });
      assert.ok(at(preview.outputs, 'data', 'key') instanceof Unknown);
    });

    it('shows what an update would make, without storing it', async () => {
      const made = await engine.create(types.deployment, 'u', deployment(namespace, 'changing', { replicas: 1 }));
      const preview = await engine.update(made, deployment(namespace, 'changing', { replicas: 2 }), { preview: true });
      assert.equal(at(preview.outputs, 'spec', 'replicas'), 2);
      assert.equal(at(await cluster.get(`${apps}/changing`), 'spec', 'replicas'), 1);
      await engine.delete(made);
    });
  });

  describe('diff', () => {
    it('finds nothing to change in what was just created, whatever the spelling', async () => {
      const container = { resources: { limits: { cpu: '1000m', memory: '1024Mi' } }, ports: [{ containerPort: 80 }] };
      const inputs = deployment(namespace, 'spelled', { replicas: 1, container });
      const made = await engine.create(types.deployment, 'spelled', inputs);
      assert.deepEqual((await engine.diff(made, inputs)).detailedDiff, {});
      const refreshed = (await engine.refresh(made))!;
      assert.deepEqual((await engine.diff(refreshed, inputs)).detailedDiff, {});
      await engine.delete(made);
    });

    it('updates what can be changed and replaces for what cannot', async () => {
      const made = await engine.create(types.deployment, 'r', deployment(namespace, 'replaced', { replicas: 1 }));
      const scaled = await engine.diff(made, deployment(namespace, 'replaced', { replicas: 2 }));
      assert.deepEqual(scaled.detailedDiff, { 'spec.replicas': { kind: 'update', inputDiff: false } });
      assert.deepEqual(scaled.replaces, []);
      const selected = await engine.diff(made, deployment(namespace, 'replaced', { replicas: 1, selector: 'other' }));
      assert.deepEqual(selected.replaces, ['spec.selector.matchLabels.app']);
      assert.equal(selected.deleteBeforeReplace, true, 'the new one has the same name');
      await engine.delete(made);
    });

    it('replaces a ConfigMap under a new name first, unless it is mutable', async () => {
      const made = await engine.create(types.configMap, 'replaced', configMap(namespace, { key: 'a' }));
      const diff = await engine.diff(made, configMap(namespace, { key: 'b' }));
      assert.deepEqual(diff.replaces, ['data.key']);
      assert.equal(diff.deleteBeforeReplace, false, 'it was named by the provider');
      const mutable = await ScriptedEngine.start({ kubeconfig: bed.kubeconfig, enableConfigMapMutable: 'true' });
      assert.deepEqual((await mutable.diff(made, configMap(namespace, { key: 'b' }))).replaces, []);
      await mutable.close();
      await engine.delete(made);
    });

    it('sees no change in a zero value that the official provider leaves out of its state', async () => {
      const container = { volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: false }] };
      const withZero = deployment(namespace, 'zero', { replicas: 1, container });
      const volumes = { volumes: [{ name: 'v', emptyDir: {} }] };
      const complete = (inputs: typeof withZero) => ({
        ...inputs,
        spec: {
          ...(inputs.spec as object),
          template: {
            metadata: { labels: { app: 'zero' } },
            spec: { ...(at(inputs, 'spec', 'template', 'spec') as object), ...volumes },
          },
        },
      });
      const without = complete(
        deployment(namespace, 'zero', { replicas: 1, container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] } }),
      );
      const made = await engine.create(types.deployment, 'zero', without as never);
      assert.equal((await engine.diff(made, complete(withZero) as never)).changes, 'none');
      const meant = complete(
        deployment(namespace, 'zero', {
          replicas: 1,
          container: { ...container, securityContext: { allowPrivilegeEscalation: false } },
        }),
      );
      assert.equal((await engine.diff(made, meant as never)).changes, 'some', 'this one means something');
      await engine.delete(made);
    });
  });

  describe('refresh', () => {
    it('says that an object that was deleted outside is gone', async () => {
      const made = await engine.create(types.configMap, 'gone', configMap(namespace, { key: 'a' }, { name: 'gone' }));
      await cluster.delete(`${core}/configmaps/gone`);
      assert.equal(await engine.refresh(made), undefined);
      await engine.delete(made);
    });

    it('finds what kubectl edit changed, and the next update changes it back', async () => {
      const inputs = deployment(namespace, 'edited', { replicas: 1, container: { args: ['--a'] } });
      const made = await engine.create(types.deployment, 'edited', inputs);
      const patch = {
        spec: {
          replicas: 2,
          template: { spec: { containers: [{ name: 'main', image: 'evil:1', args: ['--a', '--b'] }] } },
        },
      };
      await cluster.edit(`${apps}/edited`, patch);
      const refreshed = (await settled(made))!;
      assert.equal(at(refreshed.inputs, 'spec', 'replicas'), 2);
      const diff = await engine.diff(refreshed, inputs);
      assert.deepEqual(Object.keys(diff.detailedDiff!).sort(), [
        'spec.replicas',
        'spec.template.spec.containers[0].args[1]',
        'spec.template.spec.containers[0].image',
      ]);
      const preview = await engine.update(refreshed, inputs, { preview: true });
      assert.equal(at(preview.outputs, 'spec', 'replicas'), 1);
      const restored = await engine.update(refreshed, inputs);
      assert.equal(at(restored.outputs, 'spec', 'template', 'spec', 'containers', 0, 'image'), 'nginx:1');
      assert.deepEqual(at(restored.outputs, 'spec', 'template', 'spec', 'containers', 0, 'args'), ['--a']);
      await engine.delete(made);
    });

    it('leaves what the program does not set to others: an autoscaler, a sidecar injector, labels', async () => {
      const inputs = deployment(namespace, 'scaled');
      const made = await engine.create(types.deployment, 'scaled', inputs);
      await cluster.edit(`${apps}/scaled`, { spec: { replicas: 3 } }, 'horizontal-pod-autoscaler');
      await cluster.edit(`${apps}/scaled`, { metadata: { labels: { team: 'x' } } }, 'labeller');
      const sidecars = [
        { name: 'sidecar', image: 'proxy:1' },
        { name: 'main', image: 'nginx:1' },
      ];
      await cluster.edit(`${apps}/scaled`, { spec: { template: { spec: { containers: sidecars } } } }, 'injector');
      const refreshed = (await settled(made))!;
      assert.equal((await engine.diff(refreshed, inputs)).changes, 'none');
      assert.equal(at(refreshed.outputs, 'spec', 'replicas'), 3, 'the outputs say what is');
      const updated = await engine.update(refreshed, deployment(namespace, 'scaled', { image: 'nginx:2' }), {});
      assert.equal(at(updated.outputs, 'spec', 'replicas'), 3, 'an update does not scale it back');
      await engine.delete(made);
    });

    it('takes a field away that the program no longer sets', async () => {
      const labels = { labels: { keep: 'yes', drop: 'me' } };
      const made = await engine.create(
        types.configMap,
        'l',
        configMap(namespace, { key: 'a' }, { name: 'labels', ...labels }),
      );
      const updated = await engine.update(
        made,
        configMap(namespace, { key: 'a' }, { name: 'labels', labels: { keep: 'yes' } }),
      );
      assert.deepEqual(at(updated.outputs, 'metadata', 'labels'), { keep: 'yes' });
      await engine.delete(made);
    });

    /** Reads until a Deployment that changes is ready again: a refresh of one that is not reports that. */
    async function settled(resource: Parameters<ScriptedEngine['refresh']>[0]): ReturnType<ScriptedEngine['refresh']> {
      for (;;) {
        try {
          return await engine.refresh(resource);
        } catch (error) {
          assert.ok(error instanceof ProviderError && error.partial, String(error));
          await delay(50);
        }
      }
    }
  });

  describe('field managers', () => {
    it('names the other manager of a conflict and how to take over, and takes over when told', async () => {
      const inputs = (key: string, annotations = {}) => configMap(namespace, { key }, { name: 'owned', annotations });
      const mutable = await ScriptedEngine.start({ kubeconfig: bed.kubeconfig, enableConfigMapMutable: true });
      const made = await mutable.create(types.configMap, 'owned', inputs('a'));
      const updated = await mutable.update(made, inputs('b'));
      await cluster.edit(`${core}/configmaps/owned`, { data: { key: 'theirs' } }, 'their-operator');
      await assert.rejects(mutable.update(updated, inputs('c')), (error: Error) => {
        assert.match(error.message, /"their-operator" \(\.data\.key\)/);
        assert.match(error.message, /pulumi\.com\/patchForce/);
        return true;
      });
      assert.equal(at(await cluster.get(`${core}/configmaps/owned`), 'data', 'key'), 'theirs', 'nothing was changed');
      const forced = await mutable.update(updated, inputs('c', { 'pulumi.com/patchForce': 'true' }));
      assert.equal(at(forced.outputs, 'data', 'key'), 'c');
      await mutable.delete(forced);
      await mutable.close();
    });

    it('refuses to create over an object that exists, and does so with upsertExistingObjects', async () => {
      await cluster.post(`${core}/configmaps`, configMap(namespace, { key: 'old', other: 'x' }, { name: 'existing' }));
      const inputs = configMap(
        namespace,
        { key: 'new' },
        { name: 'existing', annotations: { 'pulumi.com/patchForce': 'true' } },
      );
      await assert.rejects(engine.create(types.configMap, 'existing', inputs), /it exists already in the cluster/);
      const upserting = await ScriptedEngine.start({ kubeconfig: bed.kubeconfig, upsertExistingObjects: 'true' });
      const made = await upserting.create(types.configMap, 'existing', inputs);
      assert.deepEqual(at(made.outputs, 'data'), { key: 'new', other: 'x' });
      await upserting.delete(made);
      await upserting.close();
    });

    it('patches some fields of an object of somebody else and gives them up again', async () => {
      await cluster.post(`${core}/configmaps`, configMap(namespace, { theirs: '1' }, { name: 'patched' }));
      const inputs = configMap(namespace, { ours: '1' }, { name: 'patched' });
      const patch = await engine.create('kubernetes:core/v1:ConfigMapPatch', 'patch', inputs);
      assert.deepEqual(at(patch.outputs, 'data'), { theirs: '1', ours: '1' });
      const refreshed = (await engine.refresh(patch))!;
      assert.equal((await engine.diff(refreshed, inputs)).changes, 'none');
      await engine.delete(patch);
      assert.deepEqual(at(await cluster.get(`${core}/configmaps/patched`), 'data'), { theirs: '1' });
    });

    it('does not overwrite an ignored field that somebody else has set', async () => {
      const inputs = (image: string, replicas: number) => deployment(namespace, 'ignored', { image, replicas });
      const made = await engine.create(types.deployment, 'ignored', inputs('nginx:1', 1));
      const first = await engine.update(made, inputs('nginx:2', 1));
      await cluster.edit(`${apps}/ignored`, { spec: { replicas: 2 } }, 'horizontal-pod-autoscaler');
      const updated = await engine.update(first, inputs('nginx:3', 1), { ignoreChanges: ['spec.replicas'] });
      assert.equal(at(updated.outputs, 'spec', 'replicas'), 2);
      await engine.delete(updated);
    });
  });

  describe('custom kinds', () => {
    it('creates an instance as soon as its definition is established, updates and deletes both', async () => {
      const group = `${uniqueName('g')}.mainstay.test`;
      const definition = await engine.create(types.definition, 'widgets', widgetDefinition(group));
      const inputs = (size: number) => ({
        apiVersion: `${group}/v1`,
        kind: 'Widget',
        metadata: { name: 'w' },
        spec: { size },
      });
      const type = `kubernetes:${group}/v1:Widget`;
      const widget = await engine.create(type, 'widget', inputs(1));
      assert.equal(widget.id, `${namespace}/w`);
      const bigger = await engine.update(widget, inputs(2));
      assert.equal(at(bigger.outputs, 'spec', 'size'), 2);
      await assert.rejects(engine.update(bigger, inputs('big' as never)), /spec\.size/);
      await engine.delete(definition);
      assert.equal(await engine.refresh(bigger), undefined, 'without its definition there is no instance');
      await engine.delete(bigger);
    });
  });

  describe('import', () => {
    it('reads an object by type and id alone', async () => {
      await cluster.post(apps, deployment(namespace, 'imported', { replicas: 1 }));
      const type = types.deployment;
      const imported = (await engine.refresh({
        type,
        name: 'imported',
        id: `${namespace}/imported`,
        inputs: {},
        outputs: {},
      }))!;
      assert.equal(at(imported.inputs, 'spec', 'replicas'), 1);
      assert.equal(at(imported.inputs, 'metadata', 'uid'), undefined);
      assert.equal(at(imported.inputs, 'status'), undefined);
      assert.equal((await engine.diff(imported, imported.inputs)).changes, 'none');
      assert.equal(
        await engine.refresh({ ...imported, id: `${namespace}/no-such`, inputs: {}, outputs: {} }),
        undefined,
      );
      await engine.delete(imported);
    });
  });

  describe('delete', () => {
    it('is fine with an object that is gone', async () => {
      const made = await engine.create(types.configMap, 'twice', configMap(namespace, {}, { name: 'twice' }));
      await engine.delete(made);
      await engine.delete(made);
    });

    it('explains what holds an object that does not go, and goes on when it does', async () => {
      const metadata = { name: 'held', finalizers: ['mainstay.test/hold'] };
      const made = await engine.create(types.configMap, 'held', configMap(namespace, {}, metadata));
      await assert.rejects(engine.delete(made, { timeout: 1 }), (error: unknown) => {
        assert.ok(error instanceof ProviderError);
        assert.match(error.message, /finalizers are not done: .*mainstay\.test\/hold/);
        assert.equal(error.partial?.id, `${namespace}/held`);
        return true;
      });
      const deleting = engine.delete(made);
      await cluster.edit(`${core}/configmaps/held`, { metadata: { finalizers: null } });
      await deleting;
    });
  });
});
