import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  type ControlPlane,
  type RegistryServer,
  startKubernetes,
  startRegistry,
  toolFolder,
  whyNot,
} from '../../../test/servers/start.ts';
import { at } from '../scripted-engine.ts';
import { TestCluster, uniqueName } from '../test-cluster.ts';
import { TestProgram } from '../test-program.ts';

const run = promisify(execFile);
const chartFolder = join(import.meta.dirname, '../fixtures/charts/charts/front');

describe('a program with charts and manifests of every kind', {
  skip: await whyNot('kubernetes', 'helm', 'kustomize', 'registry'),
}, () => {
  let plane: ControlPlane;
  let cluster: TestCluster;
  let registry: RegistryServer;
  let repository: Server;
  let folder: string;
  let program: TestProgram;
  const prefix = uniqueName('charts');

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-charts-'));
    [plane, registry] = await Promise.all([startKubernetes(), startRegistry()]);
    cluster = new TestCluster(plane.kubeconfig);
    const PATH = [await toolFolder('helm'), await toolFolder('kustomize'), process.env.PATH].join(':');
    const home = { HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder };
    const environment = { ...process.env, ...home, PATH };
    repository = await publish(environment);
    program = await TestProgram.start({ fixture: 'charts', kubeconfig: plane.kubeconfig, environment });
    const { port } = repository.address() as AddressInfo;
    await program.configure({ prefix, repo: `http://127.0.0.1:${port}`, registry: registry.address });
    await program.pulumi('config', 'set', '--secret', 'token', 'hunter2');
  });

  after(async () => {
    const names = [
      'folder',
      'repository',
      'registry',
      'release',
      'old',
      'inside',
      'file',
      'remote',
      'overlay',
      'old-file',
      'old-overlay',
    ];
    await Promise.all(names.map((name) => cluster.delete(`/api/v1/namespaces/${prefix}-${name}`).catch(() => {})));
    cluster?.close();
    repository?.closeAllConnections();
    repository?.close();
    await registry?.stop();
    await plane?.stop();
    await program?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** Packs the chart and puts it into the registry and into a repository, which is a folder behind a web server. */
  async function publish(env: NodeJS.ProcessEnv): Promise<Server> {
    await run('helm', ['package', chartFolder, '--destination', folder], { env });
    const archive = join(folder, 'front-1.2.3.tgz');
    await run('helm', ['push', archive, `oci://${registry.address}/charts`, '--plain-http'], { env });
    await run('helm', ['repo', 'index', folder], { env });
    await copyFile(join(chartFolder, '../../map.yaml'), join(folder, 'map.yaml'));
    const server = createServer(async (request, response) => {
      const wanted = ['/index.yaml', '/front-1.2.3.tgz', '/map.yaml'].includes(request.url!);
      response.statusCode = wanted ? 200 : 404;
      response.end(wanted ? await readFile(join(folder, request.url!)) : '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  const deployment = (namespace: string, name: string) =>
    cluster.get(`/apis/apps/v1/namespaces/${prefix}-${namespace}/deployments/${name}`) as Promise<never>;

  it('is created at first go, from a folder, a repository and a registry, and then shows no change', async () => {
    await program.up();
    for (const name of ['folder', 'repository', 'registry', 'release'])
      assert.equal(at(await deployment(name, name), 'status', 'availableReplicas'), 1, name);
    assert.equal(at(await deployment('old', 'old-old'), 'status', 'availableReplicas'), 1);
    assert.deepEqual(await program.outputs(), { revision: 1, version: '1.2.3' });
    const gadgets = `/apis/${prefix}.mainstay.test/v1/namespaces/${prefix}-inside/gadgets/gadget`;
    assert.equal(at((await cluster.get(gadgets)) as never, 'spec', 'size'), 1);
    for (const [namespace, name] of [
      ['inside', 'map'],
      ['file', 'from-file'],
      ['remote', 'from-file'],
      ['overlay', 'dev-from-file'],
      ['old-file', 'from-file'],
      ['old-overlay', 'dev-from-file'],
    ])
      await cluster.get(`/api/v1/namespaces/${prefix}-${namespace}/configmaps/${name}`);
    assert.deepEqual(Object.keys(await program.preview()), ['same']);
  });

  it('keeps a secret value secret wherever a chart puts it', async () => {
    const state = await program.pulumi('stack', 'export');
    assert.ok(!state.includes('hunter2'));
    assert.ok(!state.includes(Buffer.from('hunter2').toString('base64')));
    const secret = await cluster.get(`/api/v1/namespaces/${prefix}-folder/secrets/folder`);
    assert.equal(at(secret as never, 'data', 'token'), Buffer.from('hunter2').toString('base64'));
  });

  it('is changed by its values, and only where they count', async () => {
    await program.configure({ replicas: '2' });
    const { same: _same, ...planned } = await program.preview();
    assert.deepEqual(
      planned,
      { update: 6, replace: 1 },
      'four Deployments, the release, the old Chart, which records its arguments, and a ConfigMap',
    );
    await program.up();
    for (const name of ['folder', 'repository', 'registry', 'release'])
      assert.equal(at(await deployment(name, name), 'status', 'availableReplicas'), 2, name);
    assert.deepEqual(Object.keys(await program.preview()), ['same']);
  });

  it('fails with the words of Helm where the chart is not in the repository, and records nothing of it', async () => {
    const before = (await program.resources()).length;
    const index = await readFile(join(program.directory, 'index.ts'), 'utf8');
    const broken = index.replace("{ chart: 'front', version: '1.2.3', r", "{ chart: 'front', version: '9.9.9', r");
    assert.notEqual(broken, index);
    await writeFile(join(program.directory, 'index.ts'), broken);
    await assert.rejects(program.pulumi('preview'), /Helm refused it: .*9\.9\.9/);
    await writeFile(join(program.directory, 'index.ts'), index);
    assert.equal((await program.resources()).length, before);
  });

  it('is destroyed', async () => {
    await program.pulumi('destroy', '--yes', '--skip-preview');
    assert.deepEqual(await program.resources(), []);
    await assert.rejects(cluster.get(`/api/v1/namespaces/${prefix}-inside`), { code: 404 });
  });
});
