import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountStore } from '../core/account.ts';
import type { Database } from './database.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { createPostgresAccountStore } from './postgres-account-store.ts';
import { openTestDatabase, type TestDatabase } from './testing/open-test-database.ts';

let opened: TestDatabase;
let database: Database;
let accounts: AccountStore;

/** As a version without roles per stack left it: two owners of one name, and a token that may only look. */
before(async () => {
  opened = await openTestDatabase(async (database) => {
    const roles = MIGRATIONS.findIndex((step) => step.includes('Roles per stack'));
    await migrate(database.pool, MIGRATIONS.slice(0, roles));
    await database.change(
      "insert into account (id, name, role) values ('1', 'Ada', 'owner'), ('22222222-2', 'ada', 'owner'), ('3', 'Vi', 'viewer')",
    );
    await database.change(
      "insert into access_token (id, name, account, role, hash) values ('t', 'robot', '1', 'viewer', 'hash')",
    );
    await migrate(database.pool);
  });
  ({ database } = opened);
  accounts = createPostgresAccountStore(database);
});

after(async () => {
  await opened?.close();
});

test('keeps what accounts and tokens of an older version may, and tells two of one name apart', async () => {
  const found = (await accounts.list()).map(({ name, grants }) => [name, grants]);
  assert.deepEqual(found, [
    ['Ada', [{ role: 'owner' }]],
    ['ada 22222222', [{ role: 'owner' }]],
    ['Vi', [{ role: 'viewer' }]],
  ]);
  assert.equal(await accounts.firstOwner(), '1');
  const used = await accounts.tokens.use('hash');
  assert.deepEqual([used?.token.grant, used?.account.name], [{ role: 'viewer' }, 'Ada']);
});

test('takes for the first owner only who owns everything and signs in by a link', async () => {
  await accounts.setGrants('1', [{ role: 'owner', repositories: ['shop'] }]);
  assert.equal(await accounts.firstOwner(), '22222222-2');
  await accounts.remove('22222222-2');
  const came = await accounts.signedOn({ ...OF_PROVIDER, id: '5', subject: 's' });
  assert.equal(came?.before, undefined);
  await accounts.setGrants('5', [{ role: 'owner' }]);
  assert.equal(await accounts.firstOwner(), undefined);
  assert.deepEqual((await accounts.signedOn({ ...OF_PROVIDER, id: '6', subject: 's', groups: [] }))?.before, ['a']);
  assert.equal((await accounts.get('5'))?.name, 'Grace', 'the same person is the same account');
});

const OF_PROVIDER = { name: 'Grace', issuer: 'https://id.example.org', groups: ['a'], email: undefined } as const;

test('gives one name to one account, whichever way they come and however they write it', async () => {
  assert.equal(await accounts.add({ id: '7', name: 'GRACE', grants: [] }), false);
  assert.equal(await accounts.signedOn({ ...OF_PROVIDER, id: '8', subject: 'other', name: 'vi' }), undefined);
  assert.equal(await accounts.signedOn({ ...OF_PROVIDER, id: '9', subject: 's', name: 'Vi' }), undefined);
  const both = await Promise.all(['a', 'b'].map((id) => accounts.add({ id, name: 'Twin', grants: [] })));
  assert.deepEqual(both.toSorted(), [false, true]);
});
