import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiServer, startApiServer } from '../../test/api-server.ts';
import { createApiClient } from '../api/client.ts';
import type { Route } from '../api/route.ts';
import { ROUTES, type RouteName } from '../api/routes.ts';
import type { Grant } from '../core/access.ts';
import type { Outcome, Run } from '../core/run.ts';
import { hashOf } from './sign-in.ts';

let server: ApiServer;
const COMMIT = 'c'.repeat(40);

before(async () => {
  server = await startApiServer({
    repositories: ['estate', 'secret'],
    given: [
      { role: 'operator', environments: ['dev'], accounts: ['by-file'] },
      { role: 'owner', accounts: ['somebody-else'] },
    ],
  });
  const { store } = server;
  await store.stacks.ensure('estate', [
    { id: 'shop/dev', name: 'dev', environment: 'dev', position: 0 },
    { id: 'shop/prod', name: 'prod', environment: 'prod', position: 1 },
  ]);
  await store.stacks.ensure('secret', [{ id: 'vault/main', name: 'main', environment: 'vault', position: 0 }]);
  for (const repository of ['estate', 'secret'])
    await store.events.setHead(repository, 'main', { commit: COMMIT, version: 1 });
  for (const [stack, id] of STACKS) await fillStack(stack, id);
  await store.promotions.add({ id: 'pr-1', repository: 'estate', name: 'app', from: 'dev', to: 'prod', by: 'ada' });
});

after(() => server.close());

const STACKS = [
  ['shop/dev', 'dev'],
  ['shop/prod', 'prod'],
  ['vault/main', 'vault'],
] as const;

function repositoryOf(stack: string): string {
  return stack.startsWith('vault') ? 'secret' : 'estate';
}

const step = { type: 't:m:T', changes: [], replacedBy: [], protected: false, operation: 'update' };

/** Every record that there can be of a stack; those of `shop/dev` name the others wherever a text can. */
async function fillStack(stack: string, id: string): Promise<void> {
  const { store } = server;
  const repository = repositoryOf(stack);
  const text = 'because of shop/prod and vault/main, see urn:pulumi:prod::shop::t:m:T::x';
  const add = async (run: Pick<Run, 'id' | 'kind'> & Partial<Run>, state: Run['state']) => {
    const { change, rollout, ...rest } = run;
    await store.runs.add({
      ...{ repository, stack, commit: 'm', reasons: [{ kind: 'new', text }], change, rollout },
      ...rest,
    });
    const urn = `urn:pulumi:${stack.split('/')[1]}::${stack.split('/')[0]}::t:m:T::x`;
    const diagnostics = [{ severity: 'info', urn: undefined, message: text }] as const;
    const outcome: Outcome = {
      ...{ result: 'succeeded', counts: { update: 1 }, steps: [{ ...step, urn }], diagnostics, problem: undefined },
      ...{ digest: 'd', fingerprints: [], references: [], outputs: { text }, engine: 'embedded', sandbox: true },
      milliseconds: 1,
    };
    await store.runs.set(run.id, { state, summary: text, outcome });
    await store.runs.addEvents(run.id, [{ kind: 'log', severity: 'info', text: `log of ${stack}: ${text}` }]);
    await store.runs.setGraph(run.id, [
      { urn, type: 't:m:T', parent: undefined, dependencies: [], operation: 'same', health: 'healthy' } as never,
    ]);
    await store.audit.add({ kind: 'retry', repository, subject: run.id, by: 'ada', text: `retry of ${stack} ${text}` });
  };
  await store.changes.put({
    ...{ id: `${repository}/${id}-only`, repository, name: `${id}-only`, state: 'open', head: 'h', base: 'b' },
    ...{ merge: 'm', problem: `bad file of ${stack}` },
  });
  const gate = { approval: undefined };
  await store.rollouts.add({
    ...{ id: `${repository}@${id}`, repository, commit: id, changes: [`${repository}/${id}-only`] },
    stages: [{ environment: id, approvals: 0, groups: [[stack]], gate } as never],
  });
  await store.rollouts.set(`${repository}@${id}`, { state: 'waiting', summary: text, waits: waitsAt(id) });
  await add({ id: `preview-${id}`, kind: 'preview', change: `${repository}/${id}-only` }, 'failed');
  await add({ id: `update-${id}`, kind: 'update', rollout: `${repository}@${id}` }, 'succeeded');
  await add({ id: `waiting-${id}`, kind: 'update', rollout: `${repository}@${id}` }, 'waiting');
  await store.drift.put({
    ...{ repository, stack, state: 'drifted', summary: text, lookedAt: new Date(), commit: 'm', run: undefined },
    ...{ since: new Date(), correction: undefined, issue: undefined },
    finding: { differences: [], quiet: [], ignored: [], expired: [] },
  } as never);
  await store.audit.add({ kind: 'look', repository, subject: stack, by: 'ada', text: `look at ${stack}` });
}

