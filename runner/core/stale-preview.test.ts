import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStale } from './stale-preview.ts';
import { treeOf } from './tree-of-files.ts';

const project = (name: string) => ({
  [`${name}/Pulumi.yaml`]: `name: ${name}\nruntime: nodejs\n`,
  [`${name}/Pulumi.dev.yaml`]: 'config: {}\n',
  [`${name}/index.ts`]: "import {} from '../lib/shared';\n",
});
const FILES = {
  ...project('net'),
  ...project('shop'),
  ...project('docs'),
  'docs/index.ts': '',
  'lib/shared.ts': '',
  'mainstay.yaml': 'freezes: []\n',
};

/** A change to the shop, previewed on `FILES`; then the base branch gets `moved`. */
function judge(moved: Readonly<Record<string, string>>, upstreams = new Map<string, readonly string[]>()) {
  const own = { 'shop/index.ts': "import {} from '../lib/shared';\nchanged\n" };
  const is = { ...FILES, ...moved };
  return isStale(
    {
      was: { base: treeOf(FILES), merge: treeOf({ ...FILES, ...own }) },
      is: { base: treeOf(is), merge: treeOf({ ...is, ...own }) },
    },
    { previewed: ['shop/dev'], upstreams },
  );
}

const VALID = {
  'another project': { 'net/index.ts': 'changed' },
  'a file that no program reads': { 'readme.txt': 'changed' },
  'a new stack of another project': { 'net/Pulumi.new.yaml': 'config: {}\n' },
  'settings that no preview reads': {
    'mainstay.yaml': 'environments:\n  - name: all\n    stacks: [shop/dev, net/dev, docs/dev]\n    soak: 1h\n',
  },
};
for (const [title, moved] of Object.entries(VALID))
  test(`a preview stays valid where the base branch gets ${title}`, async () =>
    assert.equal(await judge(moved), false));

const STALE = {
  'what its program imports': { 'lib/shared.ts': 'changed' },
  "its stack's settings": { 'shop/Pulumi.dev.yaml': 'config: {a: 1}\n' },
  'a new stack of its project': { 'shop/Pulumi.new.yaml': 'config: {}\n' },
  'the same as the change itself': { 'shop/index.ts': "import {} from '../lib/shared';\nchanged\n" },
  'other limits for previews': { 'mainstay.yaml': 'preview: { time: 1m }\n' },
  'another engine': { 'mainstay.yaml': 'stacks:\n  shop/dev:\n    engine: official\n' },
  'an order without its stack': { 'mainstay.yaml': 'environments:\n  - name: net\n    stacks: [net/dev]\n' },
};
for (const [title, moved] of Object.entries(STALE))
  test(`a preview is stale where the base branch gets ${title}`, async () => assert.equal(await judge(moved), true));

test('a preview is stale where a stack moves whose outputs its stack reads', async () => {
  const upstreams = new Map([['shop/dev', ['docs/dev']]]);
  assert.equal(await judge({ 'docs/index.ts': 'changed' }), false);
  assert.equal(await judge({ 'docs/index.ts': 'changed' }, upstreams), true);
});
