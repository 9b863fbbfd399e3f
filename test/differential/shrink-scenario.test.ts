import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { scenario } from './scenario.ts';
import type { Scenario } from './scenario-data.ts';
import { shrinkScenario } from './shrink-scenario.ts';

/** As a difference would show: a destroy of what a program holds that has a secret. */
const fault = async ({ operations }: Scenario): Promise<string | undefined> => {
  const secret = operations.flatMap(({ resources }) => resources).find((resource) => resource.secret);
  return secret && operations.some(({ kind }) => kind === 'destroy') ? secret.name : undefined;
};

const seed = 4_711;

async function firstFaulty(): Promise<number> {
  const sample = fc.sample(scenario, { seed, numRuns: 200 });
  for (const [index, one] of sample.entries()) if (await fault(one)) return index;
  throw new Error('none of 200 scenarios has the fault');
}

test('a scenario shrinks to little more than its fault, and its path leads there again', async () => {
  const index = await firstFaulty();
  const shrunk = await shrinkScenario(scenario, { seed, path: String(index), check: fault, maxRuns: 5_000 });
  assert.ok(shrunk);
  const { operations } = shrunk.scenario;
  assert.equal(operations.length, 2);
  assert.equal(operations.flatMap(({ resources }) => resources).length, 1);
  const one = operations.flatMap(({ resources }) => resources)[0]!;
  assert.deepEqual([one.secret, one.size, one.tags, one.from, one.hooks], [true, 0, [], [], undefined]);
  assert.equal(shrunk.found, one.name);
  assert.deepEqual(fc.sample(scenario, { seed, path: shrunk.path, numRuns: 1 })[0], shrunk.scenario);
});

test('shrinking stops when its runs are used up, with the smallest so far', async () => {
  let runs = 0;
  const counted = (one: Scenario) => {
    runs += 1;
    return fault(one);
  };
  const path = String(await firstFaulty());
  const shrunk = await shrinkScenario(scenario, { seed, path, check: counted, maxRuns: 7 });
  assert.equal(runs, 7);
  assert.equal(shrunk?.runs, 7);
  assert.notEqual(await fault(shrunk!.scenario), undefined);
});

test('a scenario without a fault is not shrunk', async () => {
  const shrunk = await shrinkScenario(scenario, { seed, path: '0', check: async () => undefined, maxRuns: 7 });
  assert.equal(shrunk, undefined);
});
