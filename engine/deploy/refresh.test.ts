import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goal, type ProgramBody, TestStack, urnOfThing } from './testing/test-stack.ts';

const chain: ProgramBody = async (p) => {
  const a = await p.thing('a', { size: 1 });
  const b = await p.dependent('b', a);
  await p.dependent('c', b);
};

async function stackAfter(program: ProgramBody): Promise<TestStack> {
  const stack = new TestStack();
  assert.equal((await stack.up(program)).result, 'succeeded');
  stack.cloud.calls.length = 0;
  return stack;
}

test('takes over what has changed outside, and shows it from the state', async () => {
  const stack = await stackAfter(chain);
  stack.cloud.things.get('a-1')!.inputs = { size: 5, colour: 'red' };
  const outcome = await stack.refresh();
  assert.deepEqual(outcome.changes, { update: 1, same: 2 });
  assert.deepEqual(stack.find('a').inputs, { size: 5, colour: 'red' });
  const shown = outcome.events.find((event) => event.kind === 'resource-outputs' && event.step.op === 'update');
  assert.ok(shown?.kind === 'resource-outputs');
  assert.deepEqual(shown.step.detailedDiff, {
    size: { kind: 'update', inputDiff: true },
    colour: { kind: 'add', inputDiff: true },
  });
  assert.deepEqual((await stack.preview(chain)).steps, ['update a']);
});

test('forgets what is gone, and who depended on it', async () => {
  const stack = await stackAfter(chain);
  stack.cloud.things.delete('b-1');
  const outcome = await stack.refresh();
  assert.deepEqual(outcome.changes, { delete: 1, same: 2 });
  assert.deepEqual(stack.names, ['a', 'c']);
  assert.deepEqual([stack.find('c').dependencies, stack.find('c').propertyDependencies], [[], {}]);
  assert.deepEqual((await stack.up(chain)).steps, ['create b', 'update c']);
});

test('a preview of a refresh leaves the state alone', async () => {
  const stack = await stackAfter(chain);
  stack.cloud.things.delete('c-1');
  const before = JSON.stringify(stack.snapshot);
  assert.deepEqual((await stack.refresh({ preview: true })).changes, { delete: 1, same: 2 });
  assert.equal(JSON.stringify(stack.snapshot), before);
});

test('an unhealthy resource is a warning', async () => {
  const stack = await stackAfter(chain);
  stack.cloud.failures.set('read a', { kind: 'partial' });
  const outcome = await stack.refresh();
  assert.deepEqual([outcome.result, outcome.warnings.length], ['succeeded', 1]);
  assert.deepEqual(stack.find('a').initErrors, ['not ready']);
});

test('a read that fails leaves the resource as it was and refreshes the others', async () => {
  const stack = await stackAfter(chain);
  stack.cloud.failures.set('read a', { kind: 'clean' });
  stack.cloud.things.get('c-1')!.inputs = { from: 'x' };
  const outcome = await stack.refresh();
  assert.equal(outcome.result, 'failed');
  assert.deepEqual([stack.find('a').inputs, stack.find('c').inputs], [{ size: 1 }, { from: 'x' }]);
});

test('an update with refresh corrects what has changed outside', async () => {
  const stack = await stackAfter(chain);
  stack.cloud.things.get('a-1')!.inputs = { size: 5 };
  stack.cloud.things.delete('c-1');
  const outcome = await stack.up(chain, { refresh: true });
  assert.deepEqual(outcome.changes, { update: 1, same: 1, create: 1 });
  assert.deepEqual(stack.cloud.things.get('a-1')!.inputs, { size: 1 });
});

test('a refresh that runs the program reads everything once, and makes nothing', async () => {
  const stack = await stackAfter(chain);
  stack.cloud.things.get('a-1')!.inputs = { size: 5 };
  stack.cloud.things.delete('c-1');
  const outcome = await stack.run(
    async (p) => {
      await p.thing('a', { size: 1 });
      await p.thing('never-made');
    },
    { kind: 'refresh', runProgram: true },
  );
  assert.deepEqual(outcome.errors, []);
  assert.deepEqual([...stack.cloud.calls].sort(), ['read a', 'read b', 'read c']);
  assert.deepEqual(stack.names, ['a', 'b']);
  assert.deepEqual(stack.find('a').inputs, { size: 5 });
});

