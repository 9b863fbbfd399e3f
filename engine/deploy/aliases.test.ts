import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkIntegrity } from '../state/integrity.ts';
import { componentType, type ProgramBody, TestStack, thingType, urnOfThing } from './testing/test-stack.ts';

async function stackAfter(program: ProgramBody): Promise<TestStack> {
  const stack = new TestStack();
  assert.equal((await stack.up(program)).result, 'succeeded');
  return stack;
}

test('finds a renamed resource by the alias of its old name', async () => {
  const stack = await stackAfter((p) => p.thing('old'));
  const outcome = await stack.up((p) => p.thing('new', {}, { aliases: [{ name: 'old' }] }));
  assert.deepEqual(outcome.allSteps, ['same new']);
  assert.deepEqual(stack.find('new').aliases, []);
  assert.equal(stack.find('new').id, 'old-1');
});

test('finds children of a renamed component by their inherited names', async () => {
  const program =
    (name: string, aliases: string[]): ProgramBody =>
    async (p) => {
      const group = await p.component(name, { aliases: aliases.map((alias) => ({ name: alias })) });
      await p.thing(`${name}-part`, {}, { parent: group.urn });
    };
  const stack = await stackAfter(program('old', []));
  const outcome = await stack.up(program('new', ['old']));
  assert.deepEqual(outcome.steps, []);
  assert.deepEqual(stack.names, ['new', 'new-part']);
});

test('finds children below a component of another type', async () => {
  const program =
    (type: string, aliases: { type: string }[]): ProgramBody =>
    async (p) => {
      const group = await p.component('group', { type, aliases });
      await p.thing('part', {}, { parent: group.urn });
    };
  const stack = await stackAfter(program(componentType, []));
  const outcome = await stack.up(program('test:index:Crowd', [{ type: componentType }]));
  assert.deepEqual(outcome.steps, []);
});

test('finds a resource that moved below a component', async () => {
  const stack = await stackAfter((p) => p.thing('a'));
  const outcome = await stack.up(async (p) => {
    const group = await p.component('group');
    await p.thing('a', {}, { parent: group.urn, aliases: [{ noParent: true }] });
  });
  assert.deepEqual([outcome.errors, outcome.steps, outcome.changes], [[], [], { create: 1, same: 1 }]);
});

test('prefers the resource of its own URN, and deletes the one that was an alias', async () => {
  const stack = await stackAfter(async (p) => {
    await p.thing('a');
    await p.thing('b');
  });
  const outcome = await stack.up((p) => p.thing('a', {}, { aliases: [{ name: 'b' }] }));
  assert.deepEqual(outcome.steps, ['delete b']);
});

test('refuses two claims to one old resource', async () => {
  const stack = await stackAfter((p) => p.thing('old'));
  const outcome = await stack.up(async (p) => {
    await p.thing('one', {}, { aliases: [{ name: 'old' }] });
    await p.thing('two', {}, { aliases: [{ urn: urnOfThing('old') }] });
  });
  assert.equal(outcome.result, 'failed');
  assert.match(outcome.errors[0]!, /Duplicate resource alias/);
});

test('refuses an alias for a resource that was registered itself', async () => {
  const stack = await stackAfter((p) => p.thing('old'));
  const outcome = await stack.up(async (p) => {
    await p.thing('old');
    await p.thing('new', {}, { aliases: [{ name: 'old' }] });
  });
  assert.equal(outcome.result, 'failed');
});

test('keeps a renamed provider for the resources that it serves', async () => {
  const program =
    (name: string, aliases: string[]): ProgramBody =>
    async (p) => {
      const options = {
        type: 'pulumi:providers:test',
        provider: '',
        aliases: aliases.map((alias) => ({ name: alias })),
      };
      const provider = await p.thing(name, {}, options);
      await p.thing('a', {}, { provider: `${provider.urn}::${provider.id}` });
    };
  const stack = await stackAfter(program('old', []));
  const outcome = await stack.up(program('new', ['old']));
  assert.deepEqual([outcome.result, outcome.steps], ['succeeded', []]);
});

test('keeps a resource of another type until it is deleted, although what replaces it has its name', async () => {
  const stack = await stackAfter((p) => p.thing('a', { replaceBy: 1 }));
  stack.cloud.failures.set('delete a', { kind: 'clean' });
  const type = 'test:index:Item';
  const program: ProgramBody = (p) => p.thing('a', { replaceBy: 2 }, { type, aliases: [{ type: thingType }] });
  const outcome = await stack.up(program);
  assert.deepEqual([outcome.result, outcome.steps], ['failed', ['create-replacement a', 'replace a']]);
  const left = stack.snapshot.resources.filter(({ custom, type }) => custom && !type.startsWith('pulumi:'));
  assert.deepEqual(
    left.map(({ id, urn, type, delete: condemned }) => [id, urn.split('::')[2], type, condemned]),
    [
      ['a-2', type, type, false],
      ['a-1', type, thingType, true],
    ],
  );
  checkIntegrity(stack.snapshot.resources);
  assert.deepEqual((await stack.up(program)).steps, ['delete-replaced a']);
});
