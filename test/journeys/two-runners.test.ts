import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Estate } from './estate.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import type { RecordedStep } from './record-steps.ts';
import { createRandom } from './seeded-random.ts';
import {
  createWireEstate,
  pullDelivery,
  pushDelivery,
  sharedState,
  type WireDelivery,
  type WireEstate,
} from './wire-estate.ts';

/** Two runners on one database. Each test goes on where the one before ended. */
let shop: WireEstate;
let runners: readonly [Estate, Estate];
/** What was killed, and when by the machine's clock. */
const killed = new Map<number, bigint>();

before(async () => {
  shop = await createWireEstate({
    ...FIRST_FILES,
    'stacks/mainstay.yaml': `${FIRST_FILES['stacks/mainstay.yaml']}drift: { mode: off }\n`,
  });
  runners = shop.runners;
  await runners[0].start();
  await runners[1].start();
});
after(() => shop?.close());

const mainstay = (marker: string, number: number) =>
  shop.wire.state.notes.filter(
    ({ on, author, text }) => on === number && author === shop.wire.state.self && text.includes(marker),
  );
const lastStatus = (commit: string, context: string) =>
  shop.wire.state.statuses.findLast((each) => each.commit === commit && each.context === context)?.state;
const files = (value: string) => ({
  'stacks/Pulumi.dev.yaml': stackFile({ one: value, two: value }),
  'stacks/Pulumi.prod.yaml': stackFile({ one: value }),
});

/** Tells both at once, as a forge does that was told of both, or delivers again. */
const tell = (delivery: WireDelivery) => Promise.all(runners.map((runner) => shop.deliver(runner, delivery)));

test('a delivery to each is one preview and one comment, however often it comes', async () => {
  await tell(pushDelivery('main', '1'.repeat(40)));
  for (const value of ['b', 'c', 'd']) {
    const branch = `change-${value}`;
    const { number, head } = await shop.propose(branch, {
      'stacks/Pulumi.dev.yaml': stackFile({ one: value, two: 'b' }),
    });
    const answers = await tell(pullDelivery(number, head, branch));
    await tell(pullDelivery(number, head, branch));
    assert.deepEqual(answers.toSorted(), [200, 202], 'one of them took it');
    await runners[0].until(`the verdict on ${branch}`, async () =>
      lastStatus(head, 'mainstay') === 'success' ? true : undefined,
    );
    assert.equal(mainstay('mainstay:change', number).length, 1);
    const [run, ...more] = await runners[1].api().runs({ change: `estate/${number}` });
    assert.deepEqual([run?.state, more], ['succeeded', []]);
  }
});

