import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DiffRequest } from '../../protocol/provider.ts';
import type { ResourceAnalyzer } from './resource-analyzer.ts';
import { type ProgramBody, TestStack, urnOfThing } from './testing/test-stack.ts';

const names = Array.from({ length: 12 }, (_, index) => `thing-${index}`);
const many: ProgramBody = (p) => Promise.all(names.map((name) => p.thing(name, { size: 1 })));

/** Counts Check and Diff by resource, and how many questions are under way at most. */
function watch(stack: TestStack) {
  const { cloud } = stack;
  const asked: string[] = [];
  let now = 0;
  let most = 0;
  const during = async (question: string): Promise<void> => {
    asked.push(question);
    now += 1;
    most = Math.max(most, now);
    await delay(2);
    now -= 1;
  };
  cloud.onCall = (call) => (call.startsWith('check ') ? during(call) : undefined);
  const diff = cloud.diff.bind(cloud);
  cloud.diff = async (request: DiffRequest) => {
    await during(`diff ${request.name}`);
    return diff(request);
  };
  return { asked, most: () => most };
}

test('asks Check and Diff side by side, once each, and decides in the order of the registrations', async () => {
  const stack = new TestStack();
  const first = await stack.up(many, { parallel: 4 });
  assert.deepEqual(
    first.steps,
    names.map((name) => `create ${name}`),
  );
  const watched = watch(stack);
  const second = await stack.preview(many, { parallel: 4 });
  assert.deepEqual(
    second.allSteps,
    names.map((name) => `same ${name}`),
  );
  assert.deepEqual(watched.asked.toSorted(), names.flatMap((name) => [`check ${name}`, `diff ${name}`]).sort());
  assert.ok(watched.most() > 4, `at most ${watched.most()} at a time`);
});

test('asks one at a time where one thing is to be done at a time', async () => {
  const stack = new TestStack();
  await stack.up(many);
  const watched = watch(stack);
  await stack.preview(many, { parallel: 1 });
  assert.equal(watched.most(), 1);
});

test('asks anew where a policy has changed the inputs meanwhile', async () => {
  const stack = new TestStack();
  await stack.up(many);
  const remedy: ResourceAnalyzer = {
    name: 'pack',
    version: '1',
    remediate: async ({ properties }) => [
      {
        ...{ policyName: 'size', policyPackName: 'pack', policyPackVersion: '1', description: '', diagnostic: '' },
        properties: { ...properties, size: 2 },
      },
    ],
    analyze: async () => [],
    analyzeStack: async () => [],
  };
  const outcome = await stack.up(many, { analyzers: [remedy] });
  assert.deepEqual(outcome.changes, { update: names.length });
  assert.equal(stack.find('thing-3').inputs.size, 2);
});

test('reports what a Check that was asked ahead found, once and in its turn', async () => {
  const stack = new TestStack();
  await stack.up(many);
  const outcome = await stack.up((p) =>
    Promise.all(names.map((name) => p.thing(name, { size: 1, invalid: name === 'thing-5' }))),
  );
  assert.equal(outcome.result, 'failed');
  assert.equal(outcome.errors.filter((error) => error.includes('must not be true')).length, 1);
});

test('fails a registration as its Check failed, and no other one', async () => {
  const stack = new TestStack();
  stack.cloud.onCall = (call) => {
    if (call === 'check thing-5') throw new Error('no answer');
  };
  const outcome = await stack.up(many);
  assert.deepEqual(
    outcome.errors.filter((error) => error.includes('no answer')),
    ['no answer'],
  );
});

test('asks nothing ahead of what is not targeted, or is to be replaced', async () => {
  const stack = new TestStack();
  await stack.up(many);
  const watched = watch(stack);
  const targeted = await stack.up(many, { targets: [urnOfThing('thing-2')] });
  assert.deepEqual(targeted.errors, []);
  assert.deepEqual(watched.asked, ['check thing-2', 'diff thing-2']);
  const replaced = await stack.up(many, { replaces: [urnOfThing('thing-2')] });
  assert.equal(replaced.changes.replace, 1);
  assert.equal(watched.asked.filter((question) => question === 'diff thing-2').length, 1);
});
