import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ControlPlane, startKubernetes, whyNot } from '../../test/servers/start.ts';
import { at } from './scripted-engine.ts';
import { TestCluster, uniqueName } from './test-cluster.ts';

const root = resolve(import.meta.dirname, '../..');

/** What an operation did, by kind of step. */
type Changes = Readonly<Record<string, number>>;

describe('a program with every kind, through the engine', { skip: await whyNot('kubernetes') }, () => {
  let plane: ControlPlane;
  let cluster: TestCluster;
  let folder: string;
  let namespace = '';
  const group = `${uniqueName('e')}.mainstay.test`;
  const world = new AbortController();

  before(async () => {
    plane = await startKubernetes();
    cluster = new TestCluster(plane.kubeconfig);
    folder = await mkdtemp(join(tmpdir(), 'mainstay-every-kind-'));
    await cp(join(import.meta.dirname, 'fixtures/every-kind'), join(folder, 'program'), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'program/node_modules'));
    await pulumi('stack', 'init', 'test');
    await configure({ group });
    await pulumi('config', 'set', '--secret', 'password', 'hunter2');
  });

  after(async () => {
    world.abort();
    if (namespace !== '') await cluster?.delete(`/api/v1/namespaces/${namespace}`).catch(() => {});
    cluster?.close();
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function pulumi(...args: readonly string[]): Promise<string> {
    const environment = {
      ...process.env,
      KUBECONFIG: plane.kubeconfig,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_HOME: join(folder, 'home'),
      PULUMI_CONFIG_PASSPHRASE: 'test',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    };
    return new Promise((done, reject) => {
      const options = { cwd: join(folder, 'program'), env: environment, maxBuffer: 1 << 26 };
      execFile(join(root, 'engine/bin/pulumi'), [...args, '--non-interactive'], options, (error, stdout, stderr) =>
        error ? reject(new Error(`pulumi ${args.join(' ')}: ${stdout}\n${stderr}`)) : done(stdout),
      );
    });
  }

  async function configure(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) await pulumi('config', 'set', name, value);
  }

  async function preview(): Promise<Changes> {
    return JSON.parse(await pulumi('preview', '--json')).changeSummary;
  }

  async function resources(): Promise<
    readonly { readonly type: string; readonly outputs: never; readonly id: string }[]
  > {
    return JSON.parse(await pulumi('stack', 'export')).deployment.resources;
  }

  async function ofType(type: string): Promise<{ readonly outputs: never; readonly id: string }> {
    return (await resources()).find((resource) => resource.type === type)!;
  }

  /** Controllers that this cluster does not have: one for the Ingress and one for the custom resource. */
  async function playControllers(): Promise<void> {
    const paths = ['/apis/networking.k8s.io/v1/ingresses', `/apis/${group}/v1/widgets`];
    while (!world.signal.aborted) {
      for (const path of paths) {
        const { items = [] } = (await cluster.get(path).catch(() => ({}))) as { items?: readonly never[] };
        for (const item of items) await becomeReady(path, item).catch(() => {});
      }
      await delay(100, undefined, { signal: world.signal }).catch(() => {});
    }
  }

  async function becomeReady(path: string, item: never): Promise<void> {
    const space = String(at(item, 'metadata', 'namespace'));
    const name = String(at(item, 'metadata', 'name'));
    if (!space.startsWith('every-kind-') || at(item, 'status', 'seen') || at(item, 'status', 'loadBalancer', 'ingress'))
      return;
    const [base, plural] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
    const status =
      plural === 'ingresses'
        ? { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
        : { seen: true, conditions: [{ type: 'Ready', status: 'True' }] };
    await cluster.edit(`${base}/namespaces/${space}/${plural}/${name}/status`, { status }, 'controller');
  }

  it('is created, all of it ready, and then shows no change', async () => {
    void playControllers();
    assert.equal((await preview()).create, 20);
    await pulumi('up', '--yes', '--skip-preview');
    const outputs = JSON.parse(await pulumi('stack', 'output', '--json'));
    assert.equal(outputs.ready, 2);
    assert.equal(outputs.ip, '192.0.2.1');
    assert.match(outputs.address, /^\d+\.\d+\.\d+\.\d+$/);
    namespace = outputs.space;
    assert.deepEqual(await preview(), { same: 20 });
    assert.ok(!(await pulumi('stack', 'export')).includes('hunter2'));
    assert.ok(!(await pulumi('stack', 'export')).includes(Buffer.from('hunter2').toString('base64')));
  });

  it('is changed', async () => {
    await configure({ image: 'nginx:2', replicas: '3' });
    const planned = await preview();
    assert.equal(planned.replace, 4, 'the ConfigMap, the Pod and the Job are immutable, the patch names the ConfigMap');
    await pulumi('up', '--yes', '--skip-preview');
    assert.deepEqual(await preview(), { same: 20 });
    const web = await cluster.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${(await webId()).split('/')[1]}`);
    assert.equal(at(web as never, 'spec', 'replicas'), 3);
  });

  it('drifts, and only what the program says is found and changed back', async () => {
    const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    const web = (await webId()).split('/')[1];
    await cluster.edit(`${deployments}/${web}`, { spec: { replicas: 1 } });
    await cluster.edit(`${deployments}/scaled`, { spec: { replicas: 4 } }, 'autoscaler');
    const daemon = (await ofType('kubernetes:apps/v1:DaemonSet')).id.split('/')[1];
    await cluster.delete(`/apis/apps/v1/namespaces/${namespace}/daemonsets/${daemon}`);
    await delay(1500);
    await pulumi('refresh', '--yes', '--skip-preview');
    const planned = await preview();
    assert.deepEqual({ create: planned.create, update: planned.update }, { create: 1, update: 1 });
    await pulumi('up', '--yes', '--skip-preview');
    assert.deepEqual(await preview(), { same: 20 });
    assert.equal(at((await cluster.get(`${deployments}/${web}`)) as never, 'spec', 'replicas'), 3);
    assert.equal(
      at((await cluster.get(`${deployments}/scaled`)) as never, 'spec', 'replicas'),
      4,
      'left to the autoscaler',
    );
  });

  it('is replaced where a field is immutable', async () => {
    const before = await webId();
    await configure({ selector: 'other' });
    assert.equal((await preview()).replace, 1);
    await pulumi('up', '--yes', '--skip-preview');
    assert.notEqual(await webId(), before, 'it was named by the provider: the new one stood before the old one went');
    assert.deepEqual(await preview(), { same: 20 });
  });

  it('is destroyed', async () => {
    await pulumi('destroy', '--yes', '--skip-preview');
    assert.deepEqual((await resources()) ?? [], []);
    await assert.rejects(cluster.get(`/api/v1/namespaces/${namespace}`), { code: 404 });
    await assert.rejects(cluster.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`), {
      code: 404,
    });
  });

  async function webId(): Promise<string> {
    const found = (await resources()).find(
      ({ type, id }) => type === 'kubernetes:apps/v1:Deployment' && id.includes('/web-'),
    );
    return found!.id;
  }
});
