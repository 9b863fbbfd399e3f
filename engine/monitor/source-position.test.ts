import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SourcePositions, sourcePositionOf } from './source-position.ts';

it('is relative to the project and escaped as the official engine does', () => {
  const position = (uri: string, line = 3, column = 7) => sourcePositionOf('/work/project', { uri, line, column });
  assert.equal(position('file:///work/project/src/index.ts'), 'project:///src/index.ts#3,7');
  assert.equal(position('file:///work/project/a%20b/@x+y.ts', 3, 0), 'project:///a%20b/@x+y.ts#3');
  assert.equal(position('file:///work/other/x.ts'), 'project:///../other/x.ts#3,7');
  assert.equal(position('node:internal'), '');
  assert.equal(sourcePositionOf('/work/project', undefined), '');
});

it('is left out where it cannot be told', () => {
  for (const position of [{ uri: 'file:///a', line: -1 }, { uri: 'file://far/away' }, { uri: 'file:///%zz' }])
    assert.equal(sourcePositionOf('/', position), '');
});

it('is kept for every frame, after those of the call that a provider is working on', async () => {
  const positions = new SourcePositions('/work');
  const frame = (line: number) => ({ pc: { uri: 'file:///work/index.ts', line } });
  const outer = { sourcePosition: undefined, stackTrace: { frames: [frame(1), {}] } };
  const inner = { sourcePosition: undefined, stackTrace: { frames: [frame(2)] } };
  const expected = [{ sourcePosition: 'project:///index.ts#1' }, {}, { sourcePosition: 'project:///index.ts#2' }];
  let handle = '';
  await positions.during(outer, async (given) => {
    handle = given;
    assert.deepEqual(positions.of({ ...inner, parentStackTraceHandle: given }).stackTrace, expected);
  });
  assert.deepEqual(positions.of({ ...inner, parentStackTraceHandle: handle }).stackTrace, expected.slice(2));
  await positions.during({ sourcePosition: undefined, stackTrace: undefined }, async (given) =>
    assert.equal(given, ''),
  );
});
