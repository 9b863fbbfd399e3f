import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ControlPlane, startKubernetes, toolFolder, whyNot } from '../test/servers/start.ts';
import { Checkout } from './testing/checkout';
import { KubernetesWitness } from './testing/kubernetes-witness';

/**
 * `Application`, `Tenant`, `Chart`, `Kustomization` and `Manifests` on a real control plane. The cluster itself is asked what is there,
 * by the official client, not by our provider.
 */
describe('components on a real cluster', () => {
  let missing: string | false = false;
  let cluster: ControlPlane;
  let checkout: Checkout;
  let witness: KubernetesWitness;

  /** A test with its time limit; skipped, with the reason, where the servers are not built. */
  const test = (name: string, work: () => Promise<void>) =>
    it(name, { timeout: 180_000 }, async (context) => (missing ? context.skip(missing) : work()));

  before(async () => {
    missing = await whyNot('kubernetes', 'helm', 'kustomize');
    if (missing) return;
    cluster = await startKubernetes();
    witness = await KubernetesWitness.of(cluster.kubeconfig);
    const tools = [await toolFolder('helm'), await toolFolder('kustomize'), process.env.PATH ?? ''];
    // Without KUBECONFIG: the stack has its cluster in its own settings, encrypted.
    checkout = new Checkout({ PATH: tools.join(delimiter) });
    cpSync(join(__dirname, 'fixtures/deploy'), join(checkout.folder, 'deploy'), { recursive: true });
    cpSync(join(__dirname, 'fixtures/Pulumi.real.yaml'), join(checkout.folder, 'stacks/Pulumi.real.yaml'));
    await checkout.succeeds('stack', 'init', 'real');
    const set = ['config', 'set', '-s', 'real', '--path'];
    await checkout.succeeds(...set, 'mainstay:cluster.kind', 'existing');
    const kubeconfig = readFileSync(cluster.kubeconfig, 'utf8');
    await checkout.succeeds(...set, 'mainstay:cluster.kubeconfig', '--secret', kubeconfig);
  });
  after(async () => {
    checkout?.remove();
    await cluster?.stop();
  });

  test('become available, and are then what the settings say', async () => {
    await checkout.succeeds('up', '-s', 'real', '--yes', '--skip-preview');
    // The autoscaler has its own pace with its minimum.
    const scaled = ({ name, ready }: { name: string; ready: number }) => name === 'store/worker' && ready === 2;
    while (!(await witness.deployments()).some(scaled)) await new Promise((again) => setTimeout(again, 500));
    const found = await witness.deployments();
    assert.deepEqual(found, [
      { name: 'default/kustomized-proxy', available: true, ready: 1 },
      { name: 'gadgets/robot', available: true, ready: 1 },
      { name: 'store/cache', available: true, ready: 2 },
      { name: 'store/shop', available: true, ready: 2 },
      { name: 'store/worker', available: true, ready: 2 },
    ]);
    await checkout.succeeds('preview', '-s', 'real', '--expect-no-changes');
    await checkout.succeeds('refresh', '-s', 'real', '--yes', '--skip-preview', '--expect-no-changes');
  });

  test('run on a cluster that gives out what every cluster gives out', async () => {
    const { server, caData } = witness.cluster;
    assert.equal((await checkout.succeeds('stack', 'output', 'clusterEndpoint', '-s', 'real')).trim(), server);
    const all = await checkout.succeeds('stack', 'output', '-s', 'real', '--json');
    // Left out where a cluster trusts without one, as a given cluster may and ours does.
    assert.equal(JSON.parse(all).clusterCertificateAuthority, caData);
    assert.match(await checkout.succeeds('stack', 'output', '-s', 'real'), /kubeconfig +\[secret\]/);
  });

  test('are there with all that a cluster makes of them', async () => {
    assert.deepEqual(await witness.endpoints('store', 'shop'), [8080, 8080]);
    assert.equal(await witness.finished('store', 'shop-schema'), true);
    for (const path of [
      '/apis/batch/v1/namespaces/store/cronjobs/shop-clean',
      '/apis/networking.k8s.io/v1/namespaces/store/ingresses/shop',
      '/apis/networking.k8s.io/v1/namespaces/store/networkpolicies/shop',
      '/apis/policy/v1/namespaces/store/poddisruptionbudgets/shop',
      '/apis/autoscaling/v2/namespaces/store/horizontalpodautoscalers/worker',
      '/api/v1/namespaces/default/configmaps/kustomized-settings',
      '/apis/example.org/v1/namespaces/gadgets/widgets/w',
    ]) {
      assert.equal((await witness.get(path)).code, 200, path);
    }
    const budget = await witness.get('/apis/policy/v1/namespaces/store/poddisruptionbudgets/shop');
    assert.equal(budget.text.includes('"expectedPods":2'), true, budget.text);
  });

  test('are kept within their tenant by the cluster itself', async () => {
    const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'guest' }, spec });
    const container = { name: 'guest', image: 'guest:1' };
    const privileged = pod({ containers: [{ ...container, securityContext: { privileged: true } }] });
    const refused = await witness.create('/api/v1/namespaces/store/pods', privileged);
    assert.equal(refused.code, 403);
    assert.match(refused.text, /violates PodSecurity \\?"restricted/);
    const restricted = {
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    };
    const huge = { requests: { cpu: '40', memory: '1Gi' }, limits: { memory: '1Gi' } };
    const large = pod({ containers: [{ ...container, securityContext: restricted, resources: huge }] });
    const full = await witness.create('/api/v1/namespaces/store/pods', large);
    assert.equal(full.code, 403);
    assert.match(full.text, /exceeded quota: quota/);
    const allowed = (verb: string, namespace: string) =>
      witness.mayGroup({ group: 'developers', verb, resource: 'deployments', apiGroup: 'apps', namespace });
    assert.deepEqual([await allowed('update', 'store'), await allowed('update', 'gadgets')], [true, false]);
  });

  test('roll out a new image and new configuration', async () => {
    checkout.edit('stacks/Pulumi.real.yaml', 'shop:1.4.2', 'shop:1.5.0');
    checkout.edit('stacks/Pulumi.real.yaml', '"a = 1"', '"a = 2"');
    const output = await checkout.succeeds('up', '-s', 'real', '--yes', '--skip-preview');
    assert.match(output, /Deployment shop updated/);
    assert.match(output, /ConfigMap shop .*replac/);
    assert.doesNotMatch(output, /Deployment worker updated/);
    assert.deepEqual(await witness.images('store', 'shop'), ['registry.example/shop:1.5.0']);
    const shop = (await witness.deployments()).find(({ name }) => name === 'store/shop');
    assert.deepEqual(shop, { name: 'store/shop', available: true, ready: 2 });
  });

  test('go away again', async () => {
    assert.match(await checkout.succeeds('destroy', '-s', 'real', '--yes', '--skip-preview'), /deleted/);
    assert.deepEqual(await witness.deployments(), []);
    assert.equal((await witness.get('/api/v1/namespaces/store')).code, 404);
  });
});
