import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, parseDocument } from 'yaml';
import { keepLayout } from './keep-layout.ts';

const TEXT = `# The stack.
config:
    app:zones: [a,   b]   # both
    app:list:
    - one
    -   two

    app:image: "shop:1"
    app:map: {x: 1, y: 2}
`;

function edit(text: string, change: (document: ReturnType<typeof parseDocument>) => void): string {
  const document = parseDocument(text);
  change(document);
  return keepLayout(text, document);
}

test('changes the one line that is about the value', () => {
  const edited = edit(TEXT, (document) => document.setIn(['config', 'app:image'], 'shop:2'));
  assert.equal(edited, TEXT.replace('shop:1', 'shop:2'));
});

test('adds and removes lines, and leaves the others as they were written', () => {
  const added = edit(TEXT, (document) => document.setIn(['config', 'app:new'], 'x'));
  assert.deepEqual(
    added
      .split('\n')
      .filter((line) => !TEXT.split('\n').includes(line))
      .map((line) => line.trim()),
    ['app:new: x'],
  );
  const removed = edit(TEXT, (document) => document.deleteIn(['config', 'app:image']));
  assert.equal(removed, TEXT.replace('\n    app:image: "shop:1"\n', ''));
});

test('means the same as the edited document, whatever its layout and the change', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const value = fc.oneof(
    fc.constantFrom('x', 'y: z', '- 1', ''),
    fc.integer(),
    fc.array(fc.integer(), { maxLength: 3 }),
  );
  const layout = fc.record({
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    flowCollectionPadding: fc.boolean(),
    collectionStyle: fc.constantFrom('any', 'block', 'flow'),
  } as const);
  fc.assert(
    fc.property(fc.dictionary(key, fc.dictionary(key, value)), layout, key, value, (content, style, name, changed) => {
      const text = parseDocument(JSON.stringify({ config: content })).toString(style);
      const path = ['config', name];
      const wanted = parseDocument(text);
      wanted.setIn(path, changed);
      const edited = edit(text, (document) => document.setIn(path, changed));
      assert.deepEqual(parse(edited), wanted.toJS());
    }),
  );
});
