import assert from 'node:assert/strict';
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { TestCluster, uniqueName } from '../../providers/kubernetes/test-cluster.ts';
import { readRunnerFile } from '../../runner/repository-settings.ts';
import { type ControlPlane, startKubernetes, toolFolder, whyNot } from '../servers/start.ts';
import { CHART, MANIFESTS, renderManifests } from './manifests.ts';

interface Finished {
  readonly code: number;
  readonly output: string;
}

const REPOSITORY = 'repositories[0].name=shop,repositories[0].url=https://git.example/shop.git';

/** Everything that the values can ask for, at once. */
const EVERYTHING = `
repositories:
  - { name: shop, url: https://git.example/shop.git }
  - { name: bank, url: 'ssh://git@git.example/bank.git' }
replicas: 2
publicUrl: https://mainstay.example
backendUrl: s3://states
database: { existingSecret: database }
secretsFrom: [credentials]
passToPrograms: ['AWS_*', KUBECONFIG]
env: [{ name: MAINSTAY_LOG, value: info }]
persistence: { storageClass: '-' }
image: { digest: 'sha256:${'a'.repeat(64)}', pullSecrets: [{ name: pull }] }
ingress: { enabled: true, className: nginx, host: mainstay.example, tlsSecret: certificate, annotations: { a: b } }
serviceAccount: { annotations: { a: b }, automountToken: true }
podAnnotations: { a: b }
podLabels: { team: platform }
extraVolumes: [{ name: more, emptyDir: {} }]
extraVolumeMounts: [{ name: more, mountPath: /more }]
tolerations: [{ key: a, operator: Exists }]
topologySpreadConstraints:
  - { maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: { matchLabels: { a: b } } }
`;

/** Pull requests of a forge, with a secret in a file. */
const FORGE = `
runnerFile:
  repositories:
    - name: shop
      forge: gitea
      url: https://git.example
      repository: acme/shop
      token: { env: TOKEN }
      webhookSecret: { env: HOOK }
secretsFrom: [forge]
secretFiles: [app-key]
`;

