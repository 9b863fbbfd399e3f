import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffLinesOfText } from './line-diff.ts';

const texts = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 8 }).map((lines) => lines.join('\n'));

test('what is left without the new lines is the old text, and without the old ones the new', () => {
  fc.assert(
    fc.property(texts, texts, (old, next) => {
      const lines = diffLinesOfText(old, next);
      const without = (sign: string) =>
        lines
          .filter((line) => line.sign !== sign)
          .map(({ text }) => text)
          .join('\n');
      const both = old.endsWith('\n') && next.endsWith('\n');
      assert.equal(without('+'), both ? old.slice(0, -1) : old);
      assert.equal(without('-'), both ? next.slice(0, -1) : next);
    }),
  );
});

test('changes as few lines as can be, and shows what is gone before what is new', () => {
  const lines = diffLinesOfText('a\nb\nc\nd\n', 'a\nc\nx\nd\n').map(({ sign, text }) => `${sign}${text}`);
  assert.deepEqual(lines, [' a', '-b', ' c', '+x', ' d']);
  assert.deepEqual(
    diffLinesOfText('one', 'two').map(({ sign, text }) => `${sign}${text}`),
    ['-one', '+two'],
  );
});
