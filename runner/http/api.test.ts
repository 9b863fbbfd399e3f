import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiServer, startApiServer } from '../../test/api-server.ts';
import { createApiClient } from '../api/client.ts';
import type {
  AccessTokenResponse,
  ChangeDetailResponse,
  ChangeResponse,
  ComparisonResponse,
  PageOf,
  RolloutDetailResponse,
  RunDetailResponse,
  RunResponse,
  SettingsResponse,
  StackStatus,
  StatusResponse,
} from '../api/responses.ts';
import { ROUTES } from '../api/routes.ts';
import type { Run } from '../core/run.ts';

let server: ApiServer;

before(async () => {
  server = await startApiServer();
  const { store } = server;
  await store.events.setHead('estate', 'main', { commit: 'c'.repeat(40), version: 1 });
  await store.stacks.ensure('estate', [
    { id: 'shop/dev', name: 'dev', environment: 'dev', position: 0 },
    { id: 'shop/prod', name: 'prod', environment: 'prod', position: 1 },
  ]);
  await store.changes.put({
    ...{ id: 'estate/more', repository: 'estate', name: 'more', state: 'open', head: 'h', base: 'b', merge: 'm' },
    problem: undefined,
  });
  await store.rollouts.add({
    id: 'estate@c',
    repository: 'estate',
    commit: 'c',
    stages: [{ environment: 'dev', approvals: 1, groups: [['shop/dev']] } as never],
    changes: ['estate/more'],
  });
  await addRun('p-1', { kind: 'preview', change: 'estate/more', commit: 'm' });
  await addRun('u-1', { kind: 'update', rollout: 'estate@c', commit: 'c' });
  await addRun('u-2', { kind: 'update', rollout: 'estate@c', commit: 'd' });
  for (const [id, replicas] of [
    ['p-1', 2],
    ['u-1', 2],
    ['u-2', 3],
  ] as const)
    await server.store.runs.set(id, { state: 'succeeded', outcome: outcomeOf(replicas) });
});

after(() => server.close());

async function addRun(id: string, more: Partial<Run>): Promise<void> {
  const run = { kind: 'preview', change: undefined, rollout: undefined, commit: 'c', ...more } as const;
  await server.store.runs.add({
    ...run,
    id,
    repository: 'estate',
    stack: 'shop/dev',
    reasons: [{ kind: 'new', text: 'it is new' }],
  });
}

