import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Document, parse, parseAllDocuments, stringify } from 'yaml';
import { copyVersions } from './version-edit.ts';

const file = (text: string, name = 'a.yaml') => ({ file: name, text });
const from = (value: unknown) => file(stringify({ config: { 'shop:apps': { web: { image: value } } } }), 'from.yaml');
const PATH = 'shop:apps.web.image';

const TO = `# What customers use.
config:
  shop:apps:
    web: { image: web:1, replicas: 3 } # never fewer
    worker:
      image:   "worker:1"   # by hand


  shop:zones: [ a,  b ]
`;

test('changes the letters of the value and nothing else', () => {
  const { text, changes } = copyVersions([PATH], { from: from('registry.example/web@sha256:0a1b'), to: file(TO) });
  assert.equal(text, TO.replace('web:1', 'registry.example/web@sha256:0a1b'));
  assert.deepEqual(changes, [{ path: PATH, before: 'web:1', after: 'registry.example/web@sha256:0a1b' }]);
  const both = `config:\n  shop:apps:\n    web: {image: web:2}\n    worker: {image: 'worker:2'}\n`;
  const two = copyVersions([PATH, 'shop:apps.worker.image'], { from: file(both), to: file(TO) });
  assert.equal(two.text, TO.replace('web:1', 'web:2').replace('worker:1', 'worker:2'));
});

test('does nothing where the version is there already', () => {
  assert.deepEqual(copyVersions([PATH], { from: from('web:1'), to: file(TO) }), { text: TO, changes: [] });
});

test('writes any value so that it is read back as it was, whatever stood there', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom('1.30', 'true', '0x1f', '1e3', 'a: b', 'a #b', '- x', 'null', '~', '@x', "it's", '2026-01-01', ''),
  );
  const place = fc.constantFrom('x', "'x y'", '"x"', '1.2', 'true');
  fc.assert(
    fc.property(value, place, fc.boolean(), (wanted, old, flow) => {
      const text = flow
        ? `config: { shop:apps: { web: { image: ${old}, b: 2 } } } # c\n`
        : `config:\n  shop:apps:\n    web:\n      image: ${old} # c\n      b: 2\n`;
      const { text: now } = copyVersions([PATH], { from: from(wanted), to: file(text) });
      const read = parse(now).config['shop:apps'].web;
      assert.deepEqual([read.image, read.b], [parse(from(wanted).text).config['shop:apps'].web.image, 2]);
      assert.match(now, / # c\n/);
    }),
    { numRuns: 500 },
  );
});

