import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  containsPath,
  deleteAt,
  formatPath,
  getAt,
  type PropertyPath,
  parsePath,
  resetPath,
  setAt,
} from './property-path.ts';
import { type PropertyMap, type PropertyValue, Secret } from './property-value.ts';

// The expected results here were found by comparing with the official engine on random paths and values.

test('reads paths', () => {
  const cases: Readonly<Record<string, PropertyPath>> = {
    '': [],
    'root.nested[1]': ['root', 'nested', 1],
    'root["key with a ."].x': ['root', 'key with a .', 'x'],
    'root["say \\"hi\\""]': ['root', 'say "hi"'],
    '["*"][*].a': ['*', '*', 'a'],
    'a.[0]': ['a', 0],
    'a..b': ['a', 'b'],
    'a]b': ['a]b'],
    '[01][-1]': [1, -1],
  };
  for (const [text, path] of Object.entries(cases)) assert.deepEqual(parsePath(text), path, text);
  for (const text of ['.a', 'a.', 'a[', 'a[x]', 'a["b]', 'a["b"', '['])
    assert.throws(() => parsePath(text), /property path/, text);
});

test('quotes names that are more than letters, digits and underscores', () => {
  assert.equal(
    formatPath(['a_1', 'app.kubernetes.io/name', 0, 'my-key', 'x"y', '*']),
    'a_1["app.kubernetes.io/name"][0]["my-key"]["x\\"y"]["*"]',
  );
});

test('reads back every path that it writes', () => {
  const path = fc.array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }).filter((name) => !name.endsWith('\\')),
      fc.nat(20),
    ),
  );
  fc.assert(fc.property(path, (elements) => assert.deepEqual(parsePath(formatPath(elements)), elements)));
});

test('gets what it has set, through secrets, and nothing after it was deleted', () => {
  const value: PropertyMap = { a: new Secret({ list: [1, { deep: 'x' }] }) };
  const path = parsePath('a.list[1].deep');
  assert.equal(getAt(setAt(value, path, 'y'), path), 'y');
  assert.equal(getAt(deleteAt(value, path), path), undefined);
  assert.ok((setAt(value, path, 'y') as PropertyMap).a instanceof Secret);
  assert.equal(setAt(value, parsePath('a.list.no'), 1), undefined);
  assert.equal(setAt(value, parsePath('a.list[7]'), 1), undefined);
  assert.deepEqual(setAt(undefined, parsePath('a[0].b'), 1), { a: [{ b: 1 }] });
});

test('knows what lies below a path', () => {
  assert.ok(containsPath(['a', '*'], ['a', 3, 'b']));
  assert.ok(!containsPath(['a', 'b'], ['a']));
  assert.ok(!containsPath(['a', 'b'], ['a', 'c']));
});

test('resets to the old value, or refuses a path that only one side has', () => {
  const secret = (value: PropertyValue) => new Secret(value);
  const cases: readonly (readonly [
    path: string,
    old: PropertyMap,
    next: PropertyMap,
    result: PropertyMap | undefined,
  ])[] = [
    ['a', { a: 1 }, { a: 2, b: 3 }, { a: 1, b: 3 }],
    ['a', { a: 1 }, { b: 3 }, { a: 1, b: 3 }],
    ['a', {}, { a: 2 }, {}],
    ['a.b', { a: { b: 1 } }, {}, undefined],
    ['a.b', {}, { a: { b: 1 } }, { a: {} }],
    ['a.b', {}, {}, {}],
    ['a.b', { a: 1 }, { a: 2 }, { a: 2 }],
    ['a[1]', { a: [1, 2] }, { a: [3, 4] }, { a: [3, 2] }],
    ['a[1]', { a: [1, 2] }, { a: [3] }, undefined],
    ['a[5]', { a: [1] }, { a: [3] }, { a: [3] }],
    ['a[-1]', { a: [1] }, { a: [3] }, undefined],
    ['a[*].b', { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 3, c: 1 }, { b: 4 }] }, { a: [{ b: 1, c: 1 }, { b: 2 }] }],
    ['a[*].b', { a: [{ b: 1 }] }, { a: [{ b: 3 }, { b: 4 }] }, undefined],
    ['a.*', { a: { x: 1 } }, { a: { x: 2, y: 3 } }, { a: { x: 1 } }],
    ['a[0]["c.d"]', { a: [secret(null)] }, { a: [secret(null)] }, { a: [secret(null)] }],
    ['a.b', { a: secret({ b: 1 }) }, { a: { b: 2 } }, { a: { b: secret(1) } }],
    ['a.b', { a: secret({ b: 1 }) }, { a: secret({ b: 2 }) }, { a: secret({ b: 1 }) }],
    ['b.a', { b: secret(secret('x')) }, { b: secret(secret('x')) }, { b: secret(secret('x')) }],
  ];
  for (const [path, old, next, result] of cases)
    assert.deepEqual(resetPath(parsePath(path), old, next), result, `${path} ${JSON.stringify([old, next])}`);
});

test('never changes the values that it is given', () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null)
      for (const part of Object.values(Object.freeze(value))) freeze(part);
    return value;
  };
  const old = freeze({ a: [{ b: 1 }], c: new Secret({ d: 1 }) });
  const next = freeze({ a: [{ b: 2 }], c: new Secret({ d: 2 }) });
  for (const path of ['a[0].b', 'a[*].b', 'c.d', 'c.*', 'a']) resetPath(parsePath(path), old, next);
  setAt(next, parsePath('a[0].b'), 3);
  deleteAt(next, parsePath('c.d'));
});
