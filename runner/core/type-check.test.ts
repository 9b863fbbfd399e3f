import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commentOf, verdictOf } from './report-text.ts';
import { isBlocked, type TypeCheck, type TypeMistake, typesLines, typesText } from './type-check.ts';

const mistake = (line: number): TypeMistake => ({
  ...{ file: 'infra/index.ts', line, column: 3, code: 'TS2322' },
  message: "Type 'string' is not assignable to type '`a`'.\n  more of it",
});
const checkOf = (lines: readonly number[], more: Partial<TypeCheck> = {}): TypeCheck => ({
  ...{
    commit: 'c',
    state: lines.length > 0 ? 'mistakes' : 'passed',
    count: lines.length,
    mistakes: lines.map(mistake),
  },
  ...{ problem: undefined, blocks: false, ...more },
});

test('says how many mistakes there are and where the first one is', () => {
  assert.equal(typesText(checkOf([])), 'no errors');
  assert.equal(typesText(checkOf([12])), '1 error, infra/index.ts:12:3');
  assert.equal(typesText(checkOf([12, 13])), '2 errors, infra/index.ts:12:3 …');
  const broken = checkOf([], { state: 'broken', problem: 'Cannot check it.\nmore' });
  assert.equal(typesText(broken), 'not checked: Cannot check it.');
  assert.deepEqual(typesLines(broken), ['', 'Types: not checked: Cannot check it.']);
});

test('shows ten of them in a comment, whose code nothing in a message can end', () => {
  const lines = typesLines(checkOf(Array.from({ length: 12 }, (_, index) => index + 1)));
  assert.equal(lines.filter((line) => line.startsWith('infra/index.ts:')).length, 10);
  assert.equal(lines.at(-2), '2 more');
  assert.ok(lines.slice(4, -1).every((line) => !line.includes('`') && !line.includes('\n')));
  assert.deepEqual(typesLines(checkOf([])), []);
});

test('fails a change only where the settings say so', () => {
  const report = (types: TypeCheck) => ({
    change: { name: 'x', head: 'a'.repeat(40), merge: 'b', problem: undefined, types },
    ...{ runs: [{ stack: 'shop/dev', state: 'succeeded', reasons: [], summary: '' }] as never, untouched: 0 },
    ...{ removed: [], link: undefined },
  });
  const [told, blocking] = [report(checkOf([12])), report(checkOf([12], { blocks: true }))];
  assert.deepEqual([isBlocked(told.change), isBlocked(blocking.change)], [false, true]);
  assert.equal(verdictOf(told), 'Changes nothing that runs.');
  assert.equal(verdictOf(blocking), 'Types: 1 error, infra/index.ts:12:3.');
  assert.match(commentOf(told), /Types: \*\*1 error, infra\/index\.ts:12:3\*\*/);
  assert.equal(isBlocked({ types: checkOf([], { blocks: true }) }), false);
});
