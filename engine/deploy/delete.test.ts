import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProgramBody, TestStack } from './testing/test-stack.ts';

async function stackAfter(program: ProgramBody): Promise<TestStack> {
  const stack = new TestStack();
  assert.equal((await stack.up(program)).result, 'succeeded');
  stack.cloud.calls.length = 0;
  return stack;
}

test('keeps everything that is protected and says so for each', async () => {
  const stack = await stackAfter(async (p) => {
    await p.thing('a', {}, { protect: true });
    await p.thing('b', {}, { protect: true });
    await p.thing('c');
  });
  const outcome = await stack.destroy();
  assert.equal(outcome.result, 'failed');
  assert.equal(outcome.errors.filter((message) => message.includes('is protected')).length, 2);
  assert.deepEqual(stack.cloud.calls, ['delete c']);
  assert.deepEqual(stack.names, ['a', 'b']);
});

test('forgets what is to be retained without a call', async () => {
  const stack = await stackAfter((p) => p.thing('a', {}, { retainOnDelete: true }));
  const outcome = await stack.up(async () => {});
  assert.deepEqual(outcome.steps, ['delete a']);
  assert.deepEqual(stack.cloud.calls, []);
  assert.deepEqual([stack.names, stack.cloud.things.size], [[], 1]);
});

test('does not call for what goes with something else', async () => {
  const program: ProgramBody = async (p) => {
    const a = await p.thing('a');
    await p.thing('b', {}, { deletedWith: a.urn });
  };
  const stack = await stackAfter(program);
  const outcome = await stack.destroy();
  assert.deepEqual(outcome.steps, ['delete b', 'delete a']);
  assert.deepEqual(stack.cloud.calls, ['delete a']);
});

test('calls for it where it goes alone', async () => {
  const stack = await stackAfter(async (p) => {
    const a = await p.thing('a');
    await p.thing('b', {}, { deletedWith: a.urn });
  });
  await stack.up((p) => p.thing('a'));
  assert.deepEqual(stack.cloud.calls, ['delete b']);
});

test('deletes children before their component and what depends on it before both', async () => {
  const stack = await stackAfter(async (p) => {
    const group = await p.component('group');
    await p.thing('child', {}, { parent: group.urn });
    await p.registrar.registerResourceOutputs(group.urn, {});
    await p.thing('after', {}, { dependencies: [group.urn] });
  });
  assert.deepEqual((await stack.destroy()).steps, ['delete after', 'delete child', 'delete group']);
});

test('stops at a failed delete and keeps what it needs', async () => {
  const program: ProgramBody = async (p) => {
    const a = await p.thing('a');
    await p.dependent('b', a);
  };
  const stack = await stackAfter(program);
  stack.cloud.failures.set('delete b', { kind: 'clean' });
  assert.equal((await stack.destroy()).result, 'failed');
  assert.deepEqual(stack.names, ['a', 'b']);
});

test('goes on deleting what a failed delete does not need', async () => {
  const stack = await stackAfter(async (p) => {
    const a = await p.thing('a');
    await p.dependent('b', a);
    const c = await p.thing('c');
    await p.dependent('d', c);
  });
  stack.cloud.failures.set('delete b', { kind: 'clean' });
  const outcome = await stack.destroy({ continueOnError: true });
  assert.equal(outcome.result, 'failed');
  assert.deepEqual(stack.names, ['a', 'b']);
});

test('destroys with the program: nothing is created, what the program registers is deleted at the end', async () => {
  const program: ProgramBody = async (p) => {
    const a = await p.thing('a');
    await p.dependent('b', a);
  };
  const stack = await stackAfter(program);
  const outcome = await stack.run(
    async (p) => {
      await program(p);
      await p.thing('never-made');
    },
    { kind: 'destroy', runProgram: true },
  );
  assert.deepEqual(outcome.errors, []);
  assert.deepEqual(outcome.steps, ['delete b', 'delete a']);
  assert.deepEqual(stack.snapshot.resources, []);
});

test('keeps the replaced provider of what cannot be deleted', async () => {
  const program =
    (region: string, protect: boolean): ProgramBody =>
    async (p) => {
      const provider = await p.thing('places', { region }, { type: 'pulumi:providers:test', provider: '' });
      if (protect) await p.thing('a', {}, { protect, provider: `${provider.urn}::${provider.id}` });
    };
  const stack = await stackAfter(program('north', true));
  assert.equal((await stack.up(program('south', false))).result, 'failed');
  const outcome = await stack.destroy();
  assert.deepEqual([outcome.result, stack.violations, stack.names], ['failed', [], ['a']]);
});
