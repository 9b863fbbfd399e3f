import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import type { Run } from '../core/run.ts';
import { MOST_EVENTS, RUNS_WITH_EVENTS } from '../core/run-event.ts';
import type { RunStore } from '../core/run-store.ts';
import { type Database, openDatabase } from './database.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { migrate } from './migrations.ts';
import { createPostgresRunStore } from './postgres-run-store.ts';
import { openTestDatabase, type TestDatabase } from './testing/open-test-database.ts';

let opened: TestDatabase;
let database: Database;
let store: RunStore;

before(async () => {
  opened = await openTestDatabase(({ pool }) => Promise.all([migrate(pool), migrate(pool)]));
  ({ database } = opened);
  store = createPostgresRunStore(database);
});

after(async () => {
  await opened?.close();
});

const RUN = {
  id: 'u-1',
  repository: 'r',
  stack: 'shop/dev',
  kind: 'update',
  change: undefined,
  rollout: 'r@1',
  commit: 'c',
  reasons: [{ kind: 'new', text: 'why' }],
} as const;

test('takes the same event, run and rollout once', async () => {
  const event = { id: 'e', repository: 'r', kind: 'base-moved', head: 'h' } as const;
  const added = await Promise.all(Array.from({ length: 8 }, () => store.events.add(event)));
  assert.equal(added.filter(Boolean).length, 1);
  await Promise.all([store.runs.add(RUN), store.runs.add({ ...RUN, commit: 'other' })]);
  await store.runs.set('u-1', { state: 'running', startedAt: new Date(1000) });
  await store.runs.add(RUN);
  const run = await store.runs.get('u-1');
  assert.equal(run!.state, 'running');
  assert.deepEqual([run!.startedAt, run!.endedAt, run!.reasons], [new Date(1000), undefined, RUN.reasons]);
});

test('numbers steps in the order they began, and begins one again in its place', async () => {
  await store.runs.beginStep('u-1', 'preview');
  await store.runs.endStep('u-1', 'preview', { state: 'succeeded', detail: 'fine' });
  await store.runs.beginStep('u-1', 'update');
  await store.runs.beginStep('u-1', 'preview');
  const steps = await store.runs.steps('u-1');
  assert.deepEqual(
    steps.map(({ number, name, state, detail }) => [number, name, state, detail]),
    [
      [1, 'preview', 'running', ''],
      [2, 'update', 'running', ''],
    ],
  );
});

test('keeps the newer head, whichever comes last', async () => {
  await store.events.setHead('r', 'main', { commit: 'new', version: 2 });
  await store.events.setHead('r', 'main', { commit: 'old', version: 1 });
  assert.deepEqual(await store.events.heads('r'), new Map([['main', { commit: 'new', version: 2 }]]));
});

test('remembers what is applied of a stack, and forgets stacks that are gone', async () => {
  const dev = { id: 'shop/dev', name: 'dev', environment: 'dev', position: 0 };
  const prod = { id: 'shop/prod', name: 'prod', environment: 'prod', position: 1 };
  await store.stacks.ensure('r', [dev, prod]);
  assert.ok(await store.stacks.settle('r', await store.stacks.list('r'), { commit: 'c0', position: 0 }));
  assert.deepEqual(
    (await store.stacks.list('r')).map(({ appliedCommit }) => appliedCommit),
    ['c0', 'c0'],
  );
  await store.stacks.setApplied('r', 'shop/dev', { commit: 'c1' });
  await store.stacks.setReferences('r', 'shop/dev', ['organization/shop/prod']);
  await store.stacks.ensure('r', [{ ...dev, position: 5 }]);
  const stacks = await store.stacks.list('r');
  assert.deepEqual(
    stacks.map(({ id, position, appliedCommit, references }) => ({ id, position, appliedCommit, references })),
    [{ id: 'shop/dev', position: 5, appliedCommit: 'c1', references: ['organization/shop/prod'] }],
  );
});

test('says that the database cannot be reached, as something that passes', async () => {
  const lost = openDatabase('postgres://nobody:x@127.0.0.1:1/none', silentLog);
  await assert.rejects(lost.rows('select 1'), {
    kind: 'transient',
    message: /^Cannot reach the database as it says: .*ECONNREFUSED/,
  });
  await lost.close();
});

