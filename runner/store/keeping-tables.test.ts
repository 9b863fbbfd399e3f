import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NO_DRIFT } from '../core/drift.ts';
import type { AuditEntry, DriftRecord, KeepingStore } from '../core/keeping-store.ts';
import type { Database } from './database.ts';
import { createKeepingTables } from './keeping-tables.ts';
import { openTestDatabase, type TestDatabase } from './testing/open-test-database.ts';

let opened: TestDatabase;
let database: Database;
let store: KeepingStore;

before(async () => {
  opened = await openTestDatabase();
  ({ database } = opened);
  store = createKeepingTables(database);
});

after(async () => {
  await opened?.close();
});

const entry = (text: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ kind: 'approve', repository: 'r', subject: 's', by: 'ada', text },
  ...more,
});

test('keeps the audit trail in one chain, whoever adds at once, and one that is added again once', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => store.audit.add(entry(`entry ${index}`, { detail: { index } }))),
  );
  await Promise.all([1, 2, 3].map(() => store.audit.add(entry('again', { key: 'k' }))));
  const all = await store.audit.list({ limit: 100 });
  assert.deepEqual(
    all.map(({ number }) => number),
    Array.from({ length: 21 }, (_, index) => 21 - index),
  );
  assert.equal(await store.audit.verify(), undefined);
  assert.deepEqual(
    (await store.audit.list({ before: 3 })).map(({ number }) => number),
    [2, 1],
  );
  assert.deepEqual(await store.audit.list({ subject: 'other' }), []);
});

test('refuses to change the audit trail, and finds where somebody did', async () => {
  for (const sql of ["update audit set text = 'x'", 'delete from audit', 'truncate audit'])
    await assert.rejects(database.change(sql), /the audit trail is only added to/);
  await database.change('alter table audit disable trigger audit_kept');
  await database.change("update audit set by = 'eve' where number = 5");
  assert.equal(await store.audit.verify(), 5);
  await database.change("update audit set by = 'ada' where number = 5");
  assert.equal(await store.audit.verify(), undefined);
  await database.change('delete from audit where number = 7');
  assert.equal(await store.audit.verify(), 8);
});

test('replaces what is known of the drift of a stack', async () => {
  const record: DriftRecord = {
    ...{
      repository: 'r',
      stack: 'shop/dev',
      state: 'drifted',
      summary: 'one differs',
      lookedAt: new Date(5),
      commit: 'c',
    },
    ...{
      run: 'd-1',
      finding: NO_DRIFT,
      since: new Date(4),
      correction: { at: '', commit: 'c', fingerprints: ['f'] },
      issue: '7',
    },
  };
  await store.drift.put(record);
  assert.deepEqual(await store.drift.get('r', 'shop/dev'), record);
  const gone = {
    ...record,
    state: 'none' as const,
    since: undefined,
    correction: undefined,
    issue: undefined,
    run: undefined,
  };
  await store.drift.put(gone);
  assert.deepEqual(await store.drift.list('r'), [gone]);
  assert.deepEqual(await store.drift.list('other'), []);
  await store.drift.remove('r', 'shop/prod');
  assert.equal((await store.drift.list('r')).length, 1);
  await store.drift.remove('r', 'shop/dev');
  assert.deepEqual(await store.drift.list('r'), []);
});

test('voids approvals of another digest and says whose', async () => {
  const of = { rollout: 'r@1', environment: 'prod' };
  await store.approvals.put({ ...of, by: 'ada', digest: 'a' });
  await store.approvals.put({ ...of, by: 'bob', digest: 'b' });
  assert.deepEqual(await store.approvals.voidOthers({ ...of, digest: 'b' }), ['ada']);
  assert.deepEqual(await store.approvals.voidOthers({ ...of, digest: 'b' }), []);
  await store.approvals.put({ ...of, by: 'ada', digest: 'b' });
  assert.deepEqual(
    (await store.approvals.list('r@1')).map(({ by, digest, void: isVoid }) => [by, digest, isVoid]).sort(),
    [
      ['ada', 'b', false],
      ['bob', 'b', false],
    ],
  );
});

test('remembers rollbacks and promotions', async () => {
  await store.rollbacks.put({
    id: 'r@1',
    repository: 'r',
    commit: '1',
    change: 'revert',
    head: '2',
    by: 'ada',
    reason: 'bad',
  });
  await store.rollbacks.put({
    id: 'r@1',
    repository: 'r',
    commit: '1',
    change: 'revert',
    head: '3',
    by: 'bob',
    reason: 'worse',
  });
  assert.deepEqual(
    (await store.rollbacks.list('r')).map(({ head, by }) => [head, by]),
    [['3', 'ada']],
  );
  const promotion = { id: 'p', repository: 'r', name: 'web', from: 'dev', to: 'prod', by: 'ada' };
  assert.equal(await store.promotions.add(promotion), true);
  assert.equal(await store.promotions.add(promotion), false);
  await store.promotions.set('p', { state: 'written', values: [{ path: 'a', before: 1, after: 2 }], commit: 'c' });
  const found = (await store.promotions.get('p'))!;
  assert.deepEqual(
    [found.state, found.values, found.commit, found.change],
    ['written', [{ path: 'a', before: 1, after: 2 }], 'c', undefined],
  );
  assert.equal((await store.promotions.list('r', 'queued')).length, 0);
});

test('one looks for an image in a turn, and what was found stays where nothing is found out', async () => {
  const at = { repository: 'r', name: 'web' };
  const turn = (seconds: number) => ({ now: new Date(Date.UTC(2026, 10, 21) + seconds * 1000), every: 60_000 });
  const claims = (seconds: number) => Promise.all([1, 2, 3].map(() => store.images.claim(at, turn(seconds))));
  const granted = async (seconds: number) => (await claims(seconds)).filter(Boolean).length;
  assert.deepEqual([await granted(0), await granted(59), await granted(60)], [1, 0, 1]);
  assert.equal(await granted(-3600), 1, 'a clock that was ahead stops nobody');
  await store.images.found({ ...at, newest: 'web:2', problem: '' });
  await store.images.found({ ...at, problem: 'away' });
  const [look] = await store.images.list('r');
  assert.deepEqual([look!.newest, look!.problem, look!.lookedAt], ['web:2', 'away', turn(-3600).now]);
  await store.images.keep('other', []);
  assert.equal((await store.images.list(undefined)).length, 1);
  await store.images.keep('r', ['tool']);
  assert.deepEqual(await store.images.list('r'), []);
});