test('handles each of 10,000 deliveries once: replayed, in any order, to either, with forged and broken ones between', async (t) => {
  const heads = new Map<number, string>();
  const genuine: WireDelivery[] = [];
  for (let change = 0; change < 6; change += 1)
    for (const push of ['first', 'second']) {
      const branch = `many-${change}`;
      const { number, head } = await shop.propose(branch, {
        'stacks/Pulumi.prod.yaml': stackFile({ one: `${change} ${push}` }),
      });
      heads.set(number, head);
      genuine.push(pullDelivery(number, head, branch), pushDelivery(branch, head));
    }
  const deliveries = [
    ...Array.from({ length: 7000 }, (_, index) => genuine[index % genuine.length]!),
    ...Array.from({ length: 2000 }, (_, index) => ({
      ...pullDelivery(1000 + index, '2'.repeat(40), 'x'),
      secret: 'a guess',
    })),
    ...Array.from({ length: 1000 }, (_, index) => ({ event: 'push', payload: `{"half": ${index}` })),
  ];
  shuffle(deliveries, createRandom(20_261_121));
  const began = performance.now();
  const answers = await deliverAll(deliveries);
  for (const [number, head] of heads)
    await runners[0].until(`the verdict on ${number}`, async () =>
      lastStatus(head, 'mainstay') === 'success' ? true : undefined,
    );
  t.diagnostic(`10,000 deliveries and ${heads.size} previews in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  assert.deepEqual(answers, { taken: genuine.length, repeated: 7000 - genuine.length, forged: 2000, malformed: 1000 });
  for (const [number, head] of heads) {
    const runs = await runners[0].api().runs({ change: `estate/${number}` });
    const ofHead = (await runners[0].api().change(`estate/${number}`)).head === head;
    assert.ok(ofHead, `${number} is at its newest head`);
    assert.equal(runs.filter(({ state }) => state === 'succeeded').length >= 1, true);
    assert.equal(new Set(runs.map(({ commit, stack }) => `${commit} ${stack}`)).size, runs.length, 'no preview twice');
    assert.equal(mainstay('mainstay:change', number).length, 1);
  }
  assert.deepEqual(
    shop.wire.state.notes.filter(({ on }) => on >= 1000),
    [],
  );
});

test('updates of a stack follow each other, in the order of the merges, whichever runner is told of which', async () => {
  const commits: string[] = [];
  for (const [index, value] of ['e', 'f', 'g', 'h'].entries()) {
    // Without a pull request: what was reviewed for an older base would rightly ask for a person.
    commits.push(await runners[0].push('main', files(value)));
    const turn = index % 2 === 0 ? runners : runners.toReversed();
    // Both may be told, and either first.
    for (const runner of turn) void shop.deliver(runner, pushDelivery('main', commits.at(-1)!));
    await delay(index * 100);
  }
  const rollout = await runners[0].rolledOut(commits.at(-1)!);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assertState({ dev: ['one', 'two'], prod: ['one'] });
  await assertOneAtATime();
});

test('what a killed one was at goes on at the other, and no stack was ever updated by two', async (t) => {
  const maps = { one: 'i', two: 'i', three: 'i' };
  const slow = { match: '*three*', milliseconds: 6000 };
  const commit = await runners[0].push('main', { 'stacks/Pulumi.dev.yaml': stackFile(maps, slow) });
  const before = shop.steps().length;
  await tell(pushDelivery('main', commit));
  const journal = join(runners[0].folder, 'shared/.pulumi/journals/journey/dev.jsonl');
  await runners[0].until(
    'the create',
    async () => readFileSync(journal, 'utf8').includes('ConfigMap::three') || undefined,
  );
  const begun = shop
    .steps()
    .slice(before)
    .findLast(({ step, what }) => step === 'update' && what === 'begin')!;
  const victim = runners.find((runner) => runner.pid() === begun.pid)!;
  const survivor = runners.find((runner) => runner !== victim)!;
  await victim.kill();
  killed.set(begun.pid, process.hrtime.bigint());
  const again = await survivor.until('the takeover', async () =>
    shop
      .steps()
      .find(
        ({ pid, step, what, workflow }) =>
          pid === survivor.pid() && step === 'update' && what === 'begin' && workflow === begun.workflow,
      ),
  );
  const seconds = Number(BigInt(again.at) - killed.get(begun.pid)!) / 1e9;
  t.diagnostic(`the update went on ${seconds.toFixed(1)} s after kill -9`);
  assert.ok(seconds < 120, `${seconds} s`);
  const rollout = await survivor.rolledOut(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assertState({ dev: ['one', 'three', 'two'], prod: ['one'] });
  await assertOneAtATime(survivor);
  assert.equal((await survivor.api().runs({ rollout: rollout.id, stack: 'journey/dev' })).length, 1);
});

/** In any order. */
function shuffle<T>(list: T[], random: () => number): void {
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [list[at], list[other]] = [list[other]!, list[at]!];
  }
}

const ENDS: Readonly<Record<number, string>> = { 200: 'repeated', 202: 'taken', 400: 'malformed', 401: 'forged' };

/** Sends them by turns to one and the other, some at a time. Resolves to how many had which end. */
async function deliverAll(deliveries: readonly WireDelivery[]): Promise<Readonly<Record<string, number>>> {
  const ends: Record<string, number> = {};
  let next = 0;
  const send = async () => {
    for (let at = next++; at < deliveries.length; at = next++) {
      const status = await shop.deliver(runners[at % 2]!, deliveries[at]!);
      const end = ENDS[status ?? 0] ?? String(status);
      ends[end] = (ends[end] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, send));
  return ends;
}

/** Each step of each run was done once, and updates of one stack one after the other: a killed one's ended when it died. */
async function assertOneAtATime(asked = runners[0]): Promise<void> {
  const runs = await asked.api().runs({ limit: 200 });
  const stackOf = new Map(runs.map(({ id, stack }) => [id, stack]));
  const spans = new Map<string, { readonly from: bigint; readonly to: bigint; readonly workflow: string }[]>();
  const steps = shop.steps();
  for (const [index, { at, pid, workflow, step, what }] of steps.entries()) {
    if (what !== 'begin' || !/^update( anyway)?$/.test(step)) continue;
    const end = steps.slice(index).find((each) => each.what === 'end' && isSame(each, { pid, workflow, step }));
    const to = end ? BigInt(end.at) : killed.get(pid);
    const stack = stackOf.get(workflow.replace(/\.\d+$/, ''));
    assert.ok(to !== undefined && stack !== undefined, `${workflow} has ended and is known`);
    spans.set(stack, [...(spans.get(stack) ?? []), { from: BigInt(at), to, workflow }]);
  }
  for (const [stack, list] of spans)
    for (const [index, { from, workflow }] of list.entries())
      assert.ok(
        index === 0 || from >= list[index - 1]!.to,
        `${stack}: ${workflow} began before the one before it ended`,
      );
  assert.ok(spans.size > 0);
  const done = steps.filter(({ what, pid }) => what === 'end' && !killed.has(pid));
  const names = done
    .map(({ workflow, step }) => `${workflow} ${step}`)
    .filter((name) => /^[up]-[\w.]+ (preview|update|finish)$/.test(name));
  assert.equal(new Set(names).size, names.length, 'no step of a run was done twice');
}

function isSame(one: RecordedStep, other: Pick<RecordedStep, 'pid' | 'workflow' | 'step'>): boolean {
  return one.pid === other.pid && one.workflow === other.workflow && one.step === other.step;
}

/** What the last commit says is there, and nothing else; nothing is pending or locked. */
function assertState(expected: Readonly<Record<string, readonly string[]>>): void {
  for (const [stack, names] of Object.entries(expected)) {
    const { resources, pending_operations: pending } = sharedState(runners[0], stack);
    const maps = resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
    assert.deepEqual(maps.map(({ urn }) => urn.split('::').at(-1)!).sort(), names);
    assert.deepEqual(pending ?? [], []);
    const locks = join(runners[0].folder, 'shared/.pulumi/locks/organization/journey', stack);
    assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
  }
}
