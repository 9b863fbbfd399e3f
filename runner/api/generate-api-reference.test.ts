import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiReference, staleFiles } from './generate-api-reference.ts';
import { ROUTES } from './routes.ts';

test('the reference of the API is what its schemas say: node runner/api/generate-api-reference.ts', () => {
  assert.deepEqual(staleFiles(), []);
});

test('every operation is in the document with its errors, and no reference leads nowhere', () => {
  const text = apiReference()['openapi.json']!;
  const document = JSON.parse(text) as {
    paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
    components: { schemas: Record<string, unknown> };
  };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  assert.deepEqual(operations.map(({ operationId }) => operationId).sort(), Object.keys(ROUTES).sort());
  for (const { responses } of operations) assert.ok('400' in responses && '500' in responses);
  for (const [, name] of text.matchAll(/"\$ref": "#\/components\/schemas\/(\w+)"/g))
    assert.ok(name! in document.components.schemas, name);
});
