import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProgramBody, TestStack } from './testing/test-stack.ts';

const withOutputs =
  (outputs: Record<string, number>, after: ProgramBody = async () => {}): ProgramBody =>
  async (p) => {
    const root = await p.component('project-dev', { type: 'pulumi:pulumi:Stack' });
    await p.registrar.registerResourceOutputs(root.urn, outputs);
    await after(p);
  };

test('the last outputs of the stack count after a success', async () => {
  const stack = new TestStack();
  assert.deepEqual((await stack.up(withOutputs({ a: 1, b: 1 }))).outputs, { a: 1, b: 1 });
  assert.deepEqual((await stack.up(withOutputs({ b: 2 }))).outputs, { b: 2 });
});

test('after a failure new outputs are laid over the old ones', async () => {
  const stack = new TestStack();
  await stack.up(withOutputs({ a: 1, b: 1 }));
  stack.cloud.failures.set('create x', { kind: 'clean' });
  const outcome = await stack.up(withOutputs({ b: 2 }, (p) => p.thing('x')));
  assert.deepEqual([outcome.result, outcome.outputs], ['failed', { a: 1, b: 2 }]);
});

test('outputs of a component can be registered once', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(async (p) => {
    const group = await p.component('group');
    await p.registrar.registerResourceOutputs(group.urn, { done: true });
    await p.registrar.registerResourceOutputs(group.urn, {});
  });
  assert.equal(outcome.result, 'failed');
  assert.match(outcome.errors[0]!, /whose registration isn't pending/);
  assert.deepEqual(stack.find('group').outputs, { done: true });
});

test('a program that throws deletes nothing', async () => {
  const stack = new TestStack();
  await stack.up((p) => p.thing('a'));
  const outcome = await stack.up(async () => {
    throw new Error('oh no');
  });
  assert.deepEqual(outcome.errors, ['oh no', 'update failed']);
  assert.deepEqual(stack.names, ['a']);
});
