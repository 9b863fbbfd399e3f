import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePropertyPath, readableValue, valueAt } from './property-text.ts';

test('reads property paths as Pulumi writes them', () => {
  assert.deepEqual(parsePropertyPath('spec.containers[0].image'), ['spec', 'containers', 0, 'image']);
  assert.deepEqual(parsePropertyPath('metadata["a.b/c"].x'), ['metadata', 'a.b/c', 'x']);
  assert.deepEqual(parsePropertyPath('a["quo\\"ted"]'), ['a', 'quo"ted']);
  assert.equal(valueAt({ a: [{ b: 1 }] }, 'a[0].b'), 1);
  assert.equal(valueAt({ a: 1 }, 'a.b.c'), undefined);
});

test('shows secrets and unknown values as such, at any depth', () => {
  const secret = {
    '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
    ciphertext: 'c',
    plaintext: '"hush"',
  };
  const value = { a: [secret, { b: '04da6b54-80e4-46f7-96ec-b56ff0331ba9' }], c: 'plain' };
  assert.deepEqual(readableValue(value), { a: ['[secret]', { b: '[unknown]' }], c: 'plain' });
});
