import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret, Unknown } from '../../protocol/property-value.ts';
import { TestStack, urnOfThing } from './testing/test-stack.ts';

test('creates what the program registers and finds nothing to do the second time', async () => {
  const stack = new TestStack();
  const program = async (p: Parameters<Parameters<TestStack['up']>[0]>[0]) => {
    const a = await p.thing('a', { size: 1 });
    await p.dependent('b', a);
  };
  const first = await stack.up(program);
  assert.deepEqual(first.steps, ['create a', 'create b']);
  assert.deepEqual(first.changes, { create: 2 });
  assert.equal(first.result, 'succeeded');
  assert.deepEqual(stack.find('b').inputs, { from: 'a-1' });
  const second = await stack.preview(program);
  assert.deepEqual(second.allSteps, ['same a', 'same b']);
  assert.deepEqual(second.changes, { same: 2 });
});

test('updates, replaces and deletes in the order of dependencies', async () => {
  const stack = new TestStack();
  await stack.up(async (p) => {
    const a = await p.thing('a', { replaceBy: 1 });
    await p.dependent('b', a);
    await p.thing('c');
  });
  const outcome = await stack.up(async (p) => {
    const a = await p.thing('a', { replaceBy: 2 });
    await p.dependent('b', a);
  });
  assert.deepEqual(outcome.steps.slice(0, 3), ['create-replacement a', 'replace a', 'update b']);
  assert.deepEqual(outcome.steps.slice(3).sort(), ['delete c', 'delete-replaced a']);
  assert.deepEqual(outcome.changes, { update: 1, replace: 1, delete: 1 });
  assert.deepEqual(stack.names, ['a', 'b']);
  assert.deepEqual([...stack.cloud.things.keys()].sort(), ['a-2', 'b-1']);
});

test('replaces dependents with a resource that has to be deleted first', async () => {
  const stack = new TestStack();
  const program = (version: number) => async (p: Parameters<Parameters<TestStack['up']>[0]>[0]) => {
    const a = await p.thing('a', { replaceBy: version, exclusive: true });
    await p.dependent('b', a, { input: 'replaceFrom' });
    await p.dependent('c', a);
  };
  await stack.up(program(1));
  stack.cloud.calls.length = 0;
  const outcome = await stack.up(program(2));
  assert.deepEqual(outcome.steps, [
    'delete-replaced b',
    'delete-replaced a',
    'replace a',
    'create-replacement a',
    'replace b',
    'create-replacement b',
    'update c',
  ]);
  assert.deepEqual(stack.cloud.calls, ['delete b', 'delete a', 'create a', 'create b', 'update c']);
  assert.deepEqual((await stack.preview(program(2))).steps, []);
});

test('gives unknown outputs to dependents in a preview', async () => {
  const stack = new TestStack();
  const seen: unknown[] = [];
  const outcome = await stack.preview(async (p) => {
    const a = await p.thing('a');
    seen.push(a.id, a.outputs.made instanceof Unknown);
    await p.dependent('b', a);
  });
  assert.deepEqual(seen, ['', true]);
  assert.deepEqual(outcome.steps, ['create a', 'create b']);
  assert.deepEqual(stack.cloud.calls, []);
});

test('keeps outputs secret whose inputs are, and those that are named', async () => {
  const stack = new TestStack();
  await stack.up(async (p) => {
    await p.thing('a', { password: new Secret('x'), token: 'y' }, { additionalSecretOutputs: ['token'] });
  });
  const { outputs } = stack.find('a');
  assert.ok(outputs.password instanceof Secret && outputs.token instanceof Secret);
});

test('stops at a failed create and keeps what was made', async () => {
  const stack = new TestStack();
  stack.cloud.failures.set('create b', { kind: 'clean' });
  const outcome = await stack.up(async (p) => {
    await p.thing('a');
    await p.thing('b');
    await p.thing('c');
  });
  assert.equal(outcome.result, 'failed');
  assert.deepEqual(outcome.errors, ['create b failed', 'update failed']);
  assert.deepEqual(stack.names, ['a']);
});

test('keeps a resource that failed to initialize and updates it the next time', async () => {
  const stack = new TestStack();
  stack.cloud.failures.set('create a', { kind: 'partial' });
  const program = async (p: Parameters<Parameters<TestStack['up']>[0]>[0]) => p.thing('a', { size: 1 });
  const first = await stack.up(program);
  assert.equal(first.result, 'failed');
  assert.deepEqual(stack.find('a').initErrors, ['not ready']);
  const second = await stack.up(program);
  assert.deepEqual(second.steps, ['update a']);
  assert.deepEqual(stack.find('a').initErrors, []);
});

test('keeps the old inputs of an update that failed half-way', async () => {
  const stack = new TestStack();
  await stack.up(async (p) => p.thing('a', { size: 1 }));
  stack.cloud.failures.set('update a', { kind: 'partial' });
  const outcome = await stack.up(async (p) => p.thing('a', { size: 2 }));
  assert.equal(outcome.result, 'failed');
  assert.deepEqual(stack.find('a').inputs, { size: 1 });
  assert.deepEqual(stack.find('a').outputs.size, 2);
});

test('refuses one URN for two resources', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(async (p) => {
    await p.thing('a');
    await p.thing('a');
  });
  assert.equal(outcome.result, 'failed');
  assert.match(outcome.errors[0]!, new RegExp(`Duplicate resource URN '${urnOfThing('a')}'`));
  assert.deepEqual(stack.names, ['a']);
});

test('destroys everything, dependents first', async () => {
  const stack = new TestStack();
  await stack.up(async (p) => {
    const a = await p.thing('a');
    const b = await p.dependent('b', a);
    await p.dependent('c', b);
  });
  const outcome = await stack.destroy();
  assert.deepEqual(outcome.steps, ['delete c', 'delete b', 'delete a']);
  assert.deepEqual(stack.snapshot.resources, []);
  assert.equal(stack.cloud.things.size, 0);
});
