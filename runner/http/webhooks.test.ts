import assert from 'node:assert/strict';
import { createHmac, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Hono } from 'hono';
import { silentLog } from '../../foundation/log.ts';
import { BranchesOfChanges } from '../core/branches-of-changes.ts';
import type { Change } from '../core/change.ts';
import type { CommitStatus } from '../core/forge.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import { githubWebhooks } from '../forges/github/parse.ts';
import { type DeliveryEnd, serveWebhooks } from './webhooks.ts';

const SECRET = 'a secret of both sides';

/** The routes with a store in memory, and all that they did. */
function createBench({ broken = false }: { readonly broken?: boolean } = {}) {
  const stored = new Map<string, RepositoryEvent>();
  const started = new Map<string, RepositoryEvent>();
  const statuses: CommitStatus[] = [];
  const changes = new Map<string, Partial<Change>>();
  const counts = new Map<DeliveryEnd, number>();
  let looks = 0;
  const app = new Hono();
  const target = {
    ...{ id: 'estate', base: 'main', name: 'shop/estate', secret: SECRET, dialect: githubWebhooks },
    forge: { setStatus: async (status: CommitStatus) => void statuses.push(status) },
    branches: new BranchesOfChanges(),
    look: () => {
      looks += 1;
    },
  };
  const add = async (event: RepositoryEvent) => {
    if (broken) throw new Error('the database is away');
    const first = !stored.has(event.id);
    if (first) stored.set(event.id, event);
    return first;
  };
  serveWebhooks(app, {
    targets: new Map([['estate', target]]),
    store: { events: { add }, changes: { get: async (id: string) => changes.get(id) } } as never,
    receive: async (event) => void started.set(event.id, event),
    ...{ link: () => undefined, log: silentLog, counts },
  });
  const deliver = async (event: string, payload: unknown, options: { secret?: string; to?: string } = {}) => {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const signature = createHmac('sha256', options.secret ?? SECRET)
      .update(body)
      .digest('hex');
    const headers = { 'x-github-event': event, 'x-hub-signature-256': `sha256=${signature}` };
    return (await app.request(`/webhooks/${options.to ?? 'estate'}`, { method: 'POST', headers, body })).status;
  };
  return { stored, started, statuses, changes, counts, deliver, looks: () => looks };
}

const repository = { full_name: 'shop/estate' };

function comment(id: number, body = '/preview') {
  const user = { login: 'ada' };
  return { action: 'created', repository, issue: { number: 7, pull_request: {} }, comment: { id, body, user } };
}

function pull(number: number, sha: string) {
  return { action: 'synchronize', number, repository, pull_request: { head: { sha }, base: { ref: 'main' } } };
}

test('handles each of 10,000 deliveries once, however often they come, in any order, with forged ones between', async () => {
  const bench = createBench();
  const genuine = Array.from({ length: 2000 }, (_, index) =>
    index % 2 === 0
      ? (['issue_comment', comment(index + 1)] as const)
      : (['pull_request', pull(index, index.toString(16).padStart(40, '0'))] as const),
  );
  const deliveries = [
    ...[...genuine, ...genuine, ...genuine].map(([event, payload]) => ({ event, payload, secret: SECRET })),
    ...Array.from({ length: 2000 }, (_, index) => ({
      ...{ event: 'issue_comment', payload: comment(100_000 + index), secret: 'a guess' },
    })),
    ...Array.from({ length: 2000 }, (_, index) => ({ event: 'issue_comment', payload: `{"${index}`, secret: SECRET })),
  ];
  assert.equal(deliveries.length, 10_000);
  for (let at = deliveries.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1);
    [deliveries[at], deliveries[other]] = [deliveries[other]!, deliveries[at]!];
  }
  for (const { event, payload, secret } of deliveries) await bench.deliver(event, payload, { secret });
  const ends = Object.fromEntries(bench.counts);
  assert.deepEqual(ends, { taken: 2000, repeated: 4000, forged: 2000, malformed: 2000 });
  assert.equal(bench.stored.size, 2000);
  assert.equal(bench.started.size, 1000);
  assert.equal(bench.statuses.length, 1000);
});

test('says pending when a branch is pushed that an open change of this repository is known to come from', async () => {
  const bench = createBench();
  const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string];
  const push = (branch: string, after: string) =>
    bench.deliver('push', { repository, ref: `refs/heads/${branch}`, after });
  const open = (number: number, sha: string, from: object) => {
    const delivery = pull(number, sha);
    return bench.deliver('pull_request', {
      ...delivery,
      pull_request: { ...delivery.pull_request, head: { sha, ...from } },
    });
  };
  await push('topic', first);
  assert.deepEqual(bench.statuses, [], 'what comes of it is not known yet');
  await open(1, first, { ref: 'topic', repo: repository });
  bench.changes.set('estate/1', { head: first, state: 'open' });
  await push('topic', second);
  // Before the sweep has seen it, the forge tells of the same push as a new head of the change.
  await open(1, second, { ref: 'topic', repo: repository });
  await push('topic', '0'.repeat(40));
  await open(2, third, { ref: 'fork', repo: { full_name: 'stranger/estate' } });
  await push('fork', first);
  bench.changes.set('estate/1', { head: second, state: 'merged' });
  await push('topic', third);
  assert.deepEqual(
    bench.statuses.map(({ commit }) => commit),
    [first, second, third],
    'by pull request, once by push, and the one of the fork by pull request',
  );
});

test('says pending at once for a new head, and not for one that the sweep had first', async () => {
  const bench = createBench();
  const [known, fresh] = ['a'.repeat(40), 'b'.repeat(40)];
  bench.changes.set('estate/1', { head: known });
  assert.equal(await bench.deliver('pull_request', pull(1, known)), 202);
  assert.equal(await bench.deliver('pull_request', pull(1, fresh)), 202);
  assert.deepEqual(
    bench.statuses.map(({ commit, state }) => ({ commit, state })),
    [{ commit: fresh, state: 'pending' }],
  );
  assert.equal(bench.looks(), 2);
});

test('says 503 and takes nothing while the database is away, so that the forge delivers again', async () => {
  const bench = createBench({ broken: true });
  assert.equal(await bench.deliver('issue_comment', comment(1)), 503);
  assert.equal(bench.started.size, 0);
});

test('refuses what is not for it', async () => {
  const bench = createBench();
  const rows: readonly (readonly [number, Promise<number>])[] = [
    [404, bench.deliver('push', {}, { to: 'other' })],
    [413, bench.deliver('push', ' '.repeat(5 * 1024 * 1024 + 1))],
    [400, bench.deliver('push', { repository: { full_name: 'shop/another' } })],
    [400, bench.deliver('pull_request', pull(1, 'not a commit'))],
    [400, bench.deliver('push', '\ud800')],
    [200, bench.deliver('ping', { repository })],
    [200, bench.deliver('issue_comment', { ...comment(1), action: 'edited' })],
  ];
  for (const [expected, status] of rows) assert.equal(await status, expected);
  assert.equal(bench.stored.size, 0);
  assert.equal(bench.looks(), 0);
});

test('hands the commit of a merge queue on', async () => {
  const bench = createBench();
  const group = {
    head_sha: 'a'.repeat(40),
    base_sha: 'b'.repeat(40),
    head_ref: 'refs/heads/gh-readonly-queue/main/pr-1',
  };
  assert.equal(await bench.deliver('merge_group', { action: 'checks_requested', repository, merge_group: group }), 202);
  assert.deepEqual(
    [...bench.started.values()].map(({ kind }) => kind),
    ['queue-entered'],
  );
});
