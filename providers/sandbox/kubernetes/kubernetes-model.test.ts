import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type PropertyMap, Secret, Unknown } from '../../../protocol/property-value.ts';
import { TestDesk } from '../testing-desk.ts';

let desk: TestDesk;
beforeEach(() => {
  desk = new TestDesk();
});
afterEach(() => desk.close());

const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
const labels = { app: 'web' };

function deployment(image: string, name?: string) {
  const metadata: PropertyMap = name === undefined ? {} : { name };
  return {
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
    },
  };
}

describe('Kubernetes in the sandbox', () => {
  it('stores objects as they are, with what a cluster adds', async () => {
    const { id, outputs } = await desk.make(DEPLOYMENT, 'web', deployment('web:1', 'web'));
    assert.equal(id, 'default/web');
    assert.equal(outputs.kind, 'Deployment');
    const metadata = outputs.metadata as Record<string, unknown>;
    assert.match(String(metadata.uid), /^[0-9a-f-]{36}$/);
    assert.equal(metadata.namespace, 'default');
    assert.equal((outputs.status as { availableReplicas: number }).availableReplicas, 2);
  });

  it('names what has no name, and keeps that name', async () => {
    const made = await desk.make(DEPLOYMENT, 'web', deployment('web:1'));
    assert.match(made.id, /^default\/web-[0-9a-f]{8}$/);
    const provider = await desk.provider('kubernetes');
    const news = deployment('web:2');
    const checked = await provider.check({ ...made, olds: made.inputs, news, randomSeed: new Uint8Array(32) });
    assert.deepEqual(checked.inputs.metadata, made.inputs.metadata);
  });

  it('keeps metadata that is secret or not known yet as it is', async () => {
    const secret = await desk.make('kubernetes:core/v1:ConfigMap', 's', { metadata: new Secret({ name: 'hidden' }) });
    for (const values of [secret.inputs, secret.outputs]) assert.ok(values.metadata instanceof Secret);
    const provider = await desk.provider('kubernetes');
    const news = { metadata: new Unknown('object') };
    const checked = await provider.check({ ...secret, olds: {}, news, randomSeed: new Uint8Array(32) });
    assert.ok(checked.inputs.metadata instanceof Unknown);
    const { id } = await provider.create({ ...secret, inputs: checked.inputs, timeout: 0, preview: true });
    assert.equal(id, '');
  });

  it('checks inputs against the published types', async () => {
    const wrong = deployment('web:1');
    const typo = { ...wrong, spec: { ...wrong.spec, replica: 3 } };
    await assert.rejects(
      () => desk.make(DEPLOYMENT, 'web', typo),
      /spec\.replica is not a property.*did you mean replicas\?/,
    );
    const text = { ...wrong, spec: { ...wrong.spec, replicas: 'three' } };
    await assert.rejects(() => desk.make(DEPLOYMENT, 'web', text), /spec\.replicas must be a number, not a string/);
    const stray = { ...wrong, spec: { ...wrong.spec, selector: { matchLabels: { app: 'other' } } } };
    await assert.rejects(() => desk.make(DEPLOYMENT, 'web', stray), /does not match the pods of its own template/);
    await assert.rejects(
      () => desk.make(DEPLOYMENT, 'web', deployment('web:1', 'No_Name')),
      /not a name that Kubernetes takes/,
    );
  });

  it('updates images and sizes in place, and replaces what a cluster never lets change', async () => {
    const made = await desk.make(DEPLOYMENT, 'web', deployment('web:1', 'web'));
    const image = await desk.diff(made, { ...made.inputs, spec: deployment('web:2').spec });
    assert.deepEqual(image.replaces, []);
    assert.deepEqual(Object.keys(image.detailedDiff!), ['spec.template.spec.containers[0].image']);
    const selector = { ...deployment('web:1').spec, selector: { matchLabels: { app: 'web', tier: 'front' } } };
    const replaced = await desk.diff(made, { ...made.inputs, spec: selector });
    assert.deepEqual([replaced.replaces, replaced.deleteBeforeReplace], [['spec'], true]);
  });

  it('gives new content of a ConfigMap a new object, side by side where it has no name of its own', async () => {
    const made = await desk.make('kubernetes:core/v1:ConfigMap', 'a', { data: { x: '1' } });
    const diff = await desk.diff(made, { ...made.inputs, data: { x: '2' } });
    assert.deepEqual(diff.replaces, ['data']);
    const provider = await desk.provider('kubernetes');
    const news = { data: { x: '2' } };
    const fresh = await provider.check({ ...made, olds: {}, news, randomSeed: new Uint8Array(32).fill(7) });
    assert.equal((await desk.diff(made, fresh.inputs)).deleteBeforeReplace, false);
  });

  it('wants the namespace first, and empties it when it goes', async () => {
    const inside = { metadata: { name: 'a', namespace: 'store' } };
    await assert.rejects(() => desk.make('kubernetes:core/v1:ConfigMap', 'a', inside), /namespaces "store" not found/);
    const namespace = await desk.make('kubernetes:core/v1:Namespace', 'store', { metadata: { name: 'store' } });
    assert.equal(namespace.id, 'store');
    const map = await desk.make('kubernetes:core/v1:ConfigMap', 'a', inside);
    await desk.remove(namespace);
    assert.equal((await desk.read(map)).id, '');
  });

  it('keeps the objects of two clusters apart', async () => {
    const cluster = (host: string) => ({ kubeconfig: `clusters:\n- cluster: {server: https://${host}}` });
    const map = { metadata: { name: 'a' } };
    await desk.make('kubernetes:core/v1:ConfigMap', 'one', map, cluster('one.example'));
    await desk.make('kubernetes:core/v1:ConfigMap', 'two', map, cluster('two.example'));
    await assert.rejects(
      () => desk.make('kubernetes:core/v1:ConfigMap', 'three', map, cluster('two.example')),
      /already exists/,
    );
  });

  it('decodes YAML for manifests, lists and all', async () => {
    const provider = await desk.provider('kubernetes');
    const text = [
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: store}',
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}',
    ].join('\n---\n');
    const args = { text, defaultNamespace: 'store' };
    const { result } = await provider.invoke({ token: 'kubernetes:yaml:decode', args });
    assert.deepEqual(
      (result.result as readonly { kind: string; metadata: unknown }[]).map(({ kind, metadata }) => [kind, metadata]),
      [
        ['Namespace', { name: 'store' }],
        ['ConfigMap', { namespace: 'store', name: 'a' }],
      ],
    );
    const broken = { text: 'a: [', defaultNamespace: 'store' };
    await assert.rejects(() => provider.invoke({ token: 'kubernetes:yaml:decode', args: broken }), /as it is not YAML/);
  });

  it('says so where a tool for rendering is missing', async () => {
    const provider = await desk.provider('kubernetes');
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await assert.rejects(
        () => provider.invoke({ token: 'kubernetes:kustomize:directory', args: { directory: '.' } }),
        /kustomize does not start: it is not installed/,
      );
    } finally {
      process.env.PATH = path;
    }
  });
});
