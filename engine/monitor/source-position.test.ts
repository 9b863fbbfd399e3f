import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sourcePositionOf } from './source-position.ts';

it('is relative to the project and escaped as the official engine does', () => {
  const position = (uri: string, line = 3, column = 7) => sourcePositionOf('/work/project', { uri, line, column });
  assert.equal(position('file:///work/project/src/index.ts'), 'project:///src/index.ts#3,7');
  assert.equal(position('file:///work/project/a%20b/@x+y.ts', 3, 0), 'project:///a%20b/@x+y.ts#3');
  assert.equal(position('file:///work/other/x.ts'), 'project:///../other/x.ts#3,7');
  assert.equal(position('node:internal'), '');
  assert.equal(sourcePositionOf('/work/project', undefined), '');
});