describe('the Helm chart and the manifests', () => {
  let missing: string | false = false;
  let cluster: ControlPlane;
  let people: TestCluster;
  let helm: string;
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-deploy-'));
  const namespace = uniqueName('mainstay');

  const test = (name: string, work: () => Promise<void>) =>
    it(name, { timeout: 90_000 }, async (context) => (missing ? context.skip(missing) : work()));

  function run(...args: readonly string[]): Promise<Finished> {
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, HOME: folder };
    return new Promise((resolve) => {
      execFile(helm, [...args], { env }, (error: ExecFileException | null, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: stdout + stderr }),
      );
    });
  }

  async function succeeds(...args: readonly string[]): Promise<string> {
    const { code, output } = await run(...args);
    assert.equal(code, 0, output);
    return output;
  }

  before(async () => {
    missing = await whyNot('kubernetes', 'helm');
    if (missing) return;
    cluster = await startKubernetes();
    people = new TestCluster(cluster.kubeconfig);
    helm = join(await toolFolder('helm'), 'helm');
    writeFileSync(join(folder, 'everything.yaml'), EVERYTHING);
    writeFileSync(join(folder, 'forge.yaml'), FORGE);
    await people.post('/api/v1/namespaces', {
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
  });
  after(async () => {
    await people?.delete(`/api/v1/namespaces/${namespace}`);
    people?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the chart has nothing that Helm warns of, with the least and with every value', async () => {
    await succeeds('lint', '--strict', CHART, '--set', REPOSITORY);
    await succeeds('lint', '--strict', CHART, '--values', join(folder, 'everything.yaml'));
    await succeeds('lint', '--strict', CHART, '--values', join(folder, 'forge.yaml'));
  });

  test('the runner has its own file and the files of its secrets, and another file is another pod', async () => {
    const rendered = (...more: readonly string[]) =>
      succeeds('template', 'm', CHART, '--values', join(folder, 'forge.yaml'), ...more);
    const documents = parseAllDocuments(await rendered()).map((document) => document.toJS());
    const of = (kind: string) => documents.find((object) => object?.kind === kind);
    const file = join(folder, 'runner.yaml');
    writeFileSync(file, of('ConfigMap').data['runner.yaml']);
    const { repositories } = readRunnerFile(file, { TOKEN: 'a-token', HOOK: 'a-hook' });
    assert.deepEqual(
      repositories.map(({ name, forge }) => [name, forge]),
      [['shop', 'gitea']],
    );
    const { template } = of('StatefulSet').spec;
    const [container] = template.spec.containers;
    const variables = Object.fromEntries(
      container.env.map((each: { name: string; value?: string }) => [each.name, each.value]),
    );
    assert.equal(variables.MAINSTAY_CONFIG, '/etc/mainstay/runner.yaml');
    assert.equal('MAINSTAY_REPOSITORIES' in variables, false);
    const mounts = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
    assert.ok(mounts.includes('/etc/mainstay') && mounts.includes('/run/secrets/app-key'), mounts.join(' '));
    const [before] = Object.values(template.metadata.annotations);
    const [after] = /mainstay\/runner-file: .*/.exec(await rendered('--set', 'runnerFile.repositories[0].base=trunk'))!;
    assert.ok(!after.includes(String(before)));
  });

  test('the chart is installed where pods have to be restricted, becomes ready, and goes away', async () => {
    const options = ['--namespace', namespace, '--wait', '--timeout', '60s'];
    const values = ['--set', `${REPOSITORY},persistence.storageClass=-`];
    const output = await succeeds('install', 'least', CHART, ...options, ...values);
    assert.match(output, /Mainstay looks after shop\./);
    assert.match(output, /port-forward service\/least-mainstay 7206:80/);
    const set = await people.get(`/apis/apps/v1/namespaces/${namespace}/statefulsets/least-mainstay`);
    assert.equal((set.status as { readyReplicas?: number }).readyReplicas, 1);
    await succeeds('uninstall', 'least', '--namespace', namespace, '--wait');
  });

  test('the chart is installed with every value', async () => {
    const options = ['--namespace', namespace, '--wait', '--timeout', '60s'];
    await succeeds('install', 'full', CHART, ...options, '--values', join(folder, 'everything.yaml'));
    const set = await people.get(`/apis/apps/v1/namespaces/${namespace}/statefulsets/full-mainstay`);
    const { containers } = (
      set.spec as { template: { spec: { containers: { image: string; env: { name: string; value?: string }[] }[] } } }
    ).template.spec;
    const variables = Object.fromEntries(containers[0]!.env.map(({ name, value }) => [name, value]));
    assert.match(containers[0]!.image, /^mainstay@sha256:a{64}$/);
    assert.equal(
      variables.MAINSTAY_REPOSITORIES,
      'shop=https://git.example/shop.git bank=ssh://git@git.example/bank.git',
    );
    assert.equal(variables.PULUMI_BACKEND_URL, 's3://states');
    assert.equal(variables.MAINSTAY_PASS, 'AWS_* KUBECONFIG');
    await succeeds('uninstall', 'full', '--namespace', namespace, '--wait');
  });

  test('the helm command of the guide for production is one that Helm takes', async () => {
    const guide = readFileSync(join(CHART, '..', '..', 'docs', 'how-to', 'production.md'), 'utf8');
    const [, block] = /^(helm install [\s\S]*?)```/m.exec(guide)!;
    const words = block!
      .replaceAll(/\\\n|'/g, ' ')
      .trim()
      .split(/\s+/);
    const [, , release, chart, ...options] = words;
    assert.equal(chart, 'deploy/chart');
    const rendered = await succeeds('template', release!, CHART, ...options);
    assert.match(rendered, /image: registry\.example\/mainstay:/);
    assert.match(rendered, /secretRef:\n +name: mainstay/);
  });

  test('values that cannot work are refused in one line that says why', async () => {
    const template = (...values: readonly string[]) =>
      run('template', 'm', CHART, ...values.flatMap((value) => ['--set', value]));
    const refused = async (pattern: RegExp, ...values: readonly string[]) => {
      const { code, output } = await template(...values);
      assert.equal(code, 1);
      assert.match(output, pattern);
    };
    await refused(/as there is no repository to look after/);
    await refused(/as both repositories and runnerFile are set/, REPOSITORY, 'runnerFile.repositories[0].name=x');
    await refused(/as runnerFile names no repository/, 'runnerFile.credentials[0].name=x');
    await refused(/additional properties? 'replica'|replica is not allowed/i, REPOSITORY, 'replica=2');
    await refused(/pollSeconds/, REPOSITORY, 'pollSeconds=often');
    await refused(/Cannot run 2 replicas as the embedded database belongs to one/, REPOSITORY, 'replicas=2');
    await refused(/as the states in a folder belong to one/, REPOSITORY, 'replicas=2', 'database.existingSecret=d');
    await refused(/Cannot make the ingress as it has no host/, REPOSITORY, 'ingress.enabled=true');
    await refused(/Every repository has a url/, 'repositories[0].name=shop');
  });

  test('the plain manifests are those of the chart, and the API server takes them', async () => {
    const text = readFileSync(MANIFESTS, 'utf8');
    assert.equal(text, await renderManifests(), 'run `node test/deploy/manifests.ts`');
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const api = KubernetesObjectApi.makeApiClient(config);
    // In a namespace of our own: only the name of the namespace is another.
    const own = text.replaceAll('namespace: mainstay', `namespace: ${namespace}`);
    for (const document of parseAllDocuments(own)) {
      const object = document.toJS();
      if (object.kind === 'Namespace') continue;
      const apply = PatchStrategy.ServerSideApply;
      await api.patch(object, undefined, 'All', 'test', true, apply);
    }
  });
});
