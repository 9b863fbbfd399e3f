import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../protocol/property-value.ts';
import { memoryRecorder, type ProgramBody, TestStack } from './testing/test-stack.ts';

test('continueOnError leaves out what needs the failed resource and does the rest', async () => {
  const stack = new TestStack();
  stack.cloud.failures.set('create a', { kind: 'clean' });
  const results: string[] = [];
  const outcome = await stack.up(
    async (p) => {
      const a = await p.thing('a');
      const b = await p.thing('b', {}, { dependencies: [a.urn] });
      const c = await p.thing('c', {}, { dependencies: [b.urn] });
      const d = await p.thing('d');
      results.push(...[a, b, c, d].map(({ result }) => result));
    },
    { continueOnError: true },
  );
  assert.deepEqual(results, ['fail', 'skip', 'skip', 'success']);
  assert.equal(outcome.result, 'failed');
  assert.deepEqual(stack.names, ['d']);
});

test('a failed check stops before anything is done', async () => {
  const stack = new TestStack();
  const outcome = await stack.up((p) => p.thing('a', { invalid: true }));
  assert.match(outcome.errors[0]!, /property invalid value {true} has a problem: must not be true/);
  assert.deepEqual([outcome.result, stack.cloud.calls], ['failed', []]);
});

test('a provider that cannot tell what it did leaves the state in doubt', async () => {
  const stack = new TestStack();
  stack.cloud.failures.set('create a', { kind: 'unknown' });
  const outcome = await stack.up((p) => p.thing('a'));
  assert.deepEqual([outcome.result, outcome.maybeCorrupt], ['failed', true]);
});

test('a cancelled update lets running steps end and starts nothing more', async () => {
  const stack = new TestStack();
  const cancel = new AbortController();
  stack.cloud.onCall = async (call) => {
    if (call !== 'create a') return;
    cancel.abort();
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const outcome = await stack.up(
    async (p) => {
      await p.thing('a');
      await p.thing('b');
    },
    { signal: cancel.signal },
  );
  assert.equal(outcome.result, 'cancelled');
  assert.deepEqual(stack.names, ['a']);
});

test('runs no more steps at a time than it may', async () => {
  const stack = new TestStack();
  let running = 0;
  let most = 0;
  stack.cloud.onCall = async (call) => {
    if (!call.startsWith('create')) return;
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
  };
  const program: ProgramBody = (p) => Promise.all(Array.from({ length: 12 }, (_, index) => p.thing(`t${index}`)));
  await stack.up(program, { parallel: 3 });
  assert.equal(most, 3);
});

test('warns of what an earlier run left under way', async () => {
  const stack = new TestStack();
  await stack.up((p) => p.thing('a'));
  stack.snapshot = { ...stack.snapshot, pendingOperations: [{ kind: 'creating', resource: stack.find('a') }] };
  const outcome = await stack.up((p) => p.thing('a'));
  assert.match(outcome.warnings[0]!, /interrupted while creating/);
});

test('continueOnError does not make a replacement whose delete was left out', async () => {
  const stack = new TestStack();
  const program =
    (version: number, linked: boolean): ProgramBody =>
    async (p) => {
      const a = await p.thing('a', { size: version });
      const options = { inputs: { replaceBy: version, exclusive: true } };
      await (linked ? p.dependent('b', a, options) : p.thing('b', options.inputs));
    };
  await stack.up(program(1, true));
  stack.cloud.failures.set('update a', { kind: 'clean' });
  const outcome = await stack.up(program(2, false), { continueOnError: true });
  assert.deepEqual([outcome.result, stack.violations, stack.names], ['failed', [], ['a', 'b']]);
  assert.deepEqual(stack.find('b').id, 'b-1');
});

test('continueOnError does not make a dependent again whose delete failed', async () => {
  const stack = new TestStack();
  const program =
    (version: number): ProgramBody =>
    async (p) => {
      const a = await p.thing('a', { replaceBy: version, exclusive: true });
      await (version === 1 ? p.dependent('b', a, { input: 'replaceFrom' }) : p.thing('b'));
    };
  await stack.up(program(1));
  stack.cloud.failures.set('delete b', { kind: 'clean' });
  const outcome = await stack.up(program(2), { continueOnError: true });
  assert.deepEqual([outcome.result, stack.violations], ['failed', []]);
  assert.deepEqual([...stack.cloud.things.keys()], ['a-1', 'b-1']);
});

test('continueOnError keeps what a left-out resource needs', async () => {
  const stack = new TestStack();
  const exclusive = { exclusive: true, replaceBy: 1 };
  await stack.up(async (p) => {
    const a = await p.thing('a', { size: 1 });
    const b = await p.thing('b');
    await p.thing('c', exclusive, { dependencies: [a.urn, b.urn] });
  });
  stack.cloud.failures.set('update a', { kind: 'clean' });
  const outcome = await stack.up(
    async (p) => {
      await p.thing('a', { size: 2 });
      await p.thing('c', { ...exclusive, replaceBy: 2 });
    },
    { continueOnError: true },
  );
  assert.deepEqual([outcome.result, stack.violations], ['failed', []]);
  assert.deepEqual(stack.names.sort(), ['a', 'b', 'c']);
});

test('a state that cannot be written stops everything', async () => {
  const stack = new TestStack();
  const full = { ...memoryRecorder(stack.snapshot), beginStep: () => Promise.reject(new Error('disk full')) };
  const outcome = await stack.up((p) => p.thing('a'), { recorder: full });
  assert.deepEqual([outcome.result, outcome.errors, stack.cloud.calls], ['failed', ['disk full', 'update failed'], []]);
});

test('outputs of an update that failed half-way are secret as the new inputs say', async () => {
  const stack = new TestStack();
  await stack.up((p) => p.thing('a', { word: new Secret('old') }));
  stack.cloud.failures.set('update a', { kind: 'partial' });
  await stack.up((p) => p.thing('a', { word: 'new' }));
  assert.deepEqual([stack.find('a').inputs.word, stack.find('a').outputs.word], [new Secret('old'), 'new']);
});

test('continueOnError answers an import that failed', async () => {
  const stack = new TestStack();
  const results: string[] = [];
  const outcome = await stack.up(
    async (p) => {
      const a = await p.thing('a', {}, { importId: 'nothing' });
      const b = await p.thing('b');
      results.push(a.result, b.result);
    },
    { continueOnError: true },
  );
  assert.deepEqual([outcome.result, results, stack.names], ['failed', ['fail', 'success'], ['b']]);
});
