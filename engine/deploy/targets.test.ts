import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkIntegrity } from '../state/integrity.ts';
import { goal, type Program, type ProgramBody, TestStack, thingType, urnOfThing } from './testing/test-stack.ts';

const chain =
  (size: number): ProgramBody =>
  async (p) => {
    const a = await p.thing('a', { size });
    await p.dependent('b', a, { inputs: { size } });
    await p.thing('c', { size });
  };

async function stackAfter(program: ProgramBody): Promise<TestStack> {
  const stack = new TestStack();
  assert.equal((await stack.up(program)).result, 'succeeded');
  stack.cloud.calls.length = 0;
  return stack;
}

test('changes the target only', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.up(chain(2), { targets: [urnOfThing('c')] });
  assert.deepEqual(outcome.changes, { update: 1, same: 2 });
  assert.deepEqual(stack.cloud.calls, ['update c']);
  assert.deepEqual([stack.find('a').inputs.size, stack.find('c').inputs.size], [1, 2]);
});

test('changes the target and what depends on it', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.up(chain(2), { targets: [urnOfThing('a')], targetDependents: true });
  assert.deepEqual(outcome.steps, ['update a', 'update b']);
});

test('leaves out what is excluded, and what depends on it', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.up(chain(2), { excludes: [urnOfThing('a')], excludeDependents: true });
  assert.deepEqual(outcome.steps, ['update c']);
});

test('does not create what is not targeted', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(chain(1), { targets: [urnOfThing('c')] });
  assert.deepEqual([outcome.result, outcome.steps, stack.names], ['succeeded', ['create c'], ['c']]);
});

test('refuses a target that needs what is not created', async () => {
  const stack = new TestStack();
  const outcome = await stack.up(chain(1), { targets: [urnOfThing('b')] });
  assert.equal(outcome.result, 'failed');
  assert.match(outcome.errors[0]!, /'.*::b' depends on '.*::a' which was was not specified/);
  assert.deepEqual(stack.names, []);
  const preview = await stack.preview(chain(1), { targets: [urnOfThing('b')] });
  assert.deepEqual([preview.result, preview.steps], ['failed', ['create b']]);
});

test('refuses a target that nobody knows', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.up(chain(1), { targets: [urnOfThing('nobody')] });
  assert.equal(outcome.result, 'failed');
  assert.match(outcome.errors[0]!, /could not be found in the stack/);
});

test('keeps what is not targeted although the program no longer has it, in an order that loads', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.up((p) => p.thing('c', { size: 2 }), { targets: [urnOfThing('c')] });
  assert.deepEqual([outcome.result, outcome.steps], ['succeeded', ['update c']]);
  assert.deepEqual(stack.names.sort(), ['a', 'b', 'c']);
});

test('destroys a target only together with what needs it', async () => {
  const stack = await stackAfter(chain(1));
  const refused = await stack.destroy({ targets: [urnOfThing('a')] });
  assert.equal(refused.result, 'failed');
  assert.deepEqual(stack.cloud.calls, []);
  const outcome = await stack.destroy({ targets: [urnOfThing('a')], targetDependents: true });
  assert.deepEqual(outcome.steps, ['delete b', 'delete a']);
  assert.deepEqual(stack.names, ['c']);
});

test('destroys everything but what is excluded and what that needs', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.destroy({ excludes: [urnOfThing('b')] });
  assert.deepEqual(outcome.steps, ['delete c']);
});

test('keeps a resource whose dependency has left the program when neither is targeted', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.up(
    async (p) => {
      await p.thing('b');
      await p.thing('c', { size: 2 });
    },
    { targets: [urnOfThing('c')] },
  );
  assert.deepEqual([outcome.errors, outcome.steps], [[], ['update c']]);
  assert.deepEqual(stack.find('b').dependencies, [urnOfThing('a')]);
});

test('a dependency that was renamed in the same program is kept once', async () => {
  const stack = await stackAfter(chain(1));
  const outcome = await stack.up(
    async (p) => {
      await p.thing('renamed', { size: 1 }, { aliases: [{ name: 'a' }] });
      await p.thing('b');
      await p.thing('c', { size: 2 });
    },
    { targets: [urnOfThing('renamed'), urnOfThing('c')] },
  );
  assert.deepEqual([outcome.errors, stack.violations, outcome.steps], [[], [], ['update c']]);
  assert.deepEqual(stack.names.sort(), ['b', 'c', 'renamed']);
});

test('does not adopt what is not targeted, nor what needs what is not created', async () => {
  const stack = await stackAfter((p) => p.thing('c', { size: 1 }));
  stack.cloud.things.set('foreign', { type: 'test:index:Thing', urn: '', inputs: {} });
  const program: ProgramBody = async (p) => {
    const a = await p.thing('a');
    await p.thing('b', {}, { importId: 'foreign', dependencies: [a.urn] });
    await p.thing('c', { size: 2 });
  };
  const outcome = await stack.up(program, { targets: [urnOfThing('c')] });
  assert.deepEqual([outcome.errors, outcome.steps, stack.names], [[], ['update c'], ['c']]);
  const refused = await stack.up(program, { targets: [urnOfThing('b')] });
  assert.deepEqual([refused.result, stack.violations, stack.names], ['failed', [], ['c']]);
});

test('a destroy keeps the provider of what is looked up in the place of something excluded', async () => {
  const stack = new TestStack();
  stack.cloud.things.set('foreign', { type: thingType, urn: '', inputs: {} });
  const withOther = async (p: Program): Promise<string> => {
    const { urn, id } = await p.registrar.registerResource(
      goal({ name: 'other', type: 'pulumi:providers:test', inputs: { region: 'there' } }),
    );
    return `${urn}::${id}`;
  };
  await stack.up(async (p) => p.thing('a', {}, { provider: await withOther(p) }));
  const options = { kind: 'destroy', runProgram: true, excludes: [urnOfThing('a')] } as const;
  const outcome = await stack.run((p) => p.read('a', 'foreign'), options);
  assert.deepEqual([outcome.errors, stack.violations], [[], []]);
  checkIntegrity(stack.snapshot.resources);
  assert.deepEqual([stack.find('a').id, stack.cloud.things.has('a-1')], ['foreign', true]);
});
