import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProgramBody, TestStack, urnOfThing } from './testing/test-stack.ts';

const thing =
  (inputs: Parameters<Parameters<ProgramBody>[0]['thing']>[1], options = {}): ProgramBody =>
  (p) =>
    p.thing('a', inputs, options);

/** A stack that has come through these programs without a failure. */
async function stackAfter(...programs: readonly ProgramBody[]): Promise<TestStack> {
  const stack = new TestStack();
  for (const program of programs) assert.equal((await stack.up(program)).result, 'succeeded');
  stack.cloud.calls.length = 0;
  return stack;
}

test('replaceOnChanges turns an update into a replacement', async () => {
  const stack = await stackAfter(thing({ size: 1 }));
  const outcome = await stack.up(thing({ size: 2 }, { replaceOnChanges: ['size'] }));
  assert.deepEqual(outcome.steps, ['create-replacement a', 'replace a', 'delete-replaced a']);
});

test('replaceOnChanges with #initerror replaces what failed to initialize', async () => {
  const stack = new TestStack();
  stack.cloud.failures.set('create a', { kind: 'partial' });
  await stack.up(thing({}));
  const outcome = await stack.up(thing({}, { replaceOnChanges: ['#initerror'] }));
  assert.deepEqual(outcome.steps, ['create-replacement a', 'replace a', 'delete-replaced a']);
});

test('ignoreChanges keeps the old value, also of what would replace', async () => {
  const stack = await stackAfter(thing({ size: 1, replaceBy: 1 }));
  const outcome = await stack.up(thing({ size: 2, replaceBy: 2 }, { ignoreChanges: ['size', 'replaceBy'] }));
  assert.deepEqual(outcome.steps, []);
  assert.deepEqual(stack.find('a').inputs, { size: 1, replaceBy: 1 });
});

test('deleteBeforeReplace false overrules the provider', async () => {
  const stack = await stackAfter(thing({ replaceBy: 1, exclusive: true }));
  const outcome = await stack.up(thing({ replaceBy: 2, exclusive: true }, { deleteBeforeReplace: false }));
  assert.deepEqual(outcome.steps, ['create-replacement a', 'replace a', 'delete-replaced a']);
});

test('a changed replacementTrigger replaces, a new one does not', async () => {
  const stack = await stackAfter(thing({}));
  assert.deepEqual((await stack.up(thing({}, { replacementTrigger: 1 }))).steps, []);
  assert.deepEqual((await stack.up(thing({}, { replacementTrigger: 2 }))).steps, [
    'create-replacement a',
    'replace a',
    'delete-replaced a',
  ]);
});

test('replaceWith replaces together with the other resource', async () => {
  const program =
    (version: number): ProgramBody =>
    async (p) => {
      const a = await p.thing('a', { replaceBy: version });
      await p.thing('b', {}, { replaceWith: [a.urn] });
    };
  const stack = await stackAfter(program(1));
  const outcome = await stack.up(program(2));
  assert.deepEqual(outcome.steps.slice(0, 4), [
    'create-replacement a',
    'replace a',
    'create-replacement b',
    'replace b',
  ]);
  assert.deepEqual(outcome.changes, { replace: 2 });
});

test('--replace and a tainted state replace what did not change, and heal the taint', async () => {
  const stack = await stackAfter(thing({}));
  const outcome = await stack.up(thing({}), { replaces: [urnOfThing('a')] });
  assert.deepEqual(outcome.steps, ['create-replacement a', 'replace a', 'delete-replaced a']);
  stack.find('a').taint = true;
  assert.deepEqual((await stack.up(thing({}))).changes, { replace: 1 });
  assert.equal(stack.find('a').taint, false);
});

test('a create that fails after delete-before-replace is made up for, without a second delete', async () => {
  const stack = await stackAfter(thing({ replaceBy: 1, exclusive: true }));
  stack.cloud.failures.set('create a', { kind: 'clean' });
  const failed = await stack.up(thing({ replaceBy: 2, exclusive: true }));
  assert.equal(failed.result, 'failed');
  assert.equal(stack.find('a').pendingReplacement, true);
  const outcome = await stack.up(thing({ replaceBy: 2, exclusive: true }));
  assert.deepEqual(outcome.steps, ['replace a', 'create-replacement a']);
  assert.deepEqual(stack.cloud.calls, ['delete a', 'create a', 'create a']);
});

