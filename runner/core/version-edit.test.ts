import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
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
    ['config:\n  shop:apps: {web: {image: &x a}}\n', /as it is an anchor or a block/],
    ['config:\n  shop:apps:\n    web:\n      image: |\n        a\n', /as it is an anchor or a block/],
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
