import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from './run.ts';
import { undoFromRevert, undoOf } from './undo.ts';

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

test('says where no revert was previewed, as the engine cannot', () => {
  const undo = undoOf({ ...outcomeOf('create'), engine: 'official' });
  assert.equal(undo.answer, 'yes');
  assert.match(undo.text, /1 is deleted again\. \(Judged from its steps: the official engine cannot preview/);
  const previewed = { answer: 'no', text: 'No.', resources: [] } as const;
  assert.deepEqual(undoOf({ ...outcomeOf('create'), engine: 'official', undo: previewed }), previewed);
});

test('does not judge what failed', () => {
  assert.equal(undoOf({ ...outcomeOf('create'), result: 'failed' }).answer, 'unknown');
  assert.equal(undoOf(undefined).answer, 'unknown');
});

const revert = (...operations: readonly string[]) => ({ outcome: outcomeOf(...operations), hindrance: undefined });

test('takes the preview of the revert for what it says, not the steps there', () => {
  const forward = outcomeOf('create', 'update', 'update');
  assert.deepEqual(undoFromRevert(forward, revert('delete', 'update')), {
    answer: 'yes',
    text: 'Yes, by putting the old commit back: 1 is changed back, 1 is deleted again.',
    resources: [],
  });
  assert.match(
    undoFromRevert(forward, revert('delete', 'replace', 'update')).text,
    /^Not without loss: .* makes r1 anew/,
  );
  assert.match(undoFromRevert(outcomeOf('update'), revert('delete')).text, /makes r0 anew/, 'it was there before');
  assert.match(undoFromRevert(outcomeOf('delete'), revert('create')).text, /makes r0 anew/);
  assert.equal(undoFromRevert(forward, revert()).text, 'There is nothing to undo.');
  const previewed = { ...forward, undo: undoFromRevert(forward, revert('delete')) };
  assert.equal(undoOf(previewed).text, 'Yes, by putting the old commit back: 1 is deleted again.');
});

test('says no where something stands in the way, and how in two steps; and that nobody knows where the old program fails', () => {
  const forward = { ...outcomeOf('create'), steps: [{ ...outcomeOf('create').steps[0]!, type: 'echo:index:Thing' }] };
  const failed = { ...outcomeOf(), result: 'failed' as const, problem: 'no such output: url\nat x' };
  const resources = ['urn:pulumi:s::p::t::vault'];
  const kept = undoFromRevert(forward, { outcome: failed, hindrance: { kind: 'protected', resources } });
  assert.match(kept.text, /^No: .* would delete vault, which is protected\. In two steps: first a change that takes/);
  const gone = undoFromRevert(forward, { outcome: failed, hindrance: { kind: 'provider', package: 'echo' } });
  assert.match(
    gone.text,
    /^No: .* provider echo would be gone before r0, .* In two steps: first a change that removes r0/,
  );
  const unknown = undoFromRevert(forward, { outcome: failed, hindrance: undefined });
  assert.deepEqual([kept.answer, gone.answer, unknown.answer], ['no', 'no', 'unknown']);
  assert.match(unknown.text, /fails: no such output: url$/);
});
