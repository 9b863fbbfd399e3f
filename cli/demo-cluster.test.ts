import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { addCluster, offerCluster } from './demo-cluster.ts';

let folder: string;
const given = process.env.KUBECONFIG;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-kubeconfig-'));
});

afterEach(() => {
  if (given === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = given;
});

after(() => rmSync(folder, { recursive: true, force: true }));

function useKubeconfig(server: string, context = 'test'): void {
  const file = join(folder, 'config.json');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user: { token: 'a-token-of-the-test' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': context,
  };
  writeFileSync(file, JSON.stringify(config));
  process.env.KUBECONFIG = file;
}

/** An API server as far as it is asked: `allowed` says which resources may be created. */
async function withServer(
  answer: { readonly status?: number; readonly allowed?: (resource: string) => boolean },
  work: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      const status = answer.status ?? 200;
      response.writeHead(status, { 'content-type': 'application/json' });
      if (status !== 200) return response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code: status }));
      if (request.url === '/version') return response.end(JSON.stringify({ gitVersion: 'v1.36.3' }));
      const { spec } = JSON.parse(text) as { spec: { resourceAttributes: { resource: string } } };
      const allowed = answer.allowed?.(spec.resourceAttributes.resource) ?? true;
      response.end(JSON.stringify({ kind: 'SelfSubjectAccessReview', spec, status: { allowed } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function refusal(): Promise<string> {
  const error = await addCluster(join(folder, 'none.git'), () => {}).then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown as Error,
  );
  assert.equal(error.message.split('\n').length, 1, error.message);
  assert.doesNotMatch(error.message, /a-token-of-the-test/);
  return error.message;
}

test('offers the cluster of KUBECONFIG where there is one and it is not used yet', (context) => {
  const log = context.mock.method(console, 'log', () => {});
  delete process.env.KUBECONFIG;
  offerCluster([]);
  assert.equal(log.mock.callCount(), 0, 'without a cluster nothing is said');
  process.env.KUBECONFIG = '/home/ada/.kube/config';
  offerCluster(['--cluster']);
  assert.equal(log.mock.callCount(), 0, 'it is used already');
  offerCluster(['--reset']);
  const said = String(log.mock.calls[0]!.arguments[0]);
  assert.match(
    said,
    /KUBECONFIG is set \(\/home\/ada\/\.kube\/config\): `npm start -- --cluster` deploys the stack local/,
  );
});

test('refuses a cluster that is not named, not there or not chosen', async () => {
  delete process.env.KUBECONFIG;
  assert.match(await refusal(), /^Cannot use a cluster as KUBECONFIG is not set\./);
  process.env.KUBECONFIG = join(folder, 'nothing');
  assert.match(await refusal(), /names no file: .*nothing\. Correct it\.$/);
  useKubeconfig('http://127.0.0.1:1', '');
  assert.match(await refusal(), /has no current context: none is set\. Choose one/);
  writeFileSync(process.env.KUBECONFIG!, 'clusters: [{');
  assert.match(await refusal(), /KUBECONFIG cannot be read: /);
});

test('refuses a cluster that cannot be reached, or does not let us deploy', async () => {
  let gone = '';
  await withServer({}, async (url) => {
    gone = url;
  });
  useKubeconfig(gone);
  assert.match(await refusal(), /ECONNREFUSED.*: http:\S+\. See that `kubectl get namespaces` works/);
  await withServer({ status: 401 }, async (url) => {
    useKubeconfig(url);
    assert.match(await refusal(), /as it does not know who you are \(401\): http/);
  });
  await withServer({ status: 403 }, async (url) => {
    useKubeconfig(url);
    assert.match(await refusal(), /as it lets you do nothing \(403\): http/);
  });
  await withServer({ allowed: (resource) => resource !== 'deployments' }, async (url) => {
    useKubeconfig(url);
    assert.match(await refusal(), /as you may not create deployments in shop there: http/);
  });
});
