import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git, inClone } from '../../cli/demo-repository.ts';
import { processTreeMemory } from '../../foundation/process-tree-memory.ts';
import type { RolloutResponse, RunResponse } from '../../runner/api/responses.ts';
import { createEstate, type Estate, FIRST_FILES, stackFile } from './estate.ts';

const MERGES = 100;
const STACKS = ['one', 'two', 'three', 'four'] as const;

/** Far more than it takes on any number of cores, far less than if each of the merges kept its own program or engine in memory. */
const MEMORY = 6 * 2 ** 30;

const fileOf = (stack: string) => `stacks/Pulumi.${stack}.yaml`;
const { 'stacks/Pulumi.dev.yaml': _dev, 'stacks/Pulumi.prod.yaml': _prod, ...rest } = FIRST_FILES;
const FILES = {
  ...rest,
  'stacks/mainstay.yaml': `environments:\n  - { name: all, stacks: [${STACKS.join(', ')}] }\ndrift: { mode: off }\n`,
  ...Object.fromEntries(STACKS.map((stack) => [fileOf(stack), stackFile({ value: 'first' })])),
};

test(`${MERGES} merges at once are applied in order, none is lost, and what waits is shown as it is`, async (t) => {
  const estate = await createEstate({}, FILES);
  t.after(() => estate.close());
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));

  const began = performance.now();
  const pushing = pushMerges(estate);
  const watched = await watch(estate, pushing);
  const commits = await pushing;
  const last = await estate.rolledOut(commits.at(-1)!);
  assert.equal(last.state, 'succeeded', `${last.summary}\n${estate.said()}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  t.diagnostic(
    `${MERGES} merges in ${seconds} s, ${watched.looks} looks, at most ${(watched.memory / 2 ** 20).toFixed(0)} MB`,
  );

  const state = (stack: string) => valueIn(estate, stack);
  for (const [place, stack] of STACKS.entries()) assert.equal(state(stack), `merge ${MERGES - STACKS.length + place}`);
  assert.equal((await estate.api().status()).aligned, true);
  await assertInOrder(estate, commits);
  assert.ok(watched.memory < MEMORY, `${watched.memory} bytes`);
  assert.ok(watched.looks > 0);
});

/** Merges of branches that each change one stack, in turn, pushed one by one as fast as git can. */
function pushMerges({ repository }: Estate): Promise<readonly string[]> {
  return inClone(repository, async (clone) => {
    const commits: string[] = [];
    let main = await git(clone, 'rev-parse', 'HEAD');
    for (let number = 0; number < MERGES; number += 1) {
      const stack = STACKS[number % STACKS.length]!;
      writeFileSync(join(clone, fileOf(stack)), stackFile({ value: `merge ${number}` }));
      await git(clone, 'commit', '--quiet', '--all', '--message', `Change ${number}`);
      main = await git(clone, 'commit-tree', 'HEAD^{tree}', '-p', main, '-p', 'HEAD', '-m', `Merge ${number}`);
      await git(clone, 'push', '--quiet', 'origin', `${main}:main`);
      commits.push(main);
    }
    return commits;
  });
}

/** Looks at what the runner shows while it works: no stack is updated twice at once, and what has ended never comes back. */
async function watch(estate: Estate, pushing: Promise<unknown>): Promise<{ looks: number; memory: number }> {
  const ended = new Map<string, string>();
  const seen = { looks: 0, memory: 0 };
  let pushed = false;
  pushing.then(
    () => (pushed = true),
    () => (pushed = true),
  );
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; await delay(500)) {
    const runs = await estate.api().runs({ limit: 200 });
    const running = runs.filter(({ state }) => state === 'running').map(({ stack }) => stack);
    assert.equal(new Set(running).size, running.length, `one update of a stack at a time: ${running.join(', ')}`);
    for (const { id, state } of runs.filter(hasEnded)) {
      assert.equal(ended.get(id) ?? state, state, id);
      ended.set(id, state);
    }
    seen.looks += 1;
    seen.memory = Math.max(seen.memory, processTreeMemory(estate.pid()) ?? 0);
    if (pushed && runs.every(hasEnded)) return seen;
  }
  throw new Error(`it was not done in time. The runner said:\n${estate.said()}`);
}

const hasEnded = ({ endedAt }: RunResponse) => endedAt !== undefined;

/** Every commit that was seen has its one rollout, which ended; each stack went through its commits in the order of the merges. */
async function assertInOrder(estate: Estate, commits: readonly string[]): Promise<void> {
  const rollouts = (await allRollouts(estate)).filter(({ commit }) => commits.includes(commit));
  assert.equal(new Set(rollouts.map(({ commit }) => commit)).size, rollouts.length, 'one rollout for a commit');
  for (const { id, state } of rollouts) assert.ok(['succeeded', 'overtaken'].includes(state), `${id} is ${state}`);
  const updates = (await estate.api().runs({ limit: 200 })).filter(({ commit }) => commits.includes(commit));
  for (const stack of STACKS) {
    const own = updates.filter((run) => run.stack === `journey/${stack}`);
    for (const { id, state } of own) assert.ok(['succeeded', 'superseded'].includes(state), `${id} is ${state}`);
    const done = own.filter(({ state }) => state === 'succeeded');
    const byStart = done.toSorted((one, other) => Date.parse(one.startedAt!) - Date.parse(other.startedAt!));
    const places = byStart.map(({ commit }) => commits.indexOf(commit));
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
      `${stack} in the order of the merges`,
    );
  }
}

async function allRollouts(estate: Estate): Promise<readonly RolloutResponse[]> {
  return estate.api().rollouts();
}

function valueIn(estate: Estate, stack: string): unknown {
  const map = estate.state(stack).resources.find(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  return (map?.inputs as { data?: { value?: unknown } } | undefined)?.data?.value;
}