function outcomeOf(replicas: number): NonNullable<Run['outcome']> {
  const urn = 'urn:pulumi:dev::shop::kubernetes:apps/v1:Deployment::web';
  const change = { path: 'spec.replicas', kind: 'update', before: replicas - 1, after: replicas } as const;
  const step = { operation: 'update', urn, type: 'kubernetes:apps/v1:Deployment', replacedBy: [], protected: false };
  return {
    result: 'succeeded',
    counts: { update: 1, same: 3 },
    steps: [{ ...step, changes: [change] }],
    ...{ diagnostics: [], problem: undefined, digest: `d${replicas}`, fingerprints: [], references: [] },
    ...{ outputs: { url: 'x' }, engine: 'embedded', sandbox: true, milliseconds: 5 },
  };
}

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${server.token}`, ...init.headers },
  });
}

async function json<T>(path: string): Promise<T> {
  const response = await ask(path);
  assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
  return (await response.json()) as T;
}

test('asks who it is for everything but signing in, the document and its own health', async () => {
  for (const [name, { method, path, needs }] of Object.entries(ROUTES) as [
    string,
    { method: string; path: string; needs: string },
  ][]) {
    const response = await fetch(`${server.url}${path.replace(/\{\w+\}/g, 'x')}`, { method: method.toUpperCase() });
    const { kind, error } = (await response.json()) as { kind: string; error: string };
    if (needs === 'nobody') assert.ok(response.ok || kind === 'user', name);
    else {
      assert.deepEqual([response.status, kind], [401, 'unauthorized'], name);
      assert.match(error, /^Cannot .* as .*: ?.*\. .*\.$|^Cannot .* as .*/);
    }
  }
  for (const path of ['/healthz', '/readyz', '/api/openapi.json'])
    assert.equal((await fetch(server.url + path)).status, 200);
  const wrong = await fetch(`${server.url}/api/status`, { headers: { authorization: 'Bearer wrong' } });
  assert.equal(wrong.status, 401);
});

test('shows stacks, runs, changes and rollouts with what a page needs', async () => {
  const status = await json<StatusResponse>('/api/status');
  assert.deepEqual(status.repositories[0]!.environments, ['dev', 'prod']);
  const [dev, prod] = status.repositories[0]!.stacks;
  assert.deepEqual([dev?.lastRun, dev?.sandbox, dev?.alignment, prod?.summary], ['u-2', true, 'new', 'no update yet']);
  const run = await json<RunDetailResponse>('/api/runs/u-1');
  assert.deepEqual(
    run.changes.map(({ name, danger, changes }) => [name, danger, changes[0]!.after]),
    [['web', 'none', 2]],
  );
  assert.match(run.undo.text, /^Yes, by putting the old commit back/);
  const change = await json<ChangeDetailResponse>('/api/changes/estate%2Fmore');
  assert.equal(change.verdict, 'Changes shop/dev.');
  assert.deepEqual(change.rollouts, ['estate@c']);
  assert.equal(change.stacks[0]!.reasons[0], 'it is new');
  const rollout = await json<RolloutDetailResponse>('/api/rollouts/estate%40c');
  assert.deepEqual([rollout.subject, rollout.runs.length, rollout.stages[0]!.approvals], ['More replicas', 2, 1]);
  const listed = await json<PageOf<ChangeResponse>>('/api/changes');
  assert.equal(listed.items[0]!.verdict, change.verdict);
});

test('answers what its document says, to the letter', async () => {
  const known: Readonly<Record<string, string>> = {
    run: 'u-1',
    change: 'estate%2Fmore',
    rollout: 'estate%40c',
    repository: 'estate',
    stack: 'shop%2Fdev',
  };
  for (const [name, route] of Object.entries(ROUTES)) {
    if (route.method !== 'get' || 'stream' in route) continue;
    const path = route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => known[parameter]!);
    const answer = await json<unknown>(name === 'compare' ? `${path}?from=u-1&to=u-2` : path);
    assert.deepEqual(JSON.parse(JSON.stringify(route.answer.parse(answer))), answer, name);
  }
});

test('filters and pages', async () => {
  assert.deepEqual(
    (await json<PageOf<RunResponse>>('/api/runs?kind=update')).items.map(({ id }) => id),
    ['u-2', 'u-1'],
  );
  const first = await json<PageOf<RunResponse>>('/api/runs?limit=2');
  const second = await json<PageOf<RunResponse>>(`/api/runs?limit=2&after=${first.next}`);
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id),
    ['u-2', 'u-1', 'p-1'],
  );
  assert.equal(second.next, undefined);
  const stacks = await json<PageOf<StackStatus>>('/api/stacks?limit=1&search=SHOP');
  assert.deepEqual([stacks.items[0]!.id, stacks.next], ['shop/dev', 'estate:shop/dev']);
  assert.equal((await json<PageOf<StackStatus>>(`/api/stacks?after=${stacks.next}`)).items[0]!.id, 'shop/prod');
  assert.deepEqual((await json<PageOf<StackStatus>>('/api/stacks?environment=prod')).items.length, 1);
});

test('compares two updates of a stack', async () => {
  const compared = await json<ComparisonResponse>(
    '/api/repositories/estate/stacks/shop%2Fdev/comparison?from=u-1&to=u-2',
  );
  assert.deepEqual(compared.runs, ['u-2']);
  assert.deepEqual(compared.resources[0]!.changes, [{ path: 'spec.replicas', kind: 'update', before: 2, after: 3 }]);
  const none = await ask('/api/repositories/estate/stacks/shop%2Fdev/comparison?from=u-1&to=p-1');
  assert.equal(none.status, 404);
});

test('shows the settings in effect with the line that says each', async () => {
  const { settings, file, runner } = await json<SettingsResponse>('/api/repositories/estate/settings');
  assert.equal(file, 'mainstay.yaml');
  assert.deepEqual(settings[0], { path: 'environments[0].name', value: 'dev', source: 'mainstay.yaml:2' });
  assert.deepEqual(runner, [{ path: 'MAINSTAY_PORT', value: 1, source: 'default' }]);
});

test('answers every mistake in one shape', async () => {
  const refused: readonly (readonly [number, string, string, RequestInit?])[] = [
    [404, 'missing', '/api/nothing'],
    [404, 'missing', '/api/runs/nobody'],
    [400, 'user', '/api/runs?limit=0'],
    [400, 'user', '/api/runs?after=nobody'],
    [400, 'user', '/api/runs?stack=%00'],
    [405, 'user', '/api/runs', { method: 'PUT' }],
    [400, 'user', '/api/runs/u-1/decision', { method: 'POST', body: 'x' }],
    [
      400,
      'user',
      '/api/runs/u-1/decision',
      { method: 'POST', body: '{"kind":"maybe"}', headers: { 'content-type': 'application/json' } },
    ],
    [409, 'conflict', '/api/runs/u-1/cancel', { method: 'POST' }],
    [409, 'conflict', '/api/runs/u-1/retry', { method: 'POST' }],
    [
      413,
      'user',
      '/api/tokens',
      { method: 'POST', body: 'x'.repeat(70_000), headers: { 'content-type': 'application/json' } },
    ],
  ];
  for (const [status, kind, path, init] of refused) {
    const response = await ask(path, init);
    const body = (await response.json()) as { kind: string; error: string };
    assert.deepEqual([response.status, body.kind, Object.keys(body).sort()], [status, kind, ['error', 'kind']], path);
    assert.match(body.error, /^Cannot /, path);
  }
  const foreign = await server.app.request('/api/status', { headers: { host: 'evil.example' } });
  assert.equal(foreign.status, 421);
});

const GRACE = { by: 'grace höpper', via: 'this machine' };

test('takes decisions, cancels and retries what can be, as whoever has the token of the machine says', async () => {
  const api = createApiClient({ ...server, as: GRACE.by });
  await addRun('w-1', { kind: 'update', rollout: 'estate@c' });
  await server.store.runs.set('w-1', { state: 'waiting' });
  await api.decideRun('w-1', { kind: 'approve', by: 'ada' });
  await api.cancelRun('w-1');
  await addRun('f-1', { kind: 'preview' });
  await server.store.runs.set('f-1', { state: 'failed' });
  await api.retryRun('f-1');
  assert.equal((await api.unlock({ repository: 'estate', stack: 'shop/dev' })).done, 'nothing was left');
  await assert.rejects(api.unlock({ repository: 'estate', stack: 'shop/none' }), /there is none: shop\/none/);
  await server.store.runs.set('w-1', { state: 'failed' });
  await server.store.rollouts.set('estate@c', { state: 'waiting' });
  await api.retryRun('w-1');
  await api.sync();
  assert.deepEqual(server.told, [
    ['decideRun', 'w-1', { kind: 'approve', ...GRACE, by: 'ada', reason: undefined, digest: undefined }],
    ['cancelRun', 'w-1', GRACE],
    ['retryPreview', 'f-1', GRACE],
    ['unlock', { repository: 'estate', stack: 'shop/dev', ...GRACE }],
    ['decideRollout', 'estate@c', { kind: 'retry', ...GRACE, reason: undefined }],
    ['sync', ['estate']],
  ]);
  const [synced] = await api.audit({ limit: 1 });
  assert.deepEqual([synced?.kind, synced?.subject, synced?.by, synced?.via], ['sync', 'estate', GRACE.by, GRACE.via]);
  assert.equal(await server.store.audit.verify(), undefined);
});

test('looks for drift, takes back and promotes as whoever asks', async () => {
  const api = createApiClient(server);
  const at = { repository: 'estate', stack: 'shop/dev' };
  await api.look({ ...at, correct: true });
  const revert = await api.rollBack({ ...at, to: 'c0ffee', reason: 'it was bad' });
  const promotion = await api.promote({ repository: 'estate', name: 'app=web', from: 'dev', to: 'prod' });
  assert.deepEqual([revert.change, promotion.state, promotion.by], ['revert-1', 'queued', 'local']);
  assert.equal((await api.promotions({ state: 'queued' })).length, 1);
  assert.deepEqual(server.told.slice(-2), [
    ['look', { ...at, asked: { by: 'local', via: 'this machine', correct: true } }],
    ['rollBack', { ...at, to: 'c0ffee', reason: 'it was bad', by: 'local', via: 'this machine' }],
  ]);
  const [asked] = await api.audit({ subject: at.stack, limit: 1 });
  assert.deepEqual([asked?.kind, asked?.text], ['look', 'look for drift, and put back what differs']);
  await assert.rejects(
    api.look({ ...at, stack: 'shop/nobody' }),
    /Cannot show the stack as there is none: shop\/nobody/,
  );
});

test('makes the first account by a link that works once, and keeps pages of others out', async () => {
  const { url } = (await (await ask('/api/sign-in-links', { method: 'POST' })).json()) as { url: string };
  const link = new URL(url).hash.slice(1);
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(server.url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  assert.equal((await post('/api/session', { link })).status, 400, 'it has to say its name');
  const signedIn = await post('/api/session', { link, name: 'Ada' });
  assert.equal(signedIn.status, 201);
  const cookie = signedIn.headers.get('set-cookie')!;
  assert.match(cookie, /^mainstay_session=session_[\w-]{43};.*HttpOnly; SameSite=Strict$/);
  const { account, csrf } = (await signedIn.json()) as { account: { name: string }; csrf: string };
  assert.equal(account.name, 'Ada');
  assert.equal((await post('/api/session', { link, name: 'Eve' })).status, 403, 'a link works once');
  const session = { cookie: cookie.split(';')[0]! };
  const who = await fetch(`${server.url}/api/session`, { headers: session });
  assert.equal(((await who.json()) as { account: { name: string } }).account.name, 'Ada');
  assert.equal((await post('/api/sync', {}, session)).status, 403, 'no page may do anything by the cookie alone');
  const own = { ...session, 'x-mainstay-csrf': csrf };
  assert.equal((await post('/api/sync', {}, { ...own, 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await post('/api/sync', {}, own)).status, 202);
  await fetch(`${server.url}/api/session`, { method: 'DELETE', headers: own });
  assert.equal((await fetch(`${server.url}/api/session`, { headers: session })).status, 401, 'signed out');
});

test('makes tokens that are shown once, may be for looking only, and end', async () => {
  const api = createApiClient(server);
  const made = await api.makeToken({ name: 'robot', role: 'viewer' });
  const viewer = createApiClient({ url: server.url, token: made.token });
  assert.equal((await viewer.status()).repositories.length, 1);
  await assert.rejects(
    viewer.sync(),
    /it needs the role operator or owner: Ada has owner, and asks with the token robot/,
  );
  const listed = await json<PageOf<AccessTokenResponse>>('/api/tokens');
  assert.deepEqual(Object.keys(listed.items[0]!).includes('token'), false);
  assert.ok(listed.items[0]!.lastUsedAt);
  assert.equal((await api.tokens())[0]?.name, 'robot');
  await api.removeToken(made.id);
  await assert.rejects(api.removeToken(made.id), /there is none/);
  await assert.rejects(viewer.status(), /unknown or has expired/);
});

test('names in the trail whose token it was, whatever the asker calls themselves, and who gave and took it', async () => {
  const local = createApiClient({ ...server, as: 'ada' });
  const made = await local.makeToken({ name: 'deploys', role: 'owner' });
  await createApiClient({ url: server.url, token: made.token, as: 'somebody else' }).sync();
  await local.removeToken(made.id);
  const trail = (await local.audit({ limit: 3 })).toReversed();
  assert.deepEqual(
    trail.map(({ kind, subject, by, via }) => [kind, subject, by, via]),
    [
      ['access', 'deploys', 'ada', 'this machine'],
      ['sync', 'estate', 'Ada', 'token deploys'],
      ['access', 'deploys', 'ada', 'this machine'],
    ],
  );
  const headers = { authorization: `Bearer ${server.token}`, 'x-mainstay-as': 'two%0Alines' };
  const refused = await fetch(`${server.url}/api/status`, { headers });
  assert.equal(refused.status, 400, 'a name is one line');
});

test('streams what happens in a run, and goes on after the last that was seen', async () => {
  await addRun('s-1', { kind: 'update' });
  const api = createApiClient(server);
  const seen: string[] = [];
  const add = (text: string) => server.store.runs.addEvents('s-1', [{ kind: 'log', severity: 'info', text }]);
  await add('one');
  const told: number[] = [];
  for await (const { number } of api.runEvents('s-1', { follow: false })) told.push(number);
  assert.deepEqual(told, [1], 'without following it ends with what there is');
  const reading = (async () => {
    for await (const { number, event } of api.runEvents('s-1'))
      seen.push(`${number} ${event.kind === 'log' ? event.text : event.kind}`);
  })();
  await until(() => seen.length === 1);
  await server.goAway();
  await add('two');
  await server.listenAgain();
  await until(() => seen.length === 2);
  await server.store.runs.set('s-1', { state: 'succeeded', summary: 'done' });
  await reading;
  assert.deepEqual(seen, ['1 one', '2 two', '3 state']);
  const rest = await ask('/api/runs/s-1/events', { headers: { 'last-event-id': '2' } });
  assert.match(await rest.text(), /^id: 3[\s\S]*event: end/m);
});

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never held');
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

test('gives Prometheus the figures of the estate, to whoever may read', async () => {
  assert.equal((await fetch(new URL('/metrics', server.url))).status, 401);
  const response = await ask('/metrics');
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  assert.match(text, /^mainstay_stacks\{repository="estate",alignment="new"\} \d+$/m);
  assert.match(text, /^mainstay_runs\{kind="\w+",state="succeeded"\} \d+$/m);
  assert.match(text, /^mainstay_run_seconds_total\{kind="\w+",state="succeeded"\} [\d.]+$/m);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
});

test('answers the estate of a thousand stacks with as many statements as that of a few, and nothing where nothing changed', async () => {
  const estateOf = async () => {
    const before = server.statements();
    const response = await ask('/api/status');
    const { repositories } = (await response.json()) as StatusResponse;
    return {
      stacks: repositories[0]!.stacks.length,
      statements: server.statements() - before,
      tag: response.headers.get('etag')!,
    };
  };
  const few = await estateOf();
  const stacks = Array.from({ length: 1000 }, (_, index) => ({
    ...{ id: `shop/s${index}`, name: `s${index}`, environment: `e${index % 5}`, position: index },
  }));
  await server.store.stacks.ensure('estate', stacks);
  const run = { kind: 'update', change: undefined, rollout: undefined, commit: 'c', reasons: [] } as const;
  for (const { id } of stacks)
    await server.store.runs.add({ ...run, id: `many-${id}`, repository: 'estate', stack: id });
  const many = await estateOf();
  assert.equal(many.stacks, 1000);
  assert.ok(few.statements > 0, 'statements are counted');
  assert.equal(many.statements, few.statements);
  assert.equal((await ask('/api/status', { headers: { 'if-none-match': many.tag } })).status, 304);
});