function waitsAt(environment: string) {
  const text = `${environment} waits for shop/prod`;
  return { environment, for: 'failure', text, until: undefined, approval: undefined } as const;
}

interface Sent {
  readonly status: number;
  readonly text: string;
}

/** A token that leaves its account all that it has. */
async function personWith(grants: readonly Grant[], name: string = crypto.randomUUID()): Promise<string> {
  const id = crypto.randomUUID();
  assert.ok(await server.accounts.add({ id, name, grants }));
  const token = `token-of-${id}`;
  const more = { id: `token-${id}`, name: `of-${name}`, account: id, expiresAt: undefined };
  await server.accounts.tokens.add({ ...more, grant: { role: 'owner' }, hash: hashOf(token) });
  return token;
}

async function send(token: string, route: Route, place: Place & { readonly body?: unknown }): Promise<Sent> {
  const { id, stack } = place;
  const repository = repositoryOf(stack);
  const path = route.path
    .replace('{run}', route.path.endsWith('decision') ? `waiting-${id}` : `preview-${id}`)
    .replace('{change}', encodeURIComponent(`${repository}/${id}-only`))
    .replace('{rollout}', encodeURIComponent(`${repository}@${id}`))
    .replace('{repository}', repository)
    .replace('{stack}', encodeURIComponent(stack))
    .replace(/\{(account|token)\}/, 'nobody');
  const query = path.endsWith('comparison')
    ? `?from=update-${id}&to=update-${id}`
    : route.stream
      ? '?follow=false'
      : '';
  const response = await fetch(`${server.url}${path}${query}`, {
    method: route.method.toUpperCase(),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(route.method === 'post' && { body: JSON.stringify(place.body ?? {}) }),
  });
  return { status: response.status, text: await response.text() };
}

interface Place {
  readonly stack: string;
  readonly id: string;
}

const DEV: Place = { stack: 'shop/dev', id: 'dev' };
const PROD: Place = { stack: 'shop/prod', id: 'prod' };
const VAULT: Place = { stack: 'vault/main', id: 'vault' };

type Who = 'viewer' | 'operator' | 'approver' | 'owner';
const ALL: readonly Who[] = ['viewer', 'operator', 'approver', 'owner'];
const OPERATE: readonly Who[] = ['operator', 'owner'];
const APPROVE: readonly Who[] = ['approver', 'owner'];
const OWN: readonly Who[] = ['owner'];

/** Who may ask each route, by what is asked; written down here once more, so that a route cannot be opened by mistake. */
const RULES: Readonly<Record<RouteName, readonly (readonly [may: readonly Who[] | 'everybody', body?: unknown])[]>> = {
  ...all(['status', 'stacks', 'stack', 'stackGraph', 'compare', 'drift', 'audit', 'settings', 'runs', 'run']),
  ...all(['runGraph', 'runEvents', 'changes', 'change', 'rollouts', 'rollout', 'promotions', 'images', 'environments']),
  askForEnvironment: [[OPERATE, { asked: 'down' }]],
  sync: [[OPERATE]],
  cancelRun: [[OPERATE]],
  retryRun: [[OPERATE]],
  look: [[OPERATE, { correct: true }]],
  unlock: [[OPERATE]],
  rollBack: [[OPERATE, { to: 'c0ffee', reason: 'it was bad' }]],
  promote: [[APPROVE, { name: 'app', from: 'dev', to: 'prod' }]],
  decideRun: decisions(),
  decideRollout: decisions(),
  accounts: [[OWN]],
  makeAccount: [[OWN, { name: 'grace', grants: [{ role: 'viewer' }] }]],
  setGrants: [[OWN, { grants: [] }]],
  makeAccountLink: [[OWN]],
  removeAccount: [[OWN]],
  makeSignInLink: [[OWN]],
  session: [['everybody']],
  signOut: [['everybody']],
  tokens: [['everybody']],
  makeToken: [[OWN, { name: 'more', role: 'viewer' }]],
  removeToken: [['everybody']],
  signInWays: [['everybody']],
  signIn: [['everybody', { token: 'none' }]],
};