test('forgets a pending replacement that the program no longer wants', async () => {
  const stack = await stackAfter(thing({ replaceBy: 1, exclusive: true }));
  stack.cloud.failures.set('create a', { kind: 'clean' });
  await stack.up(thing({ replaceBy: 2, exclusive: true }));
  const outcome = await stack.up(async () => {});
  assert.deepEqual(outcome.changes, {});
  assert.deepEqual(stack.names, []);
});

test('a delete that failed after a replacement is tried again', async () => {
  const stack = await stackAfter(thing({ replaceBy: 1 }));
  stack.cloud.failures.set('delete a', { kind: 'clean' });
  assert.equal((await stack.up(thing({ replaceBy: 2 }))).result, 'failed');
  assert.deepEqual(stack.names, ['a', 'a']);
  const outcome = await stack.up(thing({ replaceBy: 2 }));
  assert.deepEqual(outcome.steps, ['delete-replaced a']);
  assert.deepEqual([...stack.cloud.things.keys()], ['a-2']);
});

test('refuses to replace what is protected, unless the protection goes with it', async () => {
  const stack = await stackAfter(thing({ replaceBy: 1 }, { protect: true }));
  const refused = await stack.up(thing({ replaceBy: 2 }, { protect: true }));
  assert.equal(refused.result, 'failed');
  assert.deepEqual(stack.cloud.calls, []);
  const preview = await stack.preview(thing({ replaceBy: 2 }, { protect: true }));
  assert.deepEqual([preview.result, preview.changes], ['failed', { replace: 1 }]);
  const outcome = await stack.up(thing({ replaceBy: 2 }, { protect: false }));
  assert.equal(outcome.result, 'succeeded');
});

test('an exclusive resource does not take a protected dependent with it', async () => {
  const program =
    (version: number): ProgramBody =>
    async (p) => {
      const a = await p.thing('a', { replaceBy: version, exclusive: true });
      await p.dependent('b', a, { input: 'replaceFrom', protect: true });
    };
  const stack = await stackAfter(program(1));
  const outcome = await stack.up(program(2));
  assert.equal(outcome.result, 'failed');
  assert.deepEqual(stack.cloud.calls, []);
});

test('a provider for another place replaces what it serves', async () => {
  const program =
    (region: string): ProgramBody =>
    async (p) => {
      const provider = await p.thing('places', { region }, { type: 'pulumi:providers:test', provider: '' });
      await p.thing('a', {}, { provider: `${provider.urn}::${provider.id || '04da6b54-80e4-46f7-96ec-b56ff0331ba9'}` });
    };
  const stack = await stackAfter(program('north'));
  const preview = await stack.preview(program('south'));
  assert.deepEqual(preview.steps.slice(0, 2), ['create-replacement a', 'replace a']);
  const outcome = await stack.up(program('south'));
  assert.deepEqual(outcome.changes, { replace: 2 });
  assert.deepEqual((await stack.preview(program('south'))).steps, []);
});

test('what was deleted for a replacement that never came is not deleted again', async () => {
  const stack = await stackAfter(async (p) => {
    const a = await p.thing('a', { replaceBy: 1, exclusive: true });
    await p.dependent('b', a, { input: 'replaceFrom' });
  });
  stack.cloud.failures.set('create a', { kind: 'clean' });
  await stack.up((p) => p.thing('a', { replaceBy: 2, exclusive: true }));
  assert.equal(stack.find('b').pendingReplacement, true);
  stack.cloud.calls.length = 0;
  const outcome = await stack.up((p) => p.thing('b'));
  const expected = ['create-replacement b', 'replace b', 'delete-replaced b', 'remove-pending-replace a'];
  assert.deepEqual(outcome.steps, expected);
  assert.deepEqual([outcome.result, stack.cloud.calls, stack.names], ['succeeded', ['create b'], ['b']]);
});
