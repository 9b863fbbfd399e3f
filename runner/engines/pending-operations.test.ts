import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePending, type PendingOperation } from './pending-operations.ts';

const operation = (type: PendingOperation['type'], resourceType: string, metadata?: unknown): PendingOperation => ({
  type,
  resource: { urn: `${type} ${resourceType}`, type: resourceType, inputs: { metadata } },
});

test('does again what is safe to do again, and asks about creates that nobody could find', () => {
  const safe = [
    operation('updating', 'aws:s3:Bucket'),
    operation('deleting', 'aws:s3:Bucket'),
    operation('creating', 'kubernetes:core/v1:ConfigMap', { name: 'settings' }),
  ];
  const unclear = [
    operation('creating', 'aws:s3:Bucket'),
    operation('creating', 'kubernetes:core/v1:Pod', {
      name: 'x-1a2b',
      annotations: { 'pulumi.com/autonamed': 'true' },
    }),
    operation('creating', 'kubernetes:core/v1:Pod', { generateName: 'x-' }),
  ];
  assert.deepEqual(judgePending([...safe, ...unclear]), { repeatable: safe, unclear });
});
