import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, startProcess } from '../../foundation/processes.ts';
import { startControlPlane } from '../servers/control-plane.ts';
import { whyNot } from '../servers/start.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const WITHIN_MS = 900_000;

test('npm start -- --cluster deploys the stack local to the cluster of KUBECONFIG', {
  skip: await whyNot('kubernetes'),
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-cluster-'));
  // PostgreSQL runs as another user where we are root.
  chmodSync(folder, 0o755);
  // One of its own: the namespace is what stacks/Pulumi.local.yaml says.
  const cluster = await startControlPlane();
  const env = { ...process.env, MAINSTAY_DATA: folder, MAINSTAY_PORT: '0', KUBECONFIG: cluster.kubeconfig };
  const args = [join(ROOT, 'cli/start.ts'), '--cluster'];
  const start = await startProcess(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  context.after(async () => {
    if (identityOf(start.identity.pid)) process.kill(start.identity.pid, 'SIGINT');
    await start.exited;
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  let said = '';
  for (const stream of [start.child.stdout!, start.child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const deadline = Date.now() + WITHIN_MS;
  while (!/update of mainstay\/local \w+ in/.test(said)) {
    assert.ok(Date.now() < deadline && identityOf(start.identity.pid), said);
    await delay(100);
  }
  assert.match(said, /the stack local is the cluster of KUBECONFIG: /);
  assert.match(said, /update of mainstay\/local succeeded in [\d.]+ s: \d+ created/);
  const { KubeConfig, AppsV1Api } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const { items } = await config.makeApiClient(AppsV1Api).listDeploymentForAllNamespaces();
  const shop = items.find(({ metadata }) => metadata?.name === 'shop');
  assert.deepEqual([shop?.status?.readyReplicas, shop?.spec?.replicas], [1, 1]);
});
