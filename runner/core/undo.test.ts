import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from './run.ts';
import { undoOf } from './undo.ts';

function outcomeOf(...operations: readonly string[]): Outcome {
  const steps = operations.map((operation, index) => ({
    operation,
    urn: `urn:pulumi:s::p::t::r${index}`,
    ...{ type: 't', changes: [], replacedBy: [], protected: false },
  }));
  return { result: 'succeeded', steps } as unknown as Outcome;
}

test('can undo what is created and updated, and says what that does', () => {
  const undo = undoOf(outcomeOf('create', 'update', 'update'));
  assert.deepEqual(undo, {
    answer: 'yes',
    text: 'Yes, by putting the old commit back: 2 are changed back, 1 is deleted again.',
    resources: [],
  });
  assert.equal(undoOf(outcomeOf('read')).text, 'There is nothing to undo.');
});

test('names what is lost by a delete or a replacement', () => {
  const undo = undoOf(outcomeOf('update', 'delete', 'replace'));
  assert.equal(undo.answer, 'loses');
  assert.match(undo.text, /makes r1, r2 anew/);
  assert.equal(undo.resources.length, 2);
});

test('does not judge what failed', () => {
  assert.equal(undoOf({ ...outcomeOf('create'), result: 'failed' }).answer, 'unknown');
  assert.equal(undoOf(undefined).answer, 'unknown');
});
