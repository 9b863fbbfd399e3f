import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { EnvironmentReader } from '../../foundation/environment.ts';
import type { RolloutResponse } from '../../runner/api/responses.ts';
import { createEstate, type Estate, stackFile } from './estate.ts';
import { createRandom } from './seeded-random.ts';

/** `MAINSTAY_KILLS=100` for more; the seed is printed, and `MAINSTAY_SEED` takes it. */
const read = new EnvironmentReader();
const KILLS = read.integer('MAINSTAY_KILLS', { fallback: 4, minimum: 1 });
const SEED = read.integer('MAINSTAY_SEED', { fallback: Math.floor(Math.random() * 2 ** 31), minimum: 0 });

/** Time in which a change is previewed, merged and rolled out on a machine that is not busy: kills fall anywhere in it. */
const WHOLE_WAY_MS = 4000;

test(`every change is rolled out once, however often the runner is killed (${KILLS} kills, seed ${SEED})`, async (t) => {
  const random = createRandom(SEED);
  const estate = await createEstate();
  t.after(() => estate.close());
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));

  const merges: string[] = [];
  for (let round = 0; round < KILLS; round += 1) {
    const branch = `change-${round}`;
    const head = await estate.push(branch, filesOf(round));
    // Half of the changes are merged before anybody looked at their preview.
    if (random() < 0.5) await Promise.race([estate.previewed(branch, head), delay(random() * WHOLE_WAY_MS)]);
    const merge = await estate.merge(branch);
    merges.push(merge);
    await delay(random() * WHOLE_WAY_MS);
    await estate.kill();
    await estate.start();
    // Some kills fall into the work of the life before, others are after its end.
    if (random() < 0.5) await rolledOut(estate, merge);
  }
  await finished(estate, merges.at(-1)!);
  await assertTold(estate, merges);
  assertState(estate, KILLS - 1);
});

function filesOf(round: number): Readonly<Record<string, string>> {
  return {
    'stacks/Pulumi.dev.yaml': stackFile(mapsAt(round)),
    'stacks/Pulumi.prod.yaml': stackFile({ one: `v${round}` }),
    'infra/labels.ts': `export const labels = { team: 'team-${round}' };\n`,
  };
}

/** One stays and changes, others come and go. */
function mapsAt(round: number): Readonly<Record<string, string>> {
  return { one: `v${round}`, [`only-${round}`]: 'a', [`shared-${Math.floor(round / 3)}`]: 'b' };
}

/**
 * Waits for the end of a rollout as somebody would who looks: a change that was previewed before the one before it was applied does more than
 * was reviewed, rightly waits for a person, and is approved.
 */
async function rolledOut(estate: Estate, commit: string): Promise<RolloutResponse> {
  for (const deadline = performance.now() + 120_000; performance.now() < deadline; await delay(100)) {
    const api = estate.api();
    const rollout = (await api.rollouts()).find((candidate) => candidate.commit === commit);
    if (rollout?.endedAt !== undefined) return rollout;
    for (const run of rollout ? await api.runs({ rollout: rollout.id, state: 'waiting' }) : []) {
      assert.match(run.summary, /it would do more than was reviewed/);
      await api.decideRun(run.id, { kind: 'approve', by: 'Ada', reason: undefined });
    }
  }
  throw new Error(`the rollout of ${commit} did not end. The runner said:\n${estate.said()}`);
}

async function finished(estate: Estate, commit: string): Promise<void> {
  const rollout = await rolledOut(estate, commit);
  assert.equal(rollout.state, 'succeeded', `${rollout.summary}\n${estate.said()}`);
  assert.equal((await estate.api().status()).aligned, true);
}

/** Each merge has its one rollout, which has ended, and no stack was updated twice for one. */
async function assertTold(estate: Estate, merges: readonly string[]): Promise<void> {
  const rollouts = (await estate.api().rollouts()).filter(({ commit }) => merges.includes(commit));
  assert.equal(new Set(rollouts.map(({ commit }) => commit)).size, rollouts.length);
  for (const { id, state } of rollouts) {
    assert.ok(['succeeded', 'overtaken'].includes(state), `${id} is ${state}`);
    const runs = await estate.api().runs({ rollout: id });
    assert.equal(new Set(runs.map(({ stack }) => stack)).size, runs.length, `${id} updates each stack once`);
    for (const run of runs) assert.ok(run.endedAt !== undefined, `${run.id} is ${run.state}`);
  }
}

/** What the last commit says is there, once, and nothing else; nothing is pending and nothing is locked. */
function assertState(estate: Estate, round: number): void {
  const expected: Readonly<Record<string, readonly string[]>> = { dev: Object.keys(mapsAt(round)), prod: ['one'] };
  for (const [stack, names] of Object.entries(expected)) {
    const { resources, pending_operations } = estate.state(stack);
    const maps = resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
    assert.deepEqual(maps.map(({ urn }) => urn.split('::').at(-1)!).sort(), [...names].sort());
    for (const { inputs } of maps)
      assert.equal((inputs as { metadata: { labels: { team: string } } }).metadata.labels.team, `team-${round}`);
    assert.deepEqual(pending_operations ?? [], []);
    const locks = join(estate.folder, 'data/state/.pulumi/locks/organization/journey', stack);
    assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
  }
}
