import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePending, type PendingOperation } from './pending-operations.ts';
import { supposeMade, withoutPending } from './settle-creates.ts';

const operation = (type: PendingOperation['type'], resourceType: string, metadata?: unknown): PendingOperation => ({
  type,
  resource: { urn: `${type} ${resourceType}`, type: resourceType, inputs: { metadata } },
});

test('does again what is safe to do again, looks for what can be found, and asks about creates that nobody could find', () => {
  const repeatable = [
    operation('updating', 'aws:s3:Bucket'),
    operation('deleting', 'aws:s3:Bucket'),
    operation('creating', 'kubernetes:core/v1:ConfigMapPatch', { name: 'settings' }),
  ];
  const autonamed = { name: 'x-1a2b', namespace: 'shop', annotations: { 'pulumi.com/autonamed': 'true' } };
  const findable = [
    { operation: operation('creating', 'kubernetes:core/v1:Namespace', { name: 'shop' }), id: 'shop' },
    { operation: operation('creating', 'kubernetes:core/v1:Pod', autonamed), id: 'shop/x-1a2b' },
  ];
  const unclear = [
    operation('creating', 'aws:s3:Bucket'),
    operation('creating', 'kubernetes:core/v1:Pod', { generateName: 'x-' }),
    operation('creating', 'kubernetes:core/v1:Pod', { name: { ciphertext: 'x' } }),
    operation('creating', 'kubernetes:helm.sh/v3:Release', undefined),
  ];
  const all = [...repeatable, ...findable.map((each) => each.operation), ...unclear];
  assert.deepEqual(judgePending(all), { repeatable, findable, unclear });
});

test('what may have been made is taken for made until it was looked for, once, and what it replaces is condemned', () => {
  const create = operation('creating', 'kubernetes:core/v1:ConfigMap', { name: 'b' });
  const findable = [{ operation: create, id: 'shop/b' }];
  const old = { urn: create.resource.urn, id: 'shop/a' };
  const other = { urn: 'other', id: 'shop/other' };
  const before = { resources: [other, old], pending_operations: [create] };
  const supposed = supposeMade(before, findable);
  assert.deepEqual(supposed, {
    resources: [other, { ...old, delete: true }, { ...create.resource, id: 'shop/b' }],
    pending_operations: [create],
  });
  assert.deepEqual(supposeMade(supposed, findable), supposed);
  assert.deepEqual(withoutPending(supposed).pending_operations, []);
});
