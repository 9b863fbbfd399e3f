import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addUpdates } from './compare-updates.ts';
import type { PlannedStep, PropertyChange } from './planned-step.ts';

function step(operation: string, name: string, changes: readonly PropertyChange[] = []): PlannedStep {
  return { operation, urn: `urn:pulumi:s::p::t::${name}`, type: 't', changes, replacedBy: [], protected: false };
}

function update(path: string, before: unknown, after: unknown): PropertyChange {
  return { path, kind: 'update', before, after };
}

test('takes the value before the first update and the one after the last', () => {
  const [only] = addUpdates([
    [step('update', 'a', [update('replicas', 1, 2)])],
    [step('same', 'a')],
    [step('update', 'a', [update('replicas', 2, 5), { path: 'image', kind: 'add', after: 'x' }])],
  ]);
  assert.deepEqual(only?.changes, [
    { path: 'image', kind: 'add', before: undefined, after: 'x' },
    { path: 'replicas', kind: 'update', before: 1, after: 5 },
  ]);
});

test('leaves out what came back to where it was, and what came and went', () => {
  const differences = addUpdates([
    [step('update', 'a', [update('x', 1, 2)]), step('create', 'b')],
    [step('update', 'a', [update('x', 2, 1)]), step('delete', 'b')],
  ]);
  assert.deepEqual(differences, []);
});

test('says replaced where something was deleted and made again', () => {
  const differences = addUpdates([
    [step('delete', 'a')],
    [step('create', 'a', [{ path: 'x', kind: 'add', after: 1 }])],
  ]);
  assert.deepEqual(
    differences.map(({ operation }) => operation),
    ['replace'],
  );
  assert.deepEqual(
    addUpdates([[step('update', 'c', [update('x', 1, 2)])], [step('delete', 'c')]])[0]?.operation,
    'delete',
  );
});
