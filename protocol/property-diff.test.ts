import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryProperties } from './arbitrary-properties.ts';
import { detailedDiffOf, diffProperties } from './property-diff.ts';
import { containsSecrets, containsUnknowns, equalValues, withoutOutputs, withoutSecrets } from './property-equality.ts';
import { setAt } from './property-path.ts';
import {
  Asset,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from './property-value.ts';

test('takes null for absent, and marks for what they are', () => {
  const urn = 'urn:pulumi:s::p::t:m:T::a';
  const equal: readonly (readonly [PropertyValue, PropertyValue])[] = [
    [{ a: null }, {}],
    [Number.NaN, Number.NaN],
    [new Unknown('string'), new Unknown('number')],
    [new Secret([1]), new Secret([1])],
    [new Asset({ text: 'x' }, 'h'), new Asset({ path: './y' }, 'h')],
    [new ResourceReference(urn, 'id', '1.0.0'), new ResourceReference(urn, 'id', '2.0.0')],
  ];
  const different: readonly (readonly [PropertyValue, PropertyValue])[] = [
    [1, '1'],
    [[1, null], [1]],
    [new Secret(1), 1],
    [new Unknown(), 'x'],
    [{ a: 1 }, [1]],
    [new Asset({ text: 'x' }, 'h'), new Asset({ text: 'x' }, 'i')],
    [new ResourceReference(urn, 'id', ''), new ResourceReference(urn, 'other', '')],
  ];
  for (const [a, b] of equal) assert.ok(equalValues(a, b) && equalValues(b, a), JSON.stringify([a, b]));
  for (const [a, b] of different) assert.ok(!equalValues(a, b) && !equalValues(b, a), JSON.stringify([a, b]));
});

test('finds a difference exactly where values are not equal', () => {
  fc.assert(
    fc.property(arbitraryProperties, arbitraryProperties, (a, b) => {
      assert.ok(equalValues(a, structuredCopy(a)));
      assert.equal(diffProperties(a, structuredCopy(a)), undefined);
      assert.equal(diffProperties(a, b) === undefined, equalValues(a, b));
      assert.equal(equalValues(a, b), equalValues(b, a));
    }),
  );
});

test('finds properties that are named as what every object of JavaScript has', () => {
  for (const name of ['toString', 'constructor', 'hasOwnProperty']) {
    const named: PropertyMap = { [name]: 'x' };
    assert.deepEqual(diffProperties({}, named)?.adds, named);
    assert.deepEqual(diffProperties(named, {})?.deletes, named);
    assert.ok(!equalValues({}, named) && !equalValues(named, {}));
    assert.deepEqual(setAt({}, [name, 'inner'], 1), { [name]: { inner: 1 } });
  }
});

/** Another object of the same parts, so that equality is not identity. */
function structuredCopy(map: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, copyOf(value)]));
}

function copyOf(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return new Secret(copyOf(value.value));
  if (Array.isArray(value)) return value.map(copyOf);
  return value !== null && Object.getPrototypeOf(value) === Object.prototype
    ? structuredCopy(value as PropertyMap)
    : value;
}

test('names the leaves of a difference', () => {
  const olds = {
    same: 1,
    gone: 'x',
    size: 1,
    list: [1, 2, 3],
    nested: { a: 1, 'b-c': [{ d: 1 }] },
    kind: 'text',
    null: null,
  };
  const news = {
    same: 1,
    size: 2,
    list: [1, 3],
    nested: { a: 1, 'b-c': [{ d: 2 }, 'e'] },
    kind: ['list'],
    null: 1,
    added: { x: 1 },
  };
  const detailed = detailedDiffOf(diffProperties(olds, news), { inputDiff: true });
  assert.deepEqual(Object.fromEntries(Object.entries(detailed).map(([path, { kind }]) => [path, kind])), {
    gone: 'delete',
    size: 'update',
    'list[1]': 'update',
    'list[2]': 'delete',
    'nested["b-c"][0].d': 'update',
    'nested["b-c"][1]': 'add',
    kind: 'update',
    null: 'add',
    added: 'add',
  });
  assert.ok(Object.values(detailed).every(({ inputDiff }) => inputDiff));
  assert.deepEqual(detailedDiffOf(undefined, { inputDiff: true }), {});
  assert.equal(
    diffProperties({ __defaults: 1, a: { __x: 1 } }, { a: {} }, (key) => key.startsWith('__')),
    undefined,
  );
});

test('leaves no mark of a secret behind, and loses no unknown', () => {
  fc.assert(
    fc.property(arbitraryProperties, (map) => {
      const open = withoutSecrets(map);
      assert.ok(!containsSecrets(open));
      assert.equal(containsUnknowns(open), containsUnknowns(map));
      assert.equal(containsSecrets(withoutOutputs(map)), containsSecrets(map));
      assert.equal(containsUnknowns(withoutOutputs(map)), containsUnknowns(map));
    }),
  );
  assert.deepEqual(
    withoutOutputs({
      a: new Output('x', true, []),
      b: new Output(undefined, false, []),
      c: new Output(1, false, ['urn']),
    }),
    {
      a: new Secret('x'),
      b: new Unknown(),
      c: new Output(1, false, ['urn']),
    },
  );
});