test('attaches to the PostgreSQL of an earlier life', async () => {
  const again = await startEmbeddedPostgres({ folder: opened.folder, log: silentLog });
  assert.equal(again.attached, true);
  assert.equal(again.url, opened.url);
});

test('numbers events without a gap though writers meet, and drops only what an engine says beyond the bound', async () => {
  await store.runs.add({ ...RUN, id: 'events-1' });
  const log = (text: string) => ({ kind: 'log', severity: 'info', text }) as const;
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => store.runs.addEvents('events-1', [log(`a${index}`), log('b')])),
  );
  const all = await store.runs.events('events-1', 0, 100);
  assert.deepEqual(
    all.map(({ number }) => number),
    Array.from({ length: 24 }, (_, index) => index + 1),
  );
  assert.deepEqual(
    (await store.runs.events('events-1', 22, 100)).map(({ number }) => number),
    [23, 24],
  );
  await store.runs.addEvents('events-1', [
    ...Array.from({ length: MOST_EVENTS }, () => log('much')),
    { kind: 'state', state: 'failed', summary: 'x' },
  ]);
  const end = await store.runs.events('events-1', 24, 10);
  assert.deepEqual(
    end.map(({ number, event }) => [number, event.kind]),
    [[25, 'state']],
  );
});

test('says sandbox on every event of a run from the moment that its outcome is known to come from there', async () => {
  for (const sandbox of [true, false]) {
    const id = `played-${sandbox}`;
    await store.runs.add({ ...RUN, id });
    await store.runs.set(id, { state: 'running' });
    await store.runs.set(id, { outcome: { sandbox } as unknown as Run['outcome'] });
    await store.runs.set(id, { state: 'succeeded', summary: 'done' });
    const events = await store.runs.events(id, 0, 10);
    assert.deepEqual(
      events.map(({ event }) => event.sandbox ?? false),
      [false, sandbox],
    );
  }
});

test('pages through runs by what a list shows, and knows the newest update of each stack', async () => {
  for (const number of [1, 2, 3, 4, 5])
    await store.runs.add({ ...RUN, id: `page-${number}`, repository: 'pages', stack: 's/a' });
  await store.runs.set('page-5', {
    outcome: { digest: 'd', engine: 'embedded', sandbox: true, counts: { create: 2 } } as unknown as Run['outcome'],
  });
  await store.stacks.ensure('pages', [{ id: 's/a', name: 'a', environment: 'a', position: 0 }]);
  const first = await store.runs.page({ repository: 'pages', limit: 2 });
  await store.runs.add({ ...RUN, id: 'page-6', repository: 'pages', stack: 's/b' });
  const second = await store.runs.page({ repository: 'pages', limit: 2, after: first.next });
  const third = await store.runs.page({ repository: 'pages', limit: 2, after: second.next });
  assert.deepEqual(
    [first, second, third].map(({ items }) => items.map(({ id }) => id)),
    [['page-5', 'page-4'], ['page-3', 'page-2'], ['page-1']],
  );
  assert.equal(third.next, undefined);
  const { digest, sandbox, counts } = first.items[0]!;
  assert.deepEqual({ digest, sandbox, counts }, { digest: 'd', sandbox: true, counts: { create: 2 } });
  assert.deepEqual(
    (await store.runs.latest('pages')).map(({ id }) => id),
    ['page-5'],
  );
  await assert.rejects(store.runs.page({ after: 'nobody' }), /no such entry: nobody/);
});

test('forgets what happened in runs that many newer ones of their stack came after', async () => {
  const stack = 'shop/forgets';
  for (let number = 0; number <= RUNS_WITH_EVENTS; number += 1) {
    await store.runs.add({ ...RUN, id: `old-${String(number).padStart(3, '0')}`, stack });
    await store.runs.addEvents(`old-${String(number).padStart(3, '0')}`, [
      { kind: 'log', severity: 'info', text: 'x' },
    ]);
  }
  await store.runs.setGraph('old-050', []);
  assert.equal((await store.runs.events('old-000', 0, 10)).length, 0);
  assert.equal((await store.runs.events('old-001', 0, 10)).length, 1);
  assert.ok(await store.runs.get('old-000'), 'the run itself stays');
});
