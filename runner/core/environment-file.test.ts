import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { environmentFile } from './environment-file.ts';

const TEMPLATE = `# The settings of dev.
encryptionsalt: v1:abc
config:
  shop:host: dev.example.org # where it is
  shop:app: { replicas: 2, image: shop:1, secret: { secure: v1:one } }
  shop:list: [1, 2]
  shop:secret:
    secure: v1:two
`;
const made = (config: Readonly<Record<string, unknown>>, text = TEMPLATE) =>
  environmentFile({ file: 'Pulumi.dev.yaml', text }, config);

test('merges objects, replaces everything else, and leaves the rest as it is written', () => {
  const text = made({ 'shop:host': '12.example.org', 'shop:app': { replicas: 1, secret: 'plain' }, 'shop:list': [3] });
  assert.deepEqual(parse(text), {
    encryptionsalt: 'v1:abc',
    config: {
      'shop:host': '12.example.org',
      'shop:app': { replicas: 1, image: 'shop:1', secret: 'plain' },
      'shop:list': [3],
      'shop:secret': { secure: 'v1:two' },
    },
  });
  assert.match(text, /^# The settings of dev\.\nencryptionsalt: v1:abc\n/);
});

test('a secret is replaced as a whole, by a secret or by an object', () => {
  const { config } = parse(made({ 'shop:secret': { secure: 'v1:three' }, 'shop:app': { secret: { a: 1 } } }));
  assert.deepEqual(config['shop:secret'], { secure: 'v1:three' });
  assert.deepEqual(config['shop:app'].secret, { a: 1 });
});

test('a file without settings gets some', () => {
  for (const text of ['', '# nothing\n', 'config:\n', '{}\n'])
    assert.deepEqual(parse(made({ 'shop:host': 'x' }, text)), { config: { 'shop:host': 'x' } }, JSON.stringify(text));
});

test('says what is wrong with a file that holds no settings', () => {
  assert.throws(() => made({}, 'a: [\n'), /Cannot make a preview environment of Pulumi\.dev\.yaml as /);
  assert.throws(() => made({}, '- 1\n'), /as it holds no settings/);
  assert.throws(() => made({}, 'config: [1]\n'), /its `config` holds no settings/);
});
