import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Rollout } from '../../runner/core/rollout.ts';
import { FIRST_FILES } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** Many clusters: their stacks are named by a pattern, and updated a few at once behind the one that goes first. Told in order. */
let shop: Workshop;

const SETTINGS = `environments:
  - { name: canary, stacks: [edge-1] }
  - { name: edge, stacks: ["edge-*"], atOnce: 2 }
drift: { mode: off }
`;

const cluster = (value: string, fails = false) => {
  const faults = fails ? { 'mainstay:sandboxFaults': [{ kind: 'fail', on: ['create'], match: 'one' }] } : {};
  return `${JSON.stringify({ config: { 'mainstay:sandbox': true, ...faults, 'journey:maps': { one: value } } })}\n`;
};

/** The files of clusters 1 to 5. */
const clusters = (value: string, failing?: number) =>
  Object.fromEntries(
    [1, 2, 3, 4, 5].map((each) => [`stacks/Pulumi.edge-${each}.yaml`, cluster(value, each === failing)]),
  );

before(async () => {
  const { 'stacks/Pulumi.dev.yaml': _dev, 'stacks/Pulumi.prod.yaml': _prod, ...program } = FIRST_FILES;
  shop = await createWorkshop({ ...program, 'stacks/mainstay.yaml': SETTINGS, ...clusters('a') });
});

after(() => shop?.close());

/** Updates in the order in which they began, with how they ended. */
async function updatesOf({ id }: Rollout) {
  const runs = await shop.store.runs.list({ rollout: id, kind: 'update', limit: 50 });
  const inOrder = runs.toSorted((a, b) => (a.startedAt?.getTime() ?? Infinity) - (b.startedAt?.getTime() ?? Infinity));
  return inOrder.map(({ stack, state, startedAt, endedAt }) => ({
    name: stack.split('/')[1]!,
    state,
    startedAt,
    endedAt,
  }));
}

test('two at once go behind the first, and the next ones when these are done', async () => {
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head());
  assert.equal(rollout.summary, '5 updated');
  const updates = await updatesOf(rollout);
  const batches = [['edge-1'], ['edge-2', 'edge-3'], ['edge-4', 'edge-5']];
  assert.deepEqual(
    [0, 1, 3].map((from, index) =>
      updates
        .slice(from, from + batches[index]!.length)
        .map(({ name }) => name)
        .sort(),
    ),
    batches,
  );
  for (const [before, next] of [
    [0, 1],
    [1, 3],
    [2, 3],
    [2, 4],
  ] as const)
    assert.ok(
      updates[before]!.endedAt! <= updates[next]!.startedAt!,
      `${updates[before]!.name} before ${updates[next]!.name}`,
    );
});

test('a cluster that fails stops those behind it', async () => {
  await shop.push('main', clusters('b', 3));
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head(), 'waiting');
  assert.match(rollout.waits!.text, /stopped at edge as journey\/edge-3 failed/);
  const states = (await updatesOf(rollout)).map(({ name, state }) => `${name} ${state}`).sort();
  assert.deepEqual(states, ['edge-1 succeeded', 'edge-2 succeeded', 'edge-3 failed', 'edge-4 queued', 'edge-5 queued']);
});

test('a new cluster is one file, and goes with the commit that mends the other', async () => {
  await shop.push('main', { ...clusters('c'), 'stacks/Pulumi.edge-6.yaml': cluster('c') });
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head());
  assert.deepEqual([rollout.state, rollout.summary], ['succeeded', '6 updated']);
  assert.deepEqual(rollout.stages.at(-1)!.groups, [
    ['journey/edge-2', 'journey/edge-3'],
    ['journey/edge-4', 'journey/edge-5'],
    ['journey/edge-6'],
  ]);
  assert.ok((await shop.store.stacks.list('estate')).every(({ appliedCommit }) => appliedCommit === rollout.commit));
});
