import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { environmentName, filledIn, isNameOf, slugOf, unknownPlaceholder } from './environment-texts.ts';

test('numbers and plain branches keep their names; others are made names that hosts take', () => {
  const cases: readonly (readonly [change: string, slug: RegExp])[] = [
    ['12', /^12$/],
    ['more-replicas', /^more-replicas$/],
    ['feature/Red', /^feature-red-[0-9a-f]{6}$/],
    ['größer', /^gr-er-[0-9a-f]{6}$/],
    ['日本', /^[0-9a-f]{6}$/],
    ['-x-', /^x-[0-9a-f]{6}$/],
    ['a'.repeat(80), /^a{33}-[0-9a-f]{6}$/],
  ];
  for (const [change, slug] of cases) assert.match(slugOf(change), slug, change);
});

test('two changes never have one name, and every name can be a part of a host', () => {
  const branch = fc.oneof(fc.string({ minLength: 1 }), fc.stringMatching(/^[a-c/A-C_-]{1,6}$/));
  fc.assert(
    fc.property(branch, branch, (one, other) => {
      assert.match(slugOf(one), /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
      assert.equal(slugOf(one) === slugOf(other), one === other);
      assert.ok(isNameOf('pr-${change}.x', environmentName('pr-${change}.x', one)));
    }),
    { numRuns: 2000 },
  );
});

test('a name is of a pattern where something of it could be a change', () => {
  assert.equal(isNameOf('pr-${change}', 'prod'), false);
  assert.equal(isNameOf('pr-${change}', 'pr-'), false);
  assert.equal(isNameOf('a.${change}', 'ab1'), false);
});

test('fills in every text, however deep, and no name of a field', () => {
  const names = { change: '12', stack: 'pr-12', commit: '1a2b3c4d' };
  const value = { '${change}': ['${change}.${stack}', 7, null, { x: '$${commit}' }] };
  assert.deepEqual(filledIn(value, names), { '${change}': ['12.pr-12', 7, null, { x: '$1a2b3c4d' }] });
  assert.equal(unknownPlaceholder({ a: ['${change}', { b: 'x ${branch}' }] }), '${branch}');
  assert.equal(unknownPlaceholder({ a: '${toString}' }), '${toString}');
  assert.equal(unknownPlaceholder({ a: '${change} {x} $y' }), undefined);
});
