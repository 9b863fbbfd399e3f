import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../object.ts';
import { dependenciesOf, sortByDependencies } from './dependency-order.ts';
import { parseManifest } from './parse-manifest.ts';

describe('parseManifest', () => {
  it('takes words that YAML 1.1 reads as true for true, as kubectl does, and keeps quoted ones', () => {
    const [object] = parseManifest('a: yes\nb: "yes"\nc: 0o17\nd: 1e3\n', 'm');
    assert.deepEqual(object, { a: true, b: 'yes', c: '0o17', d: 1000 });
  });

  it('follows anchors and merge keys', () => {
    const [object] = parseManifest('x: &x {a: 1}\nz:\n  <<: *x\n  b: 2\n', 'm');
    assert.deepEqual(object, { x: { a: 1 }, z: { a: 1, b: 2 } });
  });

  it('names the place of a document that is no object', () => {
    assert.throws(
      () => parseManifest('a: 1\n---\n- 1\n', 'file.yaml'),
      /^MainstayError: file\.yaml:3 Cannot read the manifest .* no object: \[1\]/,
    );
  });

  it('has nothing for an empty text', () => {
    assert.deepEqual(parseManifest('', 'm'), []);
    assert.deepEqual(parseManifest('---\n---\n# comment\n', 'm'), []);
  });
});

describe('dependenciesOf', () => {
  it('puts namespaces, definitions and annotated objects first', () => {
    const objects: readonly KubeObject[] = [
      { apiVersion: 'g.io/v1', kind: 'W', metadata: { name: 'w', namespace: 'n' } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'm',
          namespace: 'n',
          annotations: { 'config.kubernetes.io/depends-on': 'g.io/namespaces/n/W/w' },
        },
      },
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'ws.g.io' },
        spec: { group: 'g.io', names: { kind: 'W' } },
      },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } },
    ];
    const dependencies = dependenciesOf(objects);
    assert.deepEqual(dependencies, [[3, 2], [3, 0], [], []]);
    assert.deepEqual(sortByDependencies(dependencies), [3, 2, 0, 1]);
  });
});

describe('sortByDependencies', () => {
  it('names a circle', () => {
    assert.throws(() => sortByDependencies([[1], [0]]), /in a circle/);
  });

  it('has every one once, after all that it depends on', () => {
    const acyclic = fc
      .array(fc.array(fc.nat()), { maxLength: 12 })
      .map((lists) => lists.map((list, index) => (index === 0 ? [] : list.map((number) => number % index))));
    fc.assert(
      fc.property(acyclic, (dependencies) => {
        const order = sortByDependencies(dependencies);
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          dependencies.map((_, index) => index),
        );
        dependencies.forEach((list, index) => {
          for (const other of list) assert.ok(order.indexOf(other) < order.indexOf(index));
        });
      }),
    );
  });
});
