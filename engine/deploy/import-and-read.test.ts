import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../protocol/property-value.ts';
import type { ImportRequest } from './deployment-options.ts';
import type { RegisterResult } from './goal.ts';
import { componentType, goal, type ProgramBody, TestStack, thingType } from './testing/test-stack.ts';
import { makeUrn } from './urn.ts';

/** A cloud in which somebody else has made something. */
async function stackWithForeign(inputs = { size: 1 }): Promise<TestStack> {
  const stack = new TestStack();
  stack.cloud.things.set('foreign', { type: thingType, urn: '', inputs });
  return stack;
}

test('adopts what the program names by id, and finds it the next time', async () => {
  const stack = await stackWithForeign();
  const program: ProgramBody = (p) => p.thing('a', { size: 1 }, { importId: 'foreign' });
  assert.deepEqual((await stack.up(program)).changes, { import: 1 });
  assert.deepEqual([stack.find('a').id, stack.find('a').importId], ['foreign', 'foreign']);
  assert.deepEqual((await stack.up(program)).changes, { same: 1 });
});

test('changes what it has adopted where the program asks for something else', async () => {
  const stack = await stackWithForeign();
  const outcome = await stack.up((p) => p.thing('a', { size: 2 }, { importId: 'foreign' }));
  assert.deepEqual(outcome.steps, ['import a', 'update a']);
  assert.deepEqual(stack.cloud.things.get('foreign')!.inputs, { size: 2 });
  assert.deepEqual(stack.names, ['a']);
});

test('says that there is nothing to adopt', async () => {
  const stack = new TestStack();
  const outcome = await stack.up((p) => p.thing('a', {}, { importId: 'nothing' }));
  assert.deepEqual(outcome.errors, ["resource 'nothing' does not exist", 'update failed']);
  assert.deepEqual(stack.names, []);
});

test('puts an adopted resource in the place of the one that it had made', async () => {
  const stack = await stackWithForeign();
  await stack.up((p) => p.thing('a', { size: 1 }));
  const outcome = await stack.up((p) => p.thing('a', { size: 1 }, { importId: 'foreign' }));
  assert.deepEqual(outcome.steps, ['import-replacement a', 'replace a', 'delete-replaced a']);
  assert.deepEqual([...stack.cloud.things.keys()], ['foreign']);
});

test('refuses to replace what the program says to adopt', async () => {
  const stack = await stackWithForeign({ replaceBy: 1 } as never);
  const program: ProgramBody = (p) => p.thing('a', { replaceBy: 2 }, { importId: 'foreign' });
  assert.equal((await stack.up(program)).result, 'failed');
  assert.deepEqual([...stack.cloud.things.keys()], ['foreign']);
});

test('adopts without a program: protected, with the root stack, and refuses it twice', async () => {
  const stack = await stackWithForeign();
  const request = {
    type: thingType,
    name: 'a',
    id: 'foreign',
    parent: '',
    properties: [],
    provider: async (registrar: Parameters<ProgramBody>[0]['registrar']) => {
      const made = await registrar.registerResource(goal({ name: 'default', type: 'pulumi:providers:test' }));
      return `${made.urn}::${made.id}`;
    },
  };
  const outcome = await stack.run(undefined, { kind: 'import', imports: [request] });
  assert.deepEqual([outcome.errors, outcome.changes], [[], { create: 1, import: 1 }]);
  const found = stack.find('a');
  assert.deepEqual([found.protect, found.importId, found.inputs], [true, '', { size: 1 }]);
  assert.equal(found.parent, 'urn:pulumi:dev::project::pulumi:pulumi:Stack::project-dev');
  const again = await stack.run(undefined, { kind: 'import', imports: [{ ...request, id: 'other' }] });
  assert.equal(again.result, 'failed');
});

test('reads without managing: not deleted, only discarded', async () => {
  const stack = await stackWithForeign();
  const first = await stack.up((p) => p.read('a', 'foreign'));
  assert.deepEqual([first.steps, first.changes], [['read a'], {}]);
  assert.equal(stack.find('a').external, true);
  assert.deepEqual((await stack.up(async () => {})).steps, ['discard a']);
  assert.equal(stack.cloud.things.size, 1);
});

