import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type VerifySettings, verifySettings } from '../core/gate-settings.ts';
import { verify } from './verify.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-verify-'));
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];
const server = createServer((request, response) =>
  (answers.length > 1 ? answers.shift()! : answers[0]!)(request, response),
);
let url: string;

before(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A second is 50 ms here, but for commands. */
const quick = (settings: VerifySettings): VerifySettings =>
  settings.kind === 'http' || settings.kind === 'prometheus'
    ? { ...settings, every: settings.every / 20, timeout: settings.timeout / 20, for: settings.for / 20 }
    : settings;

const check = (settings: object, more: { readonly signal?: AbortSignal } = {}) =>
  verify(quick(verifySettings.parse(settings)), {
    ...{
      folder,
      outputs: { dev: { url, image: 'web:2', secret: '[secret]' } },
      environment: { PATH: process.env.PATH! },
    },
    ...{ signal: new AbortController().signal, key: 'k', note: () => {}, ...more },
  });
const says =
  (status: number, body = '') =>
  (_request: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status).end(body);

test('asks an address until it is good, within its time', async () => {
  answers = [says(503), says(503), says(200, 'ready: web:2')];
  const http = { kind: 'http', url: `$\{outputs.dev.url}/healthz`, every: '1s', timeout: '10m' };
  assert.deepEqual(await check({ ...http, contains: 'web:2' }), { good: true, text: `${url}/healthz answers 200` });
  answers = [says(503)];
  assert.deepEqual(await check({ ...http, timeout: '1s' }), {
    good: false,
    text: `${url}/healthz answers 503 and not 200, for 50ms`,
  });
  answers = [says(200, 'web:1')];
  assert.match((await check({ ...http, contains: 'web:2', timeout: '1s' })).text, /answers without "web:2"/);
});

test('fails where it was good and is so no more within the period', async () => {
  answers = [says(200), says(500)];
  const { good, text } = await check({ kind: 'http', url, every: '1s', for: '3s' });
  assert.deepEqual([good, /answers 500 and not 200, after \d+ms of being good/.test(text)], [false, true], text);
});

test('says that nobody is there', async () => {
  const { good, text } = await check({ kind: 'http', url: 'http://127.0.0.1:49151/', timeout: '1s', every: '1s' });
  assert.ok(!good);
  assert.match(text, /^http:\/\/127\.0\.0\.1:49151\/ does not answer: .*ECONNREFUSED.*, for 50ms$/);
});

test('names an output that is not there, and never uses a secret', async () => {
  for (const name of ['dev.nothing', 'dev.secret', 'x'])
    await assert.rejects(async () => check({ kind: 'http', url: `$\{outputs.${name}}` }), {
      kind: 'user',
      message: /no such output: outputs\.\S+ Write .*dev\.url, dev\.image/,
    });
});

const vector = (...values: readonly string[]) =>
  says(
    200,
    JSON.stringify({
      status: 'success',
      data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
    }),
  );
const prometheus = (settings: object) =>
  check({ kind: 'prometheus', url, query: 'errors', every: '1s', for: '1s', timeout: '1s', ...settings });

test('asks a Prometheus over a period', async () => {
  let asked: string | undefined;
  answers = [
    (request, response) => {
      asked = request.url;
      vector('0.01', '0')(request, response);
    },
  ];
  assert.deepEqual(await prometheus({ atMost: 0.05, query: 'sum(rate(errors[5m]))' }), {
    good: true,
    text: 'sum(rate(errors[5m])) is 0.01, 0, for 50ms',
  });
  assert.equal(asked, '/api/v1/query?query=sum%28rate%28errors%5B5m%5D%29%29');
  answers = [vector('0.01'), vector('0.2')];
  assert.match(
    (await prometheus({ atMost: 0.05, atLeast: 0 })).text,
    /errors is 0\.2 and not at least 0 and at most 0\.05, after/,
  );
  for (const answer of [vector('NaN'), says(500, 'no'), says(200, 'no json'), says(200, '{"status":"error"}')]) {
    answers = [answer];
    assert.equal((await prometheus({ atMost: 1 })).good, false);
  }
  answers = [vector()];
  assert.deepEqual(
    [(await prometheus({ atMost: 1 })).good, (await prometheus({ atMost: 1, empty: 'good' })).good],
    [false, true],
  );
  answers = [vector('0'), says(503, 'restarting'), says(503, 'restarting'), vector('0')];
  const away = { atMost: 1, every: '2s', for: '2s' };
  assert.equal((await prometheus({ ...away, timeout: '10m' })).good, true, 'away for a moment');
  answers = [vector('0'), says(503, 'restarting')];
  assert.match((await prometheus({ ...away, timeout: '1s' })).text, /answers 503: restarting, after \d/);
  answers = [says(200, '{"status":"success","data":{"resultType":"scalar","result":[1,"3"]}}')];
  assert.equal((await prometheus({ atLeast: 3 })).good, true);
});

test('runs a command of the commit with outputs, and shows what it said at last', async () => {
  writeFileSync(join(folder, 'smoke.sh'), 'echo "checked $MAINSTAY_OUTPUTS"; exit $1\n');
  assert.equal((await check({ kind: 'command', command: ['sh', 'smoke.sh', '0'] })).good, true);
  const bad = await check({ kind: 'command', command: ['sh', 'smoke.sh', '3'] });
  assert.match(bad.text, /^it ended with 3: checked \{"dev":\{"url":.*"image":"web:2"/);
  const slow = await check({ kind: 'command', command: ['sh', '-c', 'echo begun; sleep 60'], timeout: '1s' });
  assert.deepEqual(slow, { good: false, text: 'it took longer than 1 s: begun' });
  await assert.rejects(check({ kind: 'command', command: ['no-such-command'] }), {
    kind: 'user',
    message: /does not start: no-such-command/,
  });
});

test('ends with the runner', async () => {
  const ending = new AbortController();
  setTimeout(() => ending.abort(new Error('the runner ends')), 100);
  await assert.rejects(
    check({ kind: 'command', command: ['sleep', '60'] }, { signal: ending.signal }),
    /the runner ends/,
  );
  answers = [says(503)];
  const ended = new AbortController();
  setTimeout(() => ended.abort(new Error('the runner ends')), 100);
  await assert.rejects(
    check({ kind: 'http', url, timeout: '1m', every: '30s' }, { signal: ended.signal }),
    /abort|the runner ends/,
  );
});

const JOB =
  'apiVersion: batch/v1\nkind: Job\nmetadata: {name: smoke}\nspec: {template: {spec: {containers: [{name: x, image: $' +
  '{outputs.dev.image}}]}}}\n';

test('runs a job in a cluster, the same one after a crash, says why it failed, and leaves none that goes on', async () => {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
  writeFileSync(join(folder, 'job.yaml'), JOB);
  const jobs = new Map<string, { image: string; deadline: number }>();
  const removed: string[] = [];
  let reads = 0;
  let condition = 'Complete';
  answers = [
    async (request, response) => {
      const send = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      const path = request.url!.split('?')[0]!;
      if (path.endsWith('/pods')) return send(200, { items: [{ metadata: { name: 'smoke-pod' } }] });
      if (path.endsWith('/log'))
        return response.writeHead(200, { 'content-type': 'text/plain' }).end('no route to web\n');
      if (request.method === 'POST') {
        let text = '';
        for await (const chunk of request) text += chunk;
        const { metadata, spec } = JSON.parse(text);
        if (jobs.has(metadata.name)) return send(409, { message: 'already exists' });
        jobs.set(metadata.name, { ...spec.template.spec.containers[0], deadline: spec.activeDeadlineSeconds });
        return send(201, { metadata });
      }
      if (request.method === 'DELETE') return send(200, { metadata: { name: removed.push(path) } });
      reads += 1;
      if (reads === 1) return send(503, { message: 'is being replaced' });
      return send(200, {
        metadata: {},
        status:
          condition === 'none' || reads % 2 === 0
            ? { active: 1 }
            : { conditions: [{ type: condition, status: 'True', message: 'back-off' }] },
      });
    },
  ];
  const run = (timeout = '1h') =>
    verify(verifySettings.parse({ kind: 'kubernetes-job', manifest: 'job.yaml', timeout }), {
      ...{ folder, outputs: { dev: { image: 'web:2' } }, environment: { KUBECONFIG: join(folder, 'kubeconfig') } },
      ...{ signal: new AbortController().signal, key: 'rollout 1', note: () => {} },
    });
  assert.match((await run()).text, /^job smoke-[0-9a-f]{10} completed$/);
  condition = 'Failed';
  assert.match((await run()).text, /^job smoke-[0-9a-f]{10} failed: back-off: no route to web$/);
  assert.deepEqual(
    [...jobs.values()].map(({ image, deadline }) => [image, deadline]),
    [['web:2', 3600]],
    'made once',
  );
  assert.deepEqual(removed, [], 'what has ended is kept to be looked at, and the cluster removes it');
  condition = 'none';
  assert.match((await run('1s')).text, /^job smoke-[0-9a-f]{10} has not ended within 1 s: no route to web$/);
  assert.deepEqual(removed, [`/apis/batch/v1/namespaces/default/jobs/${[...jobs.keys()][0]}`]);
  await assert.rejects(async () => check({ kind: 'kubernetes-job', manifest: '../job.yaml' }), {
    kind: 'user',
    message: /is not in the repository/,
  });
});