function all<N extends RouteName>(names: readonly N[]) {
  return Object.fromEntries(names.map((name) => [name, [[ALL]]])) as unknown as Record<
    N,
    readonly [readonly [typeof ALL]]
  >;
}

function decisions() {
  const powers = { approve: APPROVE, reject: APPROVE, retry: OPERATE, 'give-up': OPERATE, 'break-glass': OWN };
  return Object.entries(powers).map(([kind, may]) => [may, { kind, reason: 'for a good reason' }] as const);
}

const OF_A_PLACE = /\{(run|change|rollout|stack)\}/;

test('lets each role do on every route what its power is, and nobody else', async () => {
  assert.deepEqual(Object.keys(RULES).sort(), Object.keys(ROUTES).sort());
  const people = new Map<Who | 'nobody', string>([['nobody', await personWith([])]]);
  for (const role of ALL) people.set(role, await personWith([{ role }]));
  for (const [name, cases] of Object.entries(RULES) as [RouteName, (typeof RULES)[RouteName]][])
    for (const [may, body] of cases)
      for (const [who, token] of people) {
        // Each owner makes one of that name, and there is one owner.
        const { status, text } = await send(token, ROUTES[name] as Route, { ...DEV, body });
        const said = `${name} ${JSON.stringify(body)} as ${who}: ${status} ${text.slice(0, 300)}`;
        const refused = status === 401 || status === 403 || (status === 404 && name !== 'removeToken');
        if (name === 'signIn') assert.equal(status, 403, said);
        else if (may === 'everybody' || may.includes(who as Who))
          assert.ok(!refused || (status === 404 && text.includes('nobody')), said);
        else if (who === 'nobody' && OF_A_PLACE.test(ROUTES[name].path)) assert.equal(status, 404, said);
        else assert.ok([403, 404].includes(status), said);
        assert.ok(status < 500, said);
      }
});

test('knows nothing of a stack for whoever may not see it: in no list, page, stream, error or trail', async () => {
  const grants: readonly (readonly Grant[])[] = [
    [{ role: 'owner', environments: ['dev'] }],
    [{ role: 'owner', stacks: ['shop/dev'] }],
    [{ role: 'owner', repositories: ['estate'], stacks: ['dev'] }],
  ];
  for (const grant of grants) {
    const token = await personWith(grant);
    for (const [name, cases] of Object.entries(RULES) as [RouteName, (typeof RULES)[RouteName]][])
      for (const [, body] of cases)
        for (const place of [DEV, PROD, VAULT]) {
          const route = ROUTES[name] as Route;
          const { status, text } = await send(token, route, { ...place, body });
          const said = `${name} ${JSON.stringify(body)} of ${place.stack}: ${status} ${text.slice(0, 2000)}`;
          assert.ok(status < 500, said);
          if (place !== DEV && OF_A_PLACE.test(route.path)) assert.equal(status, 404, said);
          // What was asked for may be said back where it is not there.
          const told = status === 404 ? text.replaceAll(place.stack, '').replaceAll(`@${place.id}`, '') : text;
          const asked = told
            .replaceAll(`${repositoryOf(place.stack)}/${place.id}-only`, '')
            .replaceAll(`-${place.id}`, '');
          const shown = status === 404 ? asked : told;
          assert.doesNotMatch(shown, /shop\/prod|vault|prod::shop|prod-only|update-prod|estate@prod/, said);
        }
  }
});

test('shows what may be seen of changes, rollouts and runs, page by page', async () => {
  const api = createApiClient({ url: server.url, token: await personWith([{ role: 'viewer', stacks: ['dev'] }]) });
  assert.deepEqual(
    (await api.changes()).map(({ id }) => id),
    ['estate/dev-only'],
  );
  assert.deepEqual(
    (await api.rollouts()).map(({ id }) => id),
    ['estate@dev'],
  );
  assert.deepEqual(
    (await api.runs()).map(({ stack }) => stack),
    ['shop/dev', 'shop/dev', 'shop/dev'],
  );
  const [repository, ...others] = (await api.status()).repositories;
  assert.deepEqual(
    [repository?.stacks.map(({ id }) => id), repository?.environments, others],
    [['shop/dev'], ['dev'], []],
  );
  const run = await api.run('preview-dev');
  assert.equal(run.summary, 'because of [hidden] and [hidden], see urn:pulumi:[hidden]::t:m:T::x');
  assert.match((await api.change('estate/dev-only')).problem!, /is shown to who sees the whole repository/);
  const audit = await api.audit({ limit: 1000 });
  assert.ok(audit.length >= 4 && audit.every(({ subject }) => subject.includes('dev')), JSON.stringify(audit));
});

