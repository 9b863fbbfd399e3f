import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import type { Stage } from '../core/stack-order.ts';
import { treeOf } from '../core/tree-of-files.ts';
import type { Database } from '../store/database.ts';
import { createPostgresRunStore } from '../store/postgres-run-store.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing/open-test-database.ts';
import { demandOf } from './ask-for-previews.ts';
import { planRollout } from './plan-rollout.ts';
import { rolloutId } from './rollout-at.ts';
import type { Services } from './services.ts';

/** The real database; trees in memory. What a commit may take away from those who have to approve it: nothing. */
let opened: TestDatabase;
let database: Database;

before(async () => {
  opened = await openTestDatabase();
  ({ database } = opened);
});
after(async () => {
  await opened?.close();
});

interface Commit {
  readonly approval?: string;
  readonly value: string;
  readonly codeowners?: string;
  readonly teams?: string;
}

const STRICT = '{count: 2, owners: ["@ops"], codeowners: true}';

function treeAt({ approval, value, codeowners, teams = '{ops: [grace, ada]}' }: Commit) {
  return treeOf({
    'Pulumi.yaml': 'name: shop\nruntime: nodejs\n',
    'Pulumi.prod.yaml': `config:\n  shop:is: ${value}\n`,
    'index.ts': '',
    ...(codeowners === undefined ? {} : { CODEOWNERS: codeowners }),
    'mainstay.yaml': `teams: ${teams}\nenvironments:\n  - {name: prod, stacks: [prod]${approval ? `, approval: ${approval}` : ''}}\n`,
  });
}

/** An estate whose stack is at the first of the commits; `plan` plans the next one. */
async function estateOf(repository: string, commits: readonly Commit[]) {
  const store = createPostgresRunStore(database);
  const names = commits.map((_, index) => String(index).padEnd(40, 'c'));
  const mirror = {
    tree: async (commit: string) => treeAt(commits[names.indexOf(commit)]!),
    contains: async (commit: string, other: string) => names.indexOf(other) <= names.indexOf(commit),
    brings: async () => true,
    history: async () => [],
  };
  const services = {
    ...{ store, log: silentLog, tell: () => {}, clock: { now: () => Date.now() } },
    repositories: new Map([[repository, { id: repository, base: 'main', mirror, forge: {} }]]),
  } as unknown as Services;
  const at = (index: number) => ({ repository, commit: names[index]!, position: index + 1 });
  await store.rollouts.add({ id: rolloutId(at(0)), ...at(0), stages: [], changes: [] });
  await store.rollouts.set(rolloutId(at(0)), { state: 'succeeded' });
  await store.stacks.ensure(repository, [{ id: 'shop/prod', name: 'prod', environment: 'prod', position: 0 }], 1);
  await store.stacks.setApplied(repository, 'shop/prod', { commit: names[0]! });
  const plan = async (index: number): Promise<Stage> => (await planRollout(services, at(index))).stages[0]!;
  return { services, store, at, plan };
}

test('a commit that asks fewer people is approved as before, and so is the one that overtakes it while it waits', async () => {
  const { store, at, plan } = await estateOf('overtaken', [
    { approval: STRICT, value: '1' },
    { value: '2' },
    { value: '2', codeowners: '# nothing but a word\n' },
    { value: '3' },
  ]);
  assert.equal((await plan(1)).gate?.approval?.count, 2);
  await store.rollouts.set(rolloutId(at(1)), { state: 'waiting' });
  const { gate } = await plan(2);
  assert.deepEqual([gate?.approval?.count, gate?.approval?.owners], [2, ['grace', 'ada']]);
  // Once it was approved and has come through, the loosened rule is the rule.
  await store.rollouts.set(rolloutId(at(2)), { state: 'succeeded' });
  await store.stacks.setApplied('overtaken', 'shop/prod', { commit: at(2).commit });
  assert.equal((await plan(3)).gate?.approval, undefined);
});

test('a commit that edits CODEOWNERS or the teams in it is owned as before', async () => {
  const owned = '/Pulumi.prod.yaml @shop/ops\n/CODEOWNERS @shop/ops\n';
  const tries: readonly Commit[] = [
    { approval: STRICT, value: '2', codeowners: '' },
    { approval: STRICT, value: '2' },
    { approval: STRICT, value: '2', codeowners: '* @mallory\n' },
    { approval: STRICT, value: '2', codeowners: owned, teams: '{ops: [mallory]}' },
  ];
  for (const [index, tried] of tries.entries()) {
    const estate = await estateOf(`owners-${index}`, [{ approval: STRICT, value: '1', codeowners: owned }, tried]);
    const stage = await estate.plan(1);
    const { owned: files } = await demandOf(estate.services, { at: estate.at(1), stage });
    const prod = files.filter(({ path }) => path === 'Pulumi.prod.yaml');
    assert.deepEqual(prod, [{ path: 'Pulumi.prod.yaml', owners: ['grace', 'ada'] }], JSON.stringify(tried));
  }
});
