import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAffected } from './affected-stacks.ts';
import { parseSettings } from './settings.ts';
import { treeOf } from './tree-of-files.ts';

const json = (value: unknown) => JSON.stringify(value);

function lockFile(versions: { readonly deep: string; readonly own: string; readonly other: string }): string {
  return json({
    lockfileVersion: 3,
    packages: {
      '': { workspaces: ['packages/*'] },
      'node_modules/@acme/net': { resolved: 'packages/net', link: true },
      'node_modules/@acme/web': { resolved: 'packages/web', link: true },
      'node_modules/deep': { version: versions.deep },
      'node_modules/other': { version: versions.other },
      'packages/net': { name: '@acme/net', dependencies: { deep: '*' } },
      'packages/web': { name: '@acme/web', dependencies: { deep: '*', '@acme/net': '*' } },
      'packages/web/node_modules/deep': { version: versions.own },
    },
  });
}

const FILES = {
  'package.json': json({ workspaces: ['packages/*'] }),
  'package-lock.json': lockFile({ deep: '1', own: '1', other: '1' }),
  'packages/web/Pulumi.yaml': 'name: web\nruntime: nodejs\n',
  'packages/web/Pulumi.dev.yaml': 'config: {}\n',
  'packages/web/package.json': json({ name: '@acme/web', dependencies: { '@acme/net': '*', deep: '*' } }),
  'packages/web/index.ts':
    "import { a } from '@acme/net';\nimport { b } from '@acme/net/rules/b';\nimport d from 'deep';\n",
  'packages/dns/Pulumi.yaml': 'name: dns\nruntime: { name: nodejs, options: { tsconfig: other.json } }\n',
  'packages/dns/Pulumi.dev.yaml': 'config: {}\n',
  'packages/dns/package.json': json({ name: '@acme/dns', imports: { '#own/*': './lib/*.ts' } }),
  'packages/dns/other.json': '{ // where things are\n "extends": "../../base", }',
  'packages/dns/index.ts':
    "import { built } from '@acme/built';\nimport { own } from '#own/own';\nimport { m } from '@shared/m';\n",
  'packages/dns/lib/own.ts': '',
  'base.json': json({ compilerOptions: { paths: { '@shared/*': ['./shared/*'] } } }),
  'shared/m.ts': '',
  'packages/net/package.json': json({
    name: '@acme/net',
    exports: { '.': { types: './src/types.ts', default: './src/index.ts' }, './rules/*': './src/rules/*.ts' },
  }),
  'packages/net/src/index.ts': "import d from 'deep';\n",
  'packages/net/src/types.ts': '',
  'packages/net/src/rules/b.ts': '',
  'packages/net/src/unused.ts': '',
  'packages/net/zones.json': '{}',
  'packages/built/package.json': json({ name: '@acme/built', main: 'dist/index.js', types: 'dist/index.d.ts' }),
  'packages/built/src/index.ts': '',
  'packages/built/src/index.test.ts': '',
};

async function reasonsOf(
  change: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const options = { settings: parseSettings('mainstay.yaml', ''), upstreams: new Map<string, readonly string[]>() };
  const { affected } = await findAffected(treeOf(FILES), treeOf({ ...FILES, ...change }), options);
  return Object.fromEntries(affected.map(({ stack, reasons }) => [stack.id, reasons.map(({ text }) => text)]));
}

const web = (text: string) => ({ 'web/dev': [text] });
const dns = (text: string) => ({ 'dns/dev': [text] });
const changed = '// changed\n';

const CASES: readonly (readonly [
  title: string,
  change: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, readonly string[]>>,
])[] = [
  [
    'the entry of a workspace package',
    { 'packages/net/src/index.ts': `${FILES['packages/net/src/index.ts']}${changed}` },
    web('packages/web/index.ts → packages/net/src/index.ts'),
  ],
  [
    'the types of its entry',
    { 'packages/net/src/types.ts': changed },
    web('packages/web/index.ts → packages/net/src/types.ts'),
  ],
  [
    'what a pattern of exports means',
    { 'packages/net/src/rules/b.ts': changed },
    web('packages/web/index.ts → packages/net/src/rules/b.ts'),
  ],
  ['what nothing imports', { 'packages/net/src/unused.ts': changed }, {}],
  [
    'data of an imported package',
    { 'packages/net/zones.json': '[]' },
    web('packages/net/zones.json (in a package that it imports)'),
  ],
  [
    'the sources of a package that is built first',
    { 'packages/built/src/index.ts': changed },
    dns('packages/dns/index.ts → packages/built/src/index.ts'),
  ],
  ['the tests of such a package', { 'packages/built/src/index.test.ts': changed }, {}],
  ['a name of its own', { 'packages/dns/lib/own.ts': changed }, dns('packages/dns/index.ts → packages/dns/lib/own.ts')],
  ['a path of the tsconfig', { 'shared/m.ts': changed }, dns('packages/dns/index.ts → shared/m.ts')],
  ['the tsconfig that another one extends', { 'base.json': '{}' }, dns('base.json')],
  [
    'what a manifest has loaded',
    { 'packages/built/package.json': json({ name: '@acme/built', main: 'src/index.ts' }) },
    dns('packages/built/package.json (what it has loaded)'),
  ],
  [
    'the version of a manifest',
    { 'packages/built/package.json': json({ ...JSON.parse(FILES['packages/built/package.json']), version: '2' }) },
    {},
  ],
  [
    'what a workspace package needs',
    { 'package-lock.json': lockFile({ deep: '2', own: '1', other: '1' }) },
    web('package-lock.json: deep'),
  ],
  [
    'what the program itself has of it',
    { 'package-lock.json': lockFile({ deep: '1', own: '2', other: '1' }) },
    web('package-lock.json: deep'),
  ],
  ['what nobody needs', { 'package-lock.json': lockFile({ deep: '1', own: '1', other: '2' }) }, {}],
];

for (const [title, change, expected] of CASES)
  test(`in workspaces, ${title} affects ${Object.keys(expected).join(' and ') || 'nothing'}`, async () =>
    assert.deepEqual(await reasonsOf(change), expected));

test('a lock file counts for what is nearest to it', async () => {
  const own = (version: string) => json({ lockfileVersion: 3, packages: { 'node_modules/deep': { version } } });
  const near = { ...FILES, 'packages/web/package-lock.json': own('1') };
  const options = { settings: parseSettings('mainstay.yaml', ''), upstreams: new Map<string, readonly string[]>() };
  const reasons = async (change: Readonly<Record<string, string>>) => {
    const { affected } = await findAffected(treeOf(near), treeOf({ ...near, ...change }), options);
    return affected.flatMap((each) => each.reasons.map(({ text }) => text));
  };
  assert.deepEqual(await reasons({ 'packages/web/package-lock.json': own('2') }), [
    'packages/web/package-lock.json: deep',
  ]);
  // What the program imports from a workspace package is installed by the root's.
  assert.deepEqual(await reasons({ 'package-lock.json': lockFile({ deep: '2', own: '1', other: '1' }) }), [
    'package-lock.json: deep',
  ]);
});
