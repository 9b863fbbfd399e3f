import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Unknown } from '../../protocol/property-value.ts';
import { mergePatch } from './apply.ts';
import { compareFields, formatFieldPath } from './compare.ts';
import { forceNewFields, touches } from './force-new.ts';
import { isFields, type KubeFields, type KubeValue } from './object.ts';

const changed = (last: KubeFields, next: KubeFields) =>
  compareFields(last, next).map(({ kind, path }) => `${kind} ${formatFieldPath(path)}`);

const json = fc.letrec<{ value: KubeValue; fields: KubeFields }>((tie) => ({
  fields: fc.dictionary(fc.constantFrom('a', 'b', 'c.d', 'e'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('fields'),
  ),
}));

describe('compareFields', () => {
  it('names every field that is added, updated or deleted', () => {
    const last = { a: 1, b: { c: 1, d: 2 }, list: [{ x: 1 }, { x: 2 }] };
    const next = { a: 2, b: { c: 1, e: 3 }, list: [{ x: 1, y: 1 }], 'f.g/h': true };
    assert.deepEqual(changed(last, next), [
      'update a',
      'add b.e',
      'delete b.d',
      'add list[0].y',
      'delete list[1]',
      'add ["f.g/h"]',
    ]);
  });

  it('takes a null for nothing and an unknown for a change', () => {
    assert.deepEqual(changed({ a: null }, {}), []);
    assert.deepEqual(changed({ a: 1 }, { a: new Unknown() }), ['update a']);
    assert.deepEqual(changed({}, { a: new Unknown() }), ['add a']);
  });

  it('finds nothing exactly where nothing differs', () => {
    fc.assert(fc.property(json.fields, (fields) => assert.deepEqual(changed(fields, structuredClone(fields)), [])));
  });

  it('tells enough for a merge patch to make the new object of the old one', () => {
    fc.assert(
      fc.property(json.fields, json.fields, (last, next) => {
        assert.deepEqual(applyMergePatch(last, mergePatch(last, next)), next);
      }),
    );
  });
});

/** RFC 7386, section 2. */
function applyMergePatch(target: KubeValue | undefined, patch: KubeValue): KubeValue {
  if (!isFields(patch)) return patch;
  const result: Record<string, KubeValue> = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = applyMergePatch(result[name], value);
  }
  return result;
}

describe('touches', () => {
  const patterns = ['spec.selector', 'spec.containers.*.image'];
  for (const [path, value, expected] of [
    [['spec', 'selector'], {}, true],
    [['spec', 'selector', 'matchLabels', 'app'], 'x', true],
    [['spec', 'containers', 0, 'image'], 'x', true],
    [['spec', 'containers', 0, 'name'], 'x', false],
    [['spec', 'containers', 'odd', 'image'], 'x', false],
    [['spec', 'containers', 0], { image: 'x' }, true],
    [['spec', 'containers', 0], { name: 'x' }, false],
    [['spec'], { selector: {} }, true],
    [['spec'], undefined, false],
    [['spec', 'replicas'], 1, false],
  ] as const)
    it(`${path.join('.')} with ${JSON.stringify(value)}: ${expected}`, () =>
      assert.equal(touches(path, value as KubeValue, patterns), expected));
});

describe('forceNewFields', () => {
  const configuration = { enableSecretMutable: false, enableConfigMapMutable: false };
  const secret = { apiVersion: 'v1', kind: 'Secret' };

  it('holds the identity for every kind, and only that for patches', () => {
    const identity = ['metadata.name', 'metadata.namespace'];
    assert.deepEqual(forceNewFields({ apiVersion: 'a.b/v1', kind: 'C' }, configuration, false), identity);
    assert.deepEqual(forceNewFields({ apiVersion: 'apps/v1', kind: 'Deployment' }, configuration, true), identity);
  });

  it('holds the data of a Secret unless Secrets are mutable, and then of an immutable one', () => {
    assert.ok(forceNewFields(secret, configuration, false).includes('data'));
    const mutable = { ...configuration, enableSecretMutable: true };
    assert.ok(!forceNewFields(secret, mutable, false).includes('data'));
    assert.ok(forceNewFields({ ...secret, immutable: true }, mutable, false).includes('data'));
  });
});