test('a resource that is read under a name of ours replaces ours', async () => {
  const stack = await stackWithForeign();
  await stack.up((p) => p.thing('a'));
  const outcome = await stack.up((p) => p.read('a', 'foreign'));
  assert.deepEqual(outcome.steps, ['read-replacement a', 'replace a', 'delete-replaced a']);
  assert.deepEqual([...stack.cloud.things.keys()], ['foreign']);
});

test('makes its own in place of one that it had only read', async () => {
  const stack = await stackWithForeign();
  await stack.up((p) => p.read('a', 'foreign'));
  const outcome = await stack.up((p) => p.thing('a'));
  assert.deepEqual(outcome.steps, ['create-replacement a', 'replace a', 'discard-replaced a']);
  assert.deepEqual([...stack.cloud.things.keys()], ['foreign', 'a-1']);
});

test('says that a resource to read does not exist', async () => {
  const stack = new TestStack();
  const outcome = await stack.up((p) => p.read('a', 'nothing'));
  assert.deepEqual(outcome.errors, ["resource 'nothing' does not exist", 'update failed']);
});

test('adopts what is below others only after all of those', async () => {
  const stack = await stackWithForeign();
  const parent = makeUrn({ stack: 'dev', project: 'project', parent: '', type: componentType, name: 'group' });
  let made: Promise<RegisterResult> | undefined;
  const provider = async (registrar: Parameters<ProgramBody>[0]['registrar']) => {
    made ??= registrar.registerResource(goal({ name: 'default', type: 'pulumi:providers:test' }));
    const { urn, id } = await made;
    return `${urn}::${id}`;
  };
  const plain = { type: thingType, parent: '', properties: [], provider };
  const imports = [
    { ...plain, name: 'child', id: 'foreign', parent },
    { ...plain, name: 'group', id: '', type: componentType, component: true, provider: '' },
    { ...plain, name: 'other', id: 'nothing' },
  ];
  const failed = await stack.run(undefined, { kind: 'import', imports });
  assert.deepEqual([failed.result, failed.steps.includes('import child')], ['failed', false]);
  const known = stack.find('default');
  const again = [{ ...imports[0]!, provider: `${known.urn}::${known.id}` }];
  const outcome = await stack.run(undefined, { kind: 'import', imports: again });
  assert.deepEqual(
    [outcome.result, outcome.steps, stack.find('child').parent],
    ['succeeded', ['import child'], parent],
  );
});

test('adopts by a whole description without reading, completes what is read, and makes providers of the file', async () => {
  const stack = await stackWithForeign();
  const type = 'pulumi:providers:test';
  const urn = makeUrn({ stack: 'dev', project: 'project', parent: '', type, name: 'own' });
  let made: Promise<RegisterResult> | undefined;
  const provider = async (registrar: Parameters<ProgramBody>[0]['registrar']) => {
    made ??= registrar.registerResource(goal({ name: 'own', type, inputs: { region: 'here' } }));
    return `${urn}::${(await made).id}`;
  };
  const plain = { type: thingType, parent: '', properties: [], provider };
  const imports: readonly ImportRequest[] = [
    { ...plain, name: 'own', id: '', type },
    { ...plain, name: 'whole', id: 'nobody-has-it', inputs: { size: 7 }, outputs: { size: 7, made: 'then' } },
    { ...plain, name: 'part', id: 'foreign', inputs: { size: 2, password: new Secret('word') } },
    { ...plain, name: 'remote', id: '', type: componentType, component: true, remote: true, inputs: { a: 1 } },
  ];
  const outcome = await stack.run(undefined, { kind: 'import', imports });
  assert.deepEqual([outcome.errors, outcome.changes], [[], { create: 2, import: 3 }]);
  assert.deepEqual(
    stack.cloud.calls.filter((call) => call.startsWith('read')),
    ['read part'],
  );
  const [whole, part, remote] = ['whole', 'part', 'remote'].map((name) => stack.find(name));
  assert.deepEqual(
    [whole!.id, whole!.inputs, whole!.outputs],
    ['nobody-has-it', { size: 7 }, { size: 7, made: 'then' }],
  );
  // What the provider tells is right; what it does not tell is taken from the file.
  assert.deepEqual(part!.inputs, { size: 1, password: new Secret('word') });
  assert.deepEqual(
    [remote!.custom, remote!.provider, remote!.inputs],
    [false, `${urn}::${stack.find('own').id}`, { a: 1 }],
  );
  assert.deepEqual(stack.find('own').inputs, { region: 'here' });
});