test('refuses what it cannot promote, with the place', () => {
  const cases: readonly (readonly [to: string, message: RegExp])[] = [
    ['config: [', /^a\.yaml:1:\d+ Cannot promote as a stack's file is no YAML/],
    ['config: {}\n', /^a\.yaml Cannot promote as the file has no such place below config: shop:apps\.web\.image/],
    [
      'config:\n  shop:apps: {web: {image: {secure: v1:x}}}\n',
      /^a\.yaml:2:\d+ Cannot promote shop:apps\.web\.image as it is a secret/,
    ],
    ['config:\n  shop:apps: {web: {image: [a]}}\n', /as it is no single value/],
    ['config:\n  shop:apps: {web: {image: &x a}}\n', /as it is an anchor, an alias, tagged or a block/],
    ['config:\n  a: &x a\n  shop:apps: {web: {image: *x}}\n', /^a\.yaml:3:\d+ .* as it is an anchor, an alias/],
    ['config:\n  shop:apps: {web: {image: !!str 1}}\n', /as it is an anchor, an alias, tagged or a block/],
    ['config:\n  shop:apps:\n    web:\n      image: |\n        a\n', /as it is an anchor, an alias, tagged or a block/],
    ['config:\n  shop:apps: {web: {image: .nan}}\n', /as it is no single value/],
    ['config:\n  shop:apps: {web: {image: a}}\n---\nb: 1\n', /^a\.yaml:3:\d+ .* is several YAML documents/],
    ['# caf\uFFFD\nconfig:\n  shop:apps: {web: {image: a}}\n', /is not in UTF-8/],
  ];
  for (const [to, message] of cases)
    assert.throws(() => copyVersions([PATH], { from: from('x'), to: file(to) }), { kind: 'user', message }, to);
});

test("promotes this repository's own application from dev to prod", () => {
  const [dev, prod] = ['dev', 'prod'].map((name) =>
    file(readFileSync(new URL(`../../stacks/Pulumi.${name}.yaml`, import.meta.url), 'utf8'), name),
  );
  const text = dev!.text.replace(/(image: \S+?:)[\w.]+/, '$19.9.9');
  const { text: now, changes } = copyVersions(['mainstay:applications.shop.image'], {
    from: { file: 'dev', text },
    to: prod!,
  });
  const [before, after] = [prod!.text.split('\n'), now.split('\n')];
  assert.equal(before.filter((line, index) => line !== after[index]).length, 1);
  assert.deepEqual([before.length, changes.length], [after.length, 1]);
});

test('reads a version through an alias, and never rounds a number', () => {
  const source = file('config:\n  shop:base: &b 12345678901234567891\n  shop:apps: {web: {image: *b}}\n', 'from.yaml');
  const { text, changes } = copyVersions([PATH], { from: source, to: file(TO) });
  assert.equal(text, TO.replace('web:1', '12345678901234567891'));
  assert.deepEqual(changes, [{ path: PATH, before: 'web:1', after: '12345678901234567891' }]);
});

/** Lines that are none of ours: comments with tabs, blocks, anchors, texts over several lines, flow in all its forms. */
const noise = fc.constantFrom<readonly string[]>(
  ['# plain', '#\ttabs\tand ünïcode 🚢', ''],
  ['  other:a: &anchor {x: 1, y: [ a,  b ]}   # flow', '  other:b: *anchor'],
  ['  other:c: |', '    image: not this', '', '    # nor this'],
  ['  other:d: >-', '     folded', '     text'],
  ['  other:e: "several', '    lines: of" # no'],
  ["  other:f: 'it''s", '', "    quoted'\t# a tab before"],
  ['  other:g: plain text', '    over two lines'],
  ['  ? other:h', '  : [', '      web,', '      image ] # odd'],
  ['  other:i:', '  - image: list', '  -   image: indented   '],
);
const old = fc.constantFrom(
  'x',
  "'it''s'",
  '"a\\tb"',
  '1.20',
  'true',
  'a plain text',
  '"two\n          lines"',
  '0x1f',
);
const wanted = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('\uFFFD')),
  fc.constantFrom<unknown>('web:2', 'y', '1.30', 7, 1.5, false, '\u0085', "o'clock"),
);
const place = fc.constantFrom<readonly [before: string, after: string]>(
  ['  shop:apps:\n    web:\n        image:   ', '   # by hand\n        b: 2'],
  ['  shop:apps: { web: {image: ', ',b: 2 } } # c'],
  ['  shop:apps: { web: { b: 2, image: ', ' }}'],
  ['  shop:apps:\n   "web":\n     b: 2\n     \'image\': ', ''],
);
const frame = fc.record({
  bom: fc.constantFrom('', '\uFEFF'),
  head: fc.constantFrom('', '---\n', '# first\n%YAML 1.2\n---\n', '---  # c\n'),
  end: fc.constantFrom('\n', '\r\n'),
  last: fc.constantFrom('', '\n', '\n\n# end', '\n...\n'),
});

test('changes the bytes of the value and no others, whatever is around it', () => {
  const above = fc.uniqueArray(noise, { maxLength: 4 });
  fc.assert(
    fc.property(
      above,
      old,
      wanted,
      place,
      frame,
      fc.nat({ max: 4 }),
      (lines, was, value, [left, right], { bom, head, end, last }, cut) => {
        // A text over several lines cannot be a value of a flow map's key here, nor what begins with an anchor that comes later.
        const parts = [lines.slice(0, cut), lines.slice(cut)].map((some) =>
          some
            .flat()
            .map((line) => `${line}\n`)
            .join(''),
        );
        if (parts[1]!.includes('&anchor') === false && parts[1]!.includes('*anchor')) return;
        const ended = (text: string) => text.replaceAll('\n', end);
        const before = `${bom}${ended(`${head}config:\n${parts[0]}${left}`)}`;
        const after = ended(`${right}\n${parts[1]}`).slice(0, parts[1] === '' ? -end.length : undefined) + ended(last);
        const to = file(`${before}${ended(was)}${after}`);
        const { text, changes } = copyVersions([PATH], { from: from(value), to });
        if (changes.length === 0) return assert.equal(text, to.text);
        assert.ok(text.startsWith(before) && text.endsWith(after), text);
        const [document] = parseAllDocuments(text) as Document[];
        assert.deepEqual(document!.errors, [], text);
        const { image, b } = document!.toJS().config['shop:apps'].web;
        assert.deepEqual([image, b], [parse(from(value).text).config['shop:apps'].web.image, 2], text);
      },
    ),
    { numRuns: 500 },
  );
});