test('shows of a rollout through several environments the part that may be seen, and lets nobody decide about the rest', async () => {
  const { store } = server;
  const stages = [DEV, PROD].map(({ id, stack }) => ({ environment: id, approvals: 0, groups: [[stack]] })) as never;
  await store.rollouts.add({
    id: 'estate@both',
    repository: 'estate',
    commit: 'both',
    stages,
    changes: ['estate/prod-only'],
  });
  await store.rollouts.set('estate@both', { state: 'waiting', summary: 'prod failed', waits: waitsAt('prod') });
  const api = createApiClient({ url: server.url, token: await personWith([{ role: 'owner', environments: ['dev'] }]) });
  const seen = await api.rollout('estate@both');
  assert.deepEqual(
    seen.stages.map(({ environment }) => environment),
    ['dev'],
  );
  assert.deepEqual([seen.waits, seen.may, seen.changes], [undefined, [], []]);
  assert.match(seen.summary, /waits for something in a stack that you may not see/);
  await assert.rejects(api.decideRollout('estate@both', { kind: 'retry' }), /needs the role operator or owner/);
  await assert.rejects(
    api.promote({ repository: 'estate', name: 'app', from: 'dev', to: 'prod' }),
    /there is none: prod/,
  );
  await store.rollouts.set('estate@both', { waits: waitsAt('dev') });
  assert.deepEqual((await api.rollout('estate@both')).may, ['operate', 'approve', 'own']);
  await api.decideRollout('estate@both', { kind: 'retry' });
});

test('gives with a stack its running copies for changes, and hides those of others', async () => {
  const { store } = server;
  for (const [stack, template] of [
    ['shop/pr-1', 'shop/dev'],
    ['shop/pr-2', 'shop/prod'],
  ] as const) {
    await store.environments.put({
      ...{ repository: 'estate', stack, template, change: 'estate/dev-only', state: 'ready', summary: `is ${stack}` },
      ...{ commit: 'c', settings: undefined, run: `e-${stack.slice(5)}`, turns: 1, claimed: true, outputs: {} },
      ...{ sandbox: true, unclear: false, failures: 0, againAt: undefined, expiresAt: undefined, turnedAt: undefined },
      updatedAt: new Date(),
    });
    await store.runs.add({
      ...{ id: `e-${stack.slice(5)}`, repository: 'estate', stack, kind: 'environment', change: 'estate/dev-only' },
      ...{ rollout: undefined, commit: 'c', reasons: [{ kind: 'new', text: 'beside shop/pr-2' }] },
    });
  }
  const api = createApiClient({
    url: server.url,
    token: await personWith([{ role: 'operator', environments: ['dev'] }]),
  });
  const runs = await api.runs({ kind: 'environment' });
  assert.deepEqual(
    runs.map(({ stack, reasons }) => [stack, ...reasons]),
    [['shop/pr-1', 'beside [hidden]']],
  );
  assert.deepEqual((await api.run('e-pr-1')).may, ['operate']);
  await assert.rejects(api.run('e-pr-2'), /there is none: e-pr-2/);
  const [repository] = (await api.status()).repositories;
  assert.deepEqual(
    repository?.previewEnvironments.map(({ stack, may }) => [stack, ...may]),
    [['shop/pr-1', 'operate']],
  );
});

test('tells what may be done with what is shown', async () => {
  const token = await personWith([
    { role: 'viewer' },
    { role: 'operator', environments: ['dev'] },
    { role: 'approver', stacks: ['prod'] },
  ]);
  const api = createApiClient({ url: server.url, token });
  const stacks = (await api.status()).repositories.flatMap((repository) => repository.stacks);
  assert.deepEqual(
    stacks.map(({ id, may }) => [id, may.join(' ')]),
    [
      ['shop/dev', 'operate'],
      ['shop/prod', 'approve'],
      ['vault/main', ''],
    ],
  );
  assert.deepEqual([(await api.run('update-dev')).may, (await api.run('update-prod')).may], [['operate'], ['approve']]);
  const session = await api.session();
  assert.deepEqual([session.may, session.mayAll], [['operate', 'approve'], []]);
});

