import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newResourceState, type ResourceState } from '../deploy/resource-state.ts';
import { deleteFromState, renameInState, repairState, setProtection } from './edit-state.ts';
import { checkIntegrity } from './integrity.ts';

const urnOf = (name: string) => `urn:pulumi:dev::demo::my:mod:T::${name}`;

function component(name: string, fields: Partial<ResourceState> = {}): ResourceState {
  return newResourceState({ urn: urnOf(name), type: 'my:mod:T', custom: false, ...fields });
}

const chain = [
  component('a'),
  component('b', { dependencies: [urnOf('a')] }),
  component('c', { propertyDependencies: { x: [urnOf('b')] } }),
];
const names = (resources: readonly ResourceState[]) => resources.map(({ urn }) => urn.split('::').at(-1));

test('deletes from the state only what nothing depends on, unless told to take the dependents too', () => {
  const options = { force: false, targetDependents: false };
  assert.throws(() => deleteFromState(chain, urnOf('a'), options), /depend on it: .*b, .*c/);
  assert.deepEqual(names(deleteFromState(chain, urnOf('c'), options)), ['a', 'b']);
  assert.deepEqual(names(deleteFromState(chain, urnOf('b'), { ...options, targetDependents: true })), ['a']);
  assert.throws(() => deleteFromState(chain, urnOf('nowhere'), options), /Cannot find/);
});

test('guards protected resources', () => {
  const guarded = setProtection(chain, [urnOf('c')], true);
  const options = { force: false, targetDependents: false };
  assert.throws(() => deleteFromState(guarded, urnOf('c'), options), /protected/);
  assert.deepEqual(names(deleteFromState(guarded, urnOf('c'), { ...options, force: true })), ['a', 'b']);
  assert.deepEqual(names(deleteFromState(setProtection(guarded, 'all', false), urnOf('c'), options)), ['a', 'b']);
});

test('renames a resource wherever it is named', () => {
  const renamed = renameInState(chain, urnOf('b'), 'bee');
  checkIntegrity(renamed);
  assert.deepEqual(renamed[2]!.propertyDependencies, { x: [urnOf('bee')] });
  assert.throws(() => renameInState(chain, urnOf('b'), 'c'), /another one of that name/);
  assert.throws(() => renameInState(chain, urnOf('b'), 'x::y'), /not a name/);
});

test('repairs any shuffled state with missing resources into one that passes the check', () => {
  const states = fc.array(fc.array(fc.nat(12), { maxLength: 3 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(states, fc.infiniteStream(fc.nat()), (dependencies, picks) => {
      const resources = dependencies.map((list, index) =>
        component(`r${index}`, {
          dependencies: list.filter((other) => other !== index).map((other) => urnOf(`r${other}`)),
        }),
      );
      const shuffled = resources.map((state) => ({ state, at: picks.next().value! })).sort((a, b) => a.at - b.at);
      const { resources: repaired } = repairState(shuffled.map(({ state }) => state));
      checkIntegrity(repaired);
      assert.equal(repaired.length, resources.length);
    }),
  );
});

test('leaves a good state alone', () => {
  assert.deepEqual(repairState(chain), { resources: chain, changes: [] });
});

test('moves a child of a missing parent to the top, and its own children with it', () => {
  const child = newResourceState({
    urn: 'urn:pulumi:dev::demo::gone:mod:P$my:mod:T::child',
    type: 'my:mod:T',
    custom: false,
    parent: 'urn:pulumi:dev::demo::gone:mod:P::p',
  });
  const grandchild = newResourceState({
    urn: 'urn:pulumi:dev::demo::gone:mod:P$my:mod:T$my:mod:T::grand',
    type: 'my:mod:T',
    custom: false,
    parent: child.urn,
  });
  const { resources } = repairState([child, grandchild]);
  checkIntegrity(resources);
  assert.deepEqual(
    resources.map(({ urn }) => urn),
    ['urn:pulumi:dev::demo::my:mod:T::child', 'urn:pulumi:dev::demo::my:mod:T$my:mod:T::grand'],
  );
});
