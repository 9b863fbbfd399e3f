import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type KubernetesManifest, objectName, objectType, orderObjects } from './object-order';

const KINDS = [
  'Deployment',
  'Namespace',
  'ConfigMap',
  'CustomResourceDefinition',
  'Widget',
  'MutatingWebhookConfiguration',
];

const objects = fc.array(
  fc
    .record({ kind: fc.constantFrom(...KINDS), name: fc.stringMatching(/^[a-z]{1,8}$/) })
    .map(({ kind, name }): KubernetesManifest => ({ apiVersion: 'v1', kind, metadata: { name } })),
);

describe('orderObjects', () => {
  it('keeps every object, once', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const ordered = orderObjects(all).flat();
        assert.equal(ordered.length, all.length);
        assert.deepEqual(new Set(ordered), new Set(all));
      }),
    );
  });

  it('makes namespaces and definitions first and webhooks last', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const kinds = orderObjects(all)
          .flat()
          .map(({ kind }) => kind);
        const place = (kind: string) => kinds.flatMap((other, index) => (other === kind ? [index] : []));
        const before = (first: string, second: string) =>
          Math.max(-1, ...place(first)) < Math.min(Number.POSITIVE_INFINITY, ...place(second));
        assert.ok(before('Namespace', 'ConfigMap') && before('CustomResourceDefinition', 'Widget'));
        assert.ok(before('ConfigMap', 'Deployment') && before('Deployment', 'MutatingWebhookConfiguration'));
      }),
    );
  });
});

describe('names of objects', () => {
  it('have the type token of the SDK', () => {
    assert.equal(objectType({ apiVersion: 'v1', kind: 'ConfigMap' }), 'kubernetes:core/v1:ConfigMap');
    assert.equal(objectType({ apiVersion: 'apps/v1', kind: 'Deployment' }), 'kubernetes:apps/v1:Deployment');
  });

  it('tell objects of two namespaces apart, and refuse an object without a name', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b' } };
    assert.equal(objectName(object), 'ConfigMap/b/a');
    assert.throws(() => objectName({ apiVersion: 'v1', kind: 'ConfigMap' }), /no metadata\.name/);
  });
});