test('gives a token never more than its account, and a part of it where that is asked', async () => {
  const { accounts, url } = server;
  await accounts.add({ id: 'ops', name: 'ops', grants: [{ role: 'operator', environments: ['dev'] }] });
  const add = async (grant: Grant) => {
    const token = `limited-${crypto.randomUUID()}`;
    await accounts.tokens.add({
      id: token,
      name: 't',
      account: 'ops',
      grant,
      hash: hashOf(token),
      expiresAt: undefined,
    });
    return createApiClient({ url, token });
  };
  const most = await add({ role: 'owner' });
  const at = { repository: 'estate', stack: 'shop/dev' };
  await most.look(at);
  await assert.rejects(most.look({ ...at, stack: 'shop/prod' }), /there is none: shop\/prod/);
  const reads = await add({ role: 'viewer' });
  assert.equal((await reads.status()).repositories[0]?.stacks.length, 1);
  await assert.rejects(
    reads.look(at),
    /needs the role operator or owner for shop\/dev: ops has operator in dev, and asks/,
  );
  await assert.rejects(reads.makeToken({ name: 'more', role: 'owner' }), /token that may less than its account/);
  const elsewhere = await add({ role: 'owner', environments: ['prod'] });
  await assert.rejects(elsewhere.unlock(at), /there is none: shop\/dev/);
  await accounts.setGrants('ops', []);
  await assert.rejects(most.status(), /ops has no role/, 'what is taken from an account its tokens lose too');
  await accounts.remove('ops');
  await assert.rejects(most.status(), /unknown or has expired/);
});

test('takes grants of the runner’s file for the accounts that they name', async () => {
  const api = createApiClient({ url: server.url, token: await personWith([], 'by-file') });
  assert.deepEqual(
    (await api.status()).repositories[0]?.stacks.map(({ id, may }) => [id, ...may]),
    [['shop/dev', 'operate']],
  );
  const { account } = await api.session();
  assert.deepEqual([account.given, account.grants], [[], [{ role: 'operator', environments: ['dev'] }]]);
});

test('keeps figures of the whole estate from whoever sees a part of it', async () => {
  const ask = async (grants: readonly Grant[]) => {
    const authorization = `Bearer ${await personWith(grants)}`;
    return (await fetch(`${server.url}/metrics`, { headers: { authorization } })).status;
  };
  assert.equal(await ask([{ role: 'viewer' }]), 200);
  assert.equal(await ask([{ role: 'owner', repositories: ['estate'] }]), 403);
});

test('makes, changes and removes accounts, each in the trail', async () => {
  const api = createApiClient(server);
  const made = await api.makeAccount({ name: 'Hedy', grants: [{ role: 'viewer' }] });
  await assert.rejects(
    api.makeAccount({ name: 'hedy', grants: [{ role: 'owner' }] }),
    /another one has the name: hedy/,
  );
  const link = new URL(made.url).hash.slice(1);
  const headers = { 'content-type': 'application/json' };
  const signIn = () => fetch(`${server.url}/api/session`, { method: 'POST', body: JSON.stringify({ link }), headers });
  const session = await signIn();
  assert.equal(session.status, 201);
  assert.equal((await signIn()).status, 403, 'a link works once');
  const cookie = session.headers.get('set-cookie')!.split(';')[0]!;
  const ask = async () => (await fetch(`${server.url}/api/status`, { headers: { cookie } })).status;
  assert.equal(await ask(), 200);
  await api.setGrants(made.account.id, []);
  assert.equal(await ask(), 403);
  assert.match((await api.makeAccountLink(made.account.id)).url, /#link_/);
  await api.removeAccount(made.account.id);
  assert.equal(await ask(), 401);
  await assert.rejects(api.removeAccount(made.account.id), /there is none/);
  const trail = (await api.audit({ subject: 'Hedy' })).map(({ text }) => text);
  assert.deepEqual(trail.toReversed(), [
    'made the account Hedy: viewer',
    'Hedy: viewer, from now on no role',
    'made a link that signs Hedy in',
    'removed the account Hedy: no role',
  ]);
});
