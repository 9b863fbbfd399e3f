import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from './plan.ts';
import { type ProgramBody, TestStack, urnOfThing } from './testing/test-stack.ts';

async function planOf(stack: TestStack, program: ProgramBody): Promise<Plan> {
  const { plan } = await stack.preview(program, { generatePlan: true });
  assert.ok(plan);
  return plan;
}

const pair =
  (size: number): ProgramBody =>
  async (p) => {
    const a = await p.thing('a', { size });
    await p.dependent('b', a);
  };

test('records steps and changes of each resource', async () => {
  const stack = new TestStack();
  const plan = await planOf(stack, pair(1));
  assert.deepEqual(plan[urnOfThing('a')]!.steps, ['create']);
  assert.deepEqual(plan[urnOfThing('a')]!.goal?.inputDiff.adds, { size: 1 });
  assert.equal(plan[urnOfThing('a')]!.seed?.length, 32);
});

test('an update may do what was planned, with what was unknown then', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(pair(1), { plan: await planOf(stack, pair(1)) });
  assert.deepEqual([outcome.errors, outcome.steps], [[], ['create a', 'create b']]);
});

test('an update may do less than was planned', async () => {
  const stack = new TestStack();
  await stack.up(pair(1));
  const plan = await planOf(stack, pair(2));
  await stack.up(pair(2));
  assert.equal((await stack.up(pair(2), { plan })).result, 'succeeded');
});

test('stops before a property that was not planned', async () => {
  const stack = new TestStack();
  const plan = await planOf(stack, pair(1));
  const outcome = await stack.up(pair(2), { plan });
  assert.match(outcome.errors[0]!, /violates plan: properties changed: \+\+size/);
  assert.deepEqual(stack.cloud.calls, []);
});

test('stops before a step that was not planned', async () => {
  const stack = new TestStack();
  const plan = await planOf(stack, (p) => p.thing('a'));
  const outcome = await stack.up(
    async (p) => {
      await p.thing('a');
      await p.thing('b');
    },
    { plan },
  );
  assert.match(outcome.errors[0]!, /create is not allowed by the plan/);
  assert.deepEqual(stack.names, ['a']);
});

test('misses what was planned and did not come', async () => {
  const stack = new TestStack();
  const plan = await planOf(stack, pair(1));
  const outcome = await stack.up((p) => p.thing('a', { size: 1 }), { plan });
  assert.match(outcome.errors[0]!, /expected resource operations for .*::b but none were seen/);
});

test('a delete that was not planned is refused', async () => {
  const stack = new TestStack();
  await stack.up(pair(1));
  const plan = await planOf(stack, pair(1));
  const outcome = await stack.up(async () => {}, { plan });
  assert.equal(outcome.result, 'failed');
  assert.deepEqual(stack.names, ['a', 'b']);
});

test('a replacement with its dependents keeps to its plan', async () => {
  const program =
    (version: number): ProgramBody =>
    async (p) => {
      const a = await p.thing('a', { replaceBy: version, exclusive: true });
      await p.dependent('b', a, { input: 'replaceFrom' });
    };
  const stack = new TestStack();
  await stack.up(program(1));
  const plan = await planOf(stack, program(2));
  assert.deepEqual(plan[urnOfThing('b')]!.steps, ['delete-replaced', 'replace', 'create-replacement']);
  assert.deepEqual((await stack.up(program(2), { plan })).errors, []);
});

test('look-ups are no part of a plan', async () => {
  const stack = new TestStack();
  stack.cloud.things.set('foreign', { type: 'test:index:Thing', urn: '', inputs: {} });
  const program: ProgramBody = (p) => p.read('a', 'foreign');
  const plan = await planOf(stack, program);
  assert.deepEqual((await stack.up(program, { plan })).errors, []);
});

test('what was null and is no longer given is no change against the plan', async () => {
  const stack = new TestStack();
  await stack.up((p) => p.thing('a', { nothing: null, size: 1 }));
  const without: ProgramBody = (p) => p.thing('a', { size: 1 });
  const outcome = await stack.up(without, { plan: await planOf(stack, without) });
  assert.deepEqual([outcome.result, outcome.errors], ['succeeded', []]);
});