test('a resource that asks for it is read before every update', async () => {
  const stack = await stackAfter(chain);
  stack.find('b').refreshBeforeUpdate = true;
  await stack.up(chain);
  assert.deepEqual(stack.cloud.calls, ['read b']);
});

test('refreshes targets only, with their dependents where asked', async () => {
  const stack = await stackAfter(chain);
  await stack.refresh({ targets: ['**::b'] });
  assert.deepEqual(stack.cloud.calls.splice(0), ['read b']);
  await stack.refresh({ targets: ['**::b'], targetDependents: true });
  assert.deepEqual(stack.cloud.calls.splice(0), ['read b', 'read c']);
  await stack.refresh({ excludes: ['**::b'], excludeDependents: true });
  assert.deepEqual(stack.cloud.calls.splice(0), ['read a']);
});

test('a child of what is gone has no parent any more', async () => {
  const stack = await stackAfter(async (p) => {
    const group = await p.component('group');
    const middle = await p.thing('middle', {}, { parent: group.urn });
    await p.thing('child', {}, { parent: middle.urn });
  });
  stack.cloud.things.delete('middle-1');
  assert.equal((await stack.refresh()).result, 'succeeded');
  assert.deepEqual([stack.names, stack.find('child').parent], [['group', 'child'], '']);
});

test('with the program, reads a renamed resource under its new name', async () => {
  const stack = new TestStack();
  await stack.up((p) => p.thing('old'));
  stack.cloud.calls.length = 0;
  const program: ProgramBody = (p) => p.thing('new', {}, { aliases: [{ name: 'old' }] });
  const outcome = await stack.run(program, { kind: 'refresh', runProgram: true });
  assert.deepEqual([outcome.result, stack.cloud.calls, stack.names], ['succeeded', ['read new'], ['new']]);
});

test('with the program, reads a resource by the provider that it was made with', async () => {
  const stack = new TestStack();
  await stack.up(async (p) => {
    const { urn, id } = await p.registrar.registerResource(
      goal({ name: 'other', type: 'pulumi:providers:test', inputs: { region: 'there' } }),
    );
    await p.thing('a', {}, { provider: `${urn}::${id}` });
  });
  const outcome = await stack.run((p) => p.thing('a'), { kind: 'refresh', runProgram: true });
  assert.deepEqual([outcome.result, outcome.errors], ['succeeded', []]);
});

test('with the program, reads what lives under a name and not what is condemned under it', async () => {
  const stack = new TestStack();
  await stack.up((p) => p.thing('a', { replaceBy: 1 }));
  stack.cloud.failures.set('delete a', { kind: 'clean' });
  await stack.up((p) => p.thing('a', { replaceBy: 2 }));
  stack.cloud.calls.length = 0;
  const outcome = await stack.run(async () => {}, { kind: 'refresh', runProgram: true });
  assert.deepEqual([outcome.result, stack.cloud.calls, stack.names], ['succeeded', ['read a'], ['a', 'a']]);
});

test('with the program, leaves out what is excluded and its dependents, and reads targets and theirs', async () => {
  const excluded = await stackAfter(chain);
  await excluded.run(async () => {}, {
    kind: 'refresh',
    runProgram: true,
    excludes: [urnOfThing('b')],
    excludeDependents: true,
  });
  assert.deepEqual(excluded.cloud.calls, ['read a']);
  const targeted = await stackAfter(chain);
  await targeted.run(async () => {}, {
    kind: 'refresh',
    runProgram: true,
    targets: [urnOfThing('b')],
    targetDependents: true,
  });
  assert.deepEqual(targeted.cloud.calls.toSorted(), ['read b', 'read c']);
});
