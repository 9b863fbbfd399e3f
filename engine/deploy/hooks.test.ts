import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HookRequest, ResourceHookRunner } from './resource-hook-runner.ts';
import { type ProgramBody, TestStack } from './testing/test-stack.ts';

interface Scripted extends ResourceHookRunner {
  readonly calls: string[];
}

/** Hooks by name: `bad*` fail, `soft*` fail and may, `quiet*` run in previews too, `retry*` are error hooks that ask for another try. */
function scriptedHooks(): Scripted {
  const calls: string[] = [];
  const note = (name: string, { urn, id }: HookRequest): void => {
    calls.push(`${name} ${urn.slice(urn.lastIndexOf(':') + 1)} ${id}`);
  };
  return {
    calls,
    find: (name) =>
      name.startsWith('missing')
        ? undefined
        : { onDryRun: name.startsWith('quiet'), ignoreErrors: name.startsWith('soft') },
    run: async (name, request) => {
      note(name, request);
      if (name.startsWith('bad') || name.startsWith('soft')) throw new Error('no');
    },
    hasErrorHook: (name) => name.startsWith('retry'),
    runErrorHook: async (name, request) => {
      note(name, request);
      return request.errors.length < 3;
    },
  };
}

const withHooks =
  (resourceHooks: Record<string, string[]>, inputs = {}): ProgramBody =>
  (p) =>
    p.thing('a', inputs, { resourceHooks });

test('runs hooks around create, update and delete', async () => {
  const stack = new TestStack();
  const hooks = scriptedHooks();
  const names = { BeforeCreate: ['bc'], AfterCreate: ['ac'], BeforeUpdate: ['bu'], AfterUpdate: ['au'] };
  const all = { ...names, BeforeDelete: ['bd'], AfterDelete: ['ad'] };
  await stack.up(withHooks(all), { hooks });
  await stack.up(withHooks(all, { size: 1 }), { hooks });
  await stack.up(async () => {}, { hooks });
  assert.deepEqual(hooks.calls, ['bc a ', 'ac a a-1', 'bu a a-1', 'au a a-1', 'bd a a-1', 'ad a a-1']);
});

test('a failing before-hook stops the step', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(withHooks({ BeforeCreate: ['bad'] }), { hooks: scriptedHooks() });
  assert.deepEqual([outcome.result, stack.cloud.calls], ['failed', []]);
});

test('a failing after-hook fails the update, not the resource', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(withHooks({ AfterCreate: ['bad'] }), { hooks: scriptedHooks() });
  assert.deepEqual([outcome.result, stack.names], ['failed', ['a']]);
});

test('a hook may be allowed to fail, and previews run only those that say so', async () => {
  const stack = new TestStack();
  const hooks = scriptedHooks();
  const preview = await stack.preview(withHooks({ BeforeCreate: ['bad', 'quiet'] }), { hooks });
  assert.deepEqual([preview.result, hooks.calls], ['succeeded', ['quiet a ']]);
  const outcome = await stack.up(withHooks({ BeforeCreate: ['soft'] }), { hooks });
  assert.deepEqual([outcome.result, outcome.warnings.length], ['succeeded', 1]);
});

test('an error hook asks for another try', async () => {
  const stack = new TestStack();
  let attempts = 0;
  stack.cloud.onCall = (call) => {
    if (call === 'create a' && ++attempts < 3) throw new Error('not yet');
  };
  const outcome = await stack.up(withHooks({ OnError: ['retry'] }), { hooks: scriptedHooks() });
  assert.deepEqual([outcome.result, attempts, outcome.warnings.length], ['succeeded', 3, 2]);
});

test('what exists although it did not become ready is not made a second time, whatever an error hook asks', async () => {
  const stack = new TestStack();
  stack.cloud.failures.set('create a', { kind: 'partial' });
  const hooks = scriptedHooks();
  const outcome = await stack.up(withHooks({ OnError: ['retry'] }), { hooks });
  assert.deepEqual([outcome.result, hooks.calls], ['failed', ['retry a ']]);
  assert.match(outcome.warnings[0]!, /not retrying create.*the resource exists/);
  assert.deepEqual([[...stack.cloud.things.keys()], stack.find('a').initErrors], [['a-1'], ['not ready']]);
});

test('an update that an error hook tried again with success leaves no errors of the first try', async () => {
  const stack = new TestStack();
  await stack.up(withHooks({ OnError: ['retry'] }));
  stack.cloud.failures.set('update a', { kind: 'partial' });
  const outcome = await stack.up(withHooks({ OnError: ['retry'] }, { size: 1 }), { hooks: scriptedHooks() });
  assert.deepEqual([outcome.result, stack.cloud.calls.slice(-2)], ['succeeded', ['update a', 'update a']]);
  assert.deepEqual(stack.find('a').initErrors, []);
});

test('a hook that nobody registered is an error', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(withHooks({ BeforeCreate: ['missing'] }), { hooks: scriptedHooks() });
  assert.match(outcome.errors[0]!, /hook "missing" was not registered/);
});

test('a destroy without the program refuses delete hooks before anything is deleted', async () => {
  const stack = new TestStack();
  const hooks = scriptedHooks();
  await stack.up(async (p) => {
    await p.thing('a', {}, { resourceHooks: { AfterDelete: ['ad'] } });
    await p.thing('b');
  });
  for (const preview of [true, false]) {
    const outcome = await stack.destroy({ preview });
    assert.deepEqual([outcome.result, outcome.steps], ['failed', []]);
    assert.match(outcome.errors[0]!, /it has delete hooks and the program does not run: ad/);
    assert.match(outcome.errors[1]!, /--run-program/);
  }
  assert.deepEqual(stack.names, ['a', 'b']);
  const program = await stack.run(async () => {}, { kind: 'destroy', runProgram: true, hooks });
  assert.deepEqual([program.steps, hooks.calls], [['delete b', 'delete a'], ['ad a a-1']]);
});
