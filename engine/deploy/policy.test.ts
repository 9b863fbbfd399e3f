import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnforcementLevel, PolicyViolation, ResourceAnalyzer } from './resource-analyzer.ts';
import { type ProgramBody, TestStack } from './testing/test-stack.ts';

const pack = { policyName: 'size', policyPackName: 'pack', policyPackVersion: '1', description: '' };

/** Objects to things of size 2 and more, at the given level; `remedy` sets that size. */
function analyzer(enforcementLevel: EnforcementLevel, remedy?: number): ResourceAnalyzer {
  const judge = (urn: string, size: unknown): PolicyViolation[] =>
    typeof size === 'number' && size > 1 ? [{ ...pack, message: 'too big', enforcementLevel, urn }] : [];
  return {
    name: 'pack',
    version: '1',
    remediate: async ({ properties }) =>
      remedy !== undefined && 'size' in properties
        ? [{ ...pack, properties: { ...properties, size: remedy }, diagnostic: '' }]
        : [],
    analyze: async ({ urn, properties }) => judge(urn, properties.size),
    analyzeStack: async (resources) => resources.flatMap(({ urn, properties }) => judge(urn, properties.stackSize)),
  };
}

const big: ProgramBody = (p) => p.thing('a', { size: 2 });

test('a mandatory policy stops an update before the step and fails a preview at its end', async () => {
  const stack = new TestStack();
  const preview = await stack.preview(big, { analyzers: [analyzer('mandatory')] });
  assert.deepEqual([preview.result, preview.policyViolated, preview.steps], ['failed', true, ['create a']]);
  const outcome = await stack.up(big, { analyzers: [analyzer('mandatory')] });
  assert.deepEqual([outcome.result, outcome.policyViolated, stack.cloud.calls], ['failed', true, []]);
});

test('an advisory policy is only shown', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(big, { analyzers: [analyzer('advisory')] });
  assert.equal(outcome.result, 'succeeded');
  assert.ok(outcome.events.some((event) => event.kind === 'policy-violation' && event.message === 'too big'));
});

test('a remedy changes the inputs, and later packs see that', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(big, { analyzers: [analyzer('mandatory', 1), analyzer('mandatory')] });
  assert.equal(outcome.result, 'succeeded');
  assert.deepEqual(stack.find('a').inputs, { size: 1 });
});

test('the stack as a whole is judged by its outputs after a success', async () => {
  const stack = new TestStack();
  const outcome = await stack.up((p) => p.thing('a', { stackSize: 2 }), { analyzers: [analyzer('remediate')] });
  assert.deepEqual([outcome.result, outcome.policyViolated], ['failed', true]);
  assert.deepEqual(stack.names, ['a']);
});

test('a preview judges the stack although a resource was found wanting', async () => {
  const stack = new TestStack();
  const program: ProgramBody = (p) => p.thing('a', { size: 2, stackSize: 2 });
  const preview = await stack.preview(program, { analyzers: [analyzer('mandatory')] });
  assert.equal(preview.events.filter(({ kind }) => kind === 'policy-violation').length, 2);
});

test('the stack is not judged after a hook has ended the update', async () => {
  const judged: string[] = [];
  const watching: ResourceAnalyzer = {
    ...analyzer('advisory'),
    analyzeStack: async (resources) => {
      judged.push(...resources.map(({ name }) => name));
      return [];
    },
  };
  const hooks = {
    find: () => ({ onDryRun: false, ignoreErrors: false }),
    run: () => Promise.reject(new Error('no')),
    hasErrorHook: () => false,
    runErrorHook: () => Promise.resolve(false),
  };
  const stack = new TestStack();
  const program: ProgramBody = (p) => p.thing('a', {}, { resourceHooks: { AfterCreate: ['refuse'] } });
  assert.equal((await stack.up(program, { analyzers: [watching], hooks })).result, 'failed');
  assert.deepEqual([judged, stack.names], [[], ['a']]);
});
