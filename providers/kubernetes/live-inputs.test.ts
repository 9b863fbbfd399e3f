import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { liveInputs } from './live-inputs.ts';
import type { KubeFields, KubeObject, KubeValue } from './object.ts';

/** An object whose containers are known by name and whose arguments are one value, as the server says it. */
function live(spec: KubeFields): KubeObject {
  const container = { 'f:name': {}, 'f:image': {}, 'f:args': {} };
  const fieldsV1 = {
    'f:spec': {
      'f:containers': { 'k:{"name":"main"}': container, 'k:{"name":"other"}': container },
      'f:finalizers': { 'v:"a"': {} },
    },
  };
  return { metadata: { managedFields: [{ manager: 'm', operation: 'Apply', fieldsV1 }] }, spec };
}

const inputs = (spec: KubeFields): KubeObject => ({ spec });

describe('liveInputs', () => {
  it('keeps the spelling of what the server has not changed since', () => {
    const asked = inputs({ cpu: '1000m', readOnly: false });
    assert.deepEqual(liveInputs(asked, live({ cpu: '1' }), live({ cpu: '1' })), asked);
  });

  it('has the new value of what has changed and nothing of what is gone', () => {
    const asked = inputs({ replicas: 1, paused: true });
    const found = liveInputs(asked, live({ replicas: 1, paused: true }), live({ replicas: 5 }));
    assert.deepEqual(found, inputs({ replicas: 5 }));
  });

  it('leaves out fields that the program does not set', () => {
    assert.deepEqual(liveInputs(inputs({ a: 1 }), live({ a: 1 }), live({ a: 1, b: 2 })), inputs({ a: 1 }));
  });

  it('finds items by key wherever they stand, and leaves those of others', () => {
    const asked = inputs({ containers: [{ name: 'main', image: 'a' }] });
    const recorded = live({ containers: [{ name: 'main', image: 'a' }] });
    const sidecar = { name: 'other', image: 'proxy' };
    assert.deepEqual(liveInputs(asked, recorded, live({ containers: [sidecar, { name: 'main', image: 'a' }] })), asked);
    const edited = liveInputs(asked, recorded, live({ containers: [sidecar, { name: 'main', image: 'b' }] }));
    assert.deepEqual(edited, inputs({ containers: [{ name: 'main', image: 'b' }] }));
    assert.deepEqual(liveInputs(asked, recorded, live({ containers: [sidecar] })), inputs({ containers: [] }));
  });

  it('takes a list without keys as one value: an item more is a change', () => {
    const asked = inputs({ containers: [{ name: 'main', args: ['a'] }] });
    const recorded = live({ containers: [{ name: 'main', args: ['a'] }] });
    const found = liveInputs(asked, recorded, live({ containers: [{ name: 'main', args: ['a', 'b'] }] }));
    assert.deepEqual(found, inputs({ containers: [{ name: 'main', args: ['a', 'b'] }] }));
  });

  it('takes a list without keys as it was where the server itself had added to it', () => {
    const asked = inputs({ tolerations: [{ key: 'a' }] });
    const added = { tolerations: [{ key: 'a' }, { key: 'added' }] };
    assert.deepEqual(liveInputs(asked, live(added), live(added)), asked);
  });

  it('takes a set as what is left of the items asked for', () => {
    const asked = inputs({ finalizers: ['a', 'b'] });
    const found = liveInputs(asked, live({ finalizers: ['a', 'b'] }), live({ finalizers: ['theirs', 'a'] }));
    assert.deepEqual(found, inputs({ finalizers: ['a'] }));
  });

  it('is what was asked for wherever nothing has changed in the cluster', () => {
    const json = fc.letrec<{ value: KubeValue; fields: KubeFields }>((tie) => ({
      fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('fields'),
      ),
    }));
    fc.assert(
      fc.property(json.fields, json.fields, (asked, found) => {
        assert.deepEqual(liveInputs(asked, found, structuredClone(found)), asked);
      }),
    );
  });
});
