import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../foundation/clock.ts';
import { ApiClient } from './api-client.ts';
import { ApiError, UnreachableError } from './api-error.ts';
import { readConfiguration } from './configuration.ts';
import { Connection } from './connection.ts';
import { Discovery } from './discovery.ts';
import { type WireAnswer, type WireRequest, WireServer } from './wire-server.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A client of a server that answers so, with a clock that does not wait but remembers for how long it should have. */
async function clientOf(answer: (request: WireRequest) => WireAnswer | Promise<WireAnswer>, settings: object = {}) {
  const server = await WireServer.start(answer);
  const configuration = readConfiguration({ kubeconfig: server.kubeconfig(), kubeClientSettings: { ...settings } }, {});
  const connection = new Connection(configuration, {});
  const slept: number[] = [];
  const clock: Clock = {
    now: () => Date.now(),
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      slept.push(milliseconds);
    },
  };
  open.push(connection, server);
  return { server, slept, client: new ApiClient(connection, configuration.client, clock) };
}

const tooMany = (retryAfter?: string): WireAnswer => ({
  status: 429,
  headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  body: { kind: 'Status', code: 429, reason: 'TooManyRequests', message: 'too many requests, please try again later' },
});

/** Each is as long as was asked for, and up to half of it more, so that not all come back at the same moment. */
function assertWaits(slept: readonly number[], asked: readonly number[]): void {
  assert.equal(slept.length, asked.length);
  for (const [index, milliseconds] of asked.entries())
    assert.ok(
      slept[index]! >= milliseconds && slept[index]! <= milliseconds * 1.5,
      `${slept[index]} for ${milliseconds}`,
    );
}

describe('an API server that is too busy', () => {
  it('is asked again after as long as it says', async () => {
    const answers = [tooMany('3'), tooMany('1'), { status: 200, body: { kind: 'ConfigMap' } }];
    const { client, server, slept } = await clientOf(() => answers.shift()!);
    const answer = await client.request({ method: 'POST', path: '/api/v1/namespaces/n/configmaps', body: { a: 1 } });
    assert.equal(answer.kind, 'ConfigMap');
    assertWaits(slept, [3000, 1000]);
    assert.deepEqual(
      server.requests.map(({ body }) => body),
      ['{"a":1}', '{"a":1}', '{"a":1}'],
    );
  });

  it('is given more and more time where it does not say, and a limit where it says too much', async () => {
    const answers = [tooMany(), tooMany(), tooMany('86400'), { status: 200 }];
    const { client, slept } = await clientOf(() => answers.shift()!);
    await client.request({ method: 'GET', path: '/version' });
    assertWaits(slept, [250, 500, 30_000]);
  });

  it('is given up after ten times, with its own words', async () => {
    const { client, server } = await clientOf(() => tooMany('1'));
    await assert.rejects(client.request({ method: 'GET', path: '/version' }), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, 429);
      assert.match(error.message, /too many requests, please try again later/);
      return true;
    });
    assert.equal(server.requests.length, 11);
  });

  it('is not asked again where it fails without saying when to come back', async () => {
    const { client, server } = await clientOf(() => ({ status: 500, body: { kind: 'Status', message: 'broken' } }));
    await assert.rejects(client.request({ method: 'GET', path: '/version' }), /broken/);
    assert.equal(server.requests.length, 1);
  });

  it('is no longer waited for after a cancellation', async () => {
    const { client, server } = await clientOf(() => tooMany('1'));
    const cancel = new AbortController();
    const asking = client.request({ method: 'GET', path: '/version', signal: cancel.signal });
    cancel.abort(new Error('cancelled by a person'));
    await assert.rejects(asking, /cancelled by a person/);
    assert.ok(server.requests.length <= 1);
  });
});

describe('many requests', () => {
  it('run at the same time, within a limit, over connections that are kept', async () => {
    let running = 0;
    let most = 0;
    const { client, server } = await clientOf(async () => {
      running += 1;
      most = Math.max(most, running);
      await delay(2);
      running -= 1;
      return { status: 200 };
    });
    await Promise.all(Array.from({ length: 300 }, () => client.request({ method: 'GET', path: '/version' })));
    assert.equal(server.requests.length, 300);
    assert.ok(most > 8 && most <= 32, `${most} at the same time`);
    assert.ok(server.connections <= 32, `${server.connections} connections`);
  });

  it('start at the pace that the settings ask for', async () => {
    const { client, slept } = await clientOf(() => ({ status: 200 }), { qps: 10, burst: 5 });
    await Promise.all(Array.from({ length: 8 }, () => client.request({ method: 'GET', path: '/version' })));
    assert.equal(slept.length, 3, 'five start at once');
    for (const [index, milliseconds] of slept.entries())
      assert.ok(Math.abs(milliseconds - (index + 1) * 100) < 60, `${milliseconds} ms for number ${index + 6}`);
  });

  it('need one discovery, also when they all start with it', async () => {
    const { client, server } = await clientOf(({ path }) => ({
      status: 200,
      body: {
        kind: 'APIGroupDiscoveryList',
        items:
          path === '/apis'
            ? [
                {
                  metadata: { name: 'apps' },
                  versions: [
                    {
                      version: 'v1',
                      resources: [
                        {
                          resource: 'deployments',
                          responseKind: { kind: 'Deployment' },
                          scope: 'Namespaced',
                          verbs: [],
                        },
                      ],
                    },
                  ],
                },
              ]
            : [],
      },
    }));
    const discovery = new Discovery(client);
    const kind = { group: 'apps', version: 'v1', kind: 'Deployment' };
    const found = await Promise.all(Array.from({ length: 1000 }, () => discovery.find(kind)));
    assert.ok(found.every(({ plural }) => plural === 'deployments'));
    assert.deepEqual(server.requests.map(({ path }) => path).sort(), ['/api', '/apis']);
    const missing = Array.from({ length: 100 }, () => discovery.findServed({ ...kind, kind: 'Widget' }));
    assert.ok((await Promise.all(missing)).every((one) => one === undefined));
    assert.equal(server.requests.length, 4, 'a definition may be new: asked once more for all of them');
  });

  it('go on over a new connection where the server has closed a kept one', async () => {
    const { client, server } = await clientOf(() => ({ status: 200, headers: { connection: 'close' } }));
    for (let round = 0; round < 3; round += 1) await client.request({ method: 'GET', path: '/version' });
    assert.equal(server.connections, 3);
  });
});

describe('a request that gets no answer', () => {
  it('ends after the time of the settings', async () => {
    const { client } = await clientOf(
      async () => {
        await delay(3000, undefined, { ref: false });
        return { status: 200 };
      },
      { timeout: 0.1 },
    );
    await assert.rejects(client.request({ method: 'GET', path: '/version' }), (error: unknown) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /no answer within 0\.1 s/);
      return true;
    });
  });
});
