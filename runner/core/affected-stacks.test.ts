import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findAffected } from './affected-stacks.ts';
import { parseSettings } from './settings.ts';
import { findStacks } from './stack.ts';
import { treeOf } from './tree-of-files.ts';

const FILES = {
  'Pulumi.yaml': 'name: shop\nruntime: nodejs\nmain: infra/\nstackConfigDir: stacks\n',
  'infra/index.ts': "import { a } from '../components/a';\nimport { b } from '@scope/lib';\n",
  'components/a.ts': "export { deep } from './deep/index.js';\n",
  'components/deep/index.ts': 'export const deep = 1;\n',
  'components/unused.ts': 'export const unused = 1;\n',
  'infra/chart.yaml': 'a: 1\n',
  'infra/index.test.ts': 'test\n',
  'package-lock.json': lockFile({ lib: '1', inner: '1', other: '1' }),
  'stacks/Pulumi.dev.yaml': 'config: {}\n',
  'stacks/Pulumi.prod.yaml': 'config: {}\n',
  'docs/readme.md': 'hello\n',
};

function lockFile(versions: { readonly lib: string; readonly inner: string; readonly other: string }): string {
  return JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': {},
      'node_modules/@scope/lib': { version: versions.lib, dependencies: { inner: '*' } },
      'node_modules/@scope/lib/node_modules/inner': { version: versions.inner },
      'node_modules/other': { version: versions.other },
    },
  });
}

const NO_SETTINGS = parseSettings('mainstay.yaml', '');

async function reasonsOf(
  change: Readonly<Record<string, string | undefined>>,
  settings = NO_SETTINGS,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const after = Object.fromEntries(
    Object.entries({ ...FILES, ...change }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const upstreams = new Map([['shop/prod', ['shop/dev']]]);
  const { affected } = await findAffected(treeOf(FILES), treeOf(after), {
    settings,
    upstreams: settings === NO_SETTINGS ? new Map() : upstreams,
  });
  return Object.fromEntries(affected.map(({ stack, reasons }) => [stack.id, reasons.map(({ text }) => text)]));
}

const both = (text: string) => ({ 'shop/dev': [text], 'shop/prod': [text] });

test('names the real reason of each stack', async () => {
  const cases: readonly (readonly [
    change: Readonly<Record<string, string | undefined>>,
    expected: Readonly<Record<string, readonly string[]>>,
  ])[] = [
    [{}, {}],
    [{ 'stacks/Pulumi.dev.yaml': 'config: {a: 1}\n' }, { 'shop/dev': ['stacks/Pulumi.dev.yaml'] }],
    [
      { 'components/deep/index.ts': 'export const deep = 2;\n' },
      both('infra/index.ts → components/a.ts → components/deep/index.ts'),
    ],
    [{ 'components/unused.ts': 'changed' }, {}],
    [{ 'infra/index.test.ts': 'changed' }, {}],
    [{ 'docs/readme.md': 'changed' }, {}],
    [{ 'stacks/mainstay.yaml': 'environments: []\n' }, {}],
    [{ 'infra/chart.yaml': 'a: 2\n' }, both("infra/chart.yaml (in the program's folder)")],
    [{ 'Pulumi.yaml': `${FILES['Pulumi.yaml']}description: x\n` }, both('Pulumi.yaml')],
    [{ 'package-lock.json': lockFile({ lib: '1', inner: '2', other: '1' }) }, both('package-lock.json: inner')],
    [{ 'package-lock.json': lockFile({ lib: '1', inner: '1', other: '2' }) }, {}],
    [{ 'stacks/Pulumi.new.yaml': 'config: {}\n' }, { 'shop/new': ['stacks/Pulumi.new.yaml is new'] }],
  ];
  for (const [change, expected] of cases) assert.deepEqual(await reasonsOf(change), expected, JSON.stringify(change));
});

test('counts a file that the program does not import any more', async () => {
  const change = { 'infra/index.ts': '', 'components/a.ts': undefined };
  assert.deepEqual(await reasonsOf(change), {
    'shop/dev': ['infra/index.ts → components/a.ts (before)', 'infra/index.ts'],
    'shop/prod': ['infra/index.ts → components/a.ts (before)', 'infra/index.ts'],
  });
});

test('affects who reads the outputs of an affected stack, and who watches a changed file', async () => {
  const settings = parseSettings('mainstay.yaml', 'stacks:\n  dev:\n    watches: [docs/**]\n');
  assert.deepEqual(await reasonsOf({ 'docs/readme.md': 'changed' }, settings), {
    'shop/dev': ['docs/readme.md (watched)'],
    'shop/prod': ['shop/dev (upstream)'],
  });
});

test('looks only after stacks that the environments name', async () => {
  const settings = parseSettings('mainstay.yaml', 'environments:\n  - name: dev\n    stacks: [dev]\n');
  assert.deepEqual(Object.keys(await reasonsOf({ 'infra/index.ts': '' }, settings)), ['shop/dev']);
});

test('finds no reason without a change, and the same stacks in whatever order the files come', async () => {
  const paths = Object.keys(FILES) as (keyof typeof FILES)[];
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(paths),
      fc.shuffledSubarray(paths, { minLength: paths.length }),
      async (changed, order) => {
        const after = Object.fromEntries(
          order.map((path) => [
            path,
            changed.includes(path) && path !== 'Pulumi.yaml' && path !== 'package-lock.json'
              ? `${FILES[path]}\n`
              : FILES[path],
          ]),
        );
        const options = { settings: NO_SETTINGS, upstreams: new Map() };
        const shuffled = await findAffected(treeOf(FILES), treeOf(after), options);
        const sorted = await findAffected(
          treeOf(FILES),
          treeOf(Object.fromEntries(Object.entries(after).sort())),
          options,
        );
        assert.deepEqual(shuffled.affected, sorted.affected);
        assert.equal(shuffled.affected.length + shuffled.untouched.length, 2);
        const code = changed.some((path) =>
          ['infra/index.ts', 'components/a.ts', 'components/deep/index.ts', 'infra/chart.yaml'].includes(path),
        );
        const own = changed.filter((path) => path.startsWith('stacks/')).length;
        assert.equal(shuffled.affected.length, code ? 2 : own);
      },
    ),
  );
});

test('counts data beside a program whose stacks are in the same folder, and not what is for Pulumi and for us', async () => {
  const files = {
    'app/Pulumi.yml': 'name: app\nruntime: nodejs\n',
    'app/Pulumi.dev.yml': 'config: {}\n',
    'app/Pulumi.prod.yml': 'config: {}\n',
    'app/index.ts': '',
    'app/values.yaml': 'a: 1\n',
  };
  const executable = { ...treeOf(files), modes: new Map([['app/values.yaml', '100755']]) };
  const { affected: byMode } = await findAffected(treeOf(files), executable, {
    settings: NO_SETTINGS,
    upstreams: new Map(),
  });
  assert.deepEqual(
    byMode.map(({ stack }) => stack.id),
    ['app/dev', 'app/prod'],
  );
  const affectedBy = async (path: string) => {
    const after = treeOf({ ...files, [path]: 'config: {a: 2}\n' });
    const { affected } = await findAffected(treeOf(files), after, { settings: NO_SETTINGS, upstreams: new Map() });
    return affected.map(({ stack }) => stack.id);
  };
  for (const path of ['app/values.yaml', 'app/logo.png', 'app/charts/web/Chart.yaml'])
    assert.deepEqual(await affectedBy(path), ['app/dev', 'app/prod'], path);
  assert.deepEqual(await affectedBy('app/Pulumi.dev.yml'), ['app/dev']);
  assert.deepEqual(await affectedBy('app/README.md'), []);
});

test("refuses a stack's file that Pulumi would not read", async () => {
  const files = { 'Pulumi.yaml': 'name: app\nruntime: nodejs\n', 'Pulumi.dev.yml': 'config: {}\n', 'index.ts': '' };
  await assert.rejects(
    findStacks(treeOf(files)),
    /Pulumi\.dev\.yml:? Cannot read the project as Pulumi looks for Pulumi\.dev\.yaml, which ends as Pulumi\.yaml does: rename it/,
  );
});

test('counts what a symbolic link in the program leads to, as a file, a folder and by another link', async () => {
  const files = {
    'app/Pulumi.yaml': 'name: app\nruntime: nodejs\n',
    'app/Pulumi.dev.yaml': 'config: {}\n',
    'app/index.ts': "export * from './lib';",
    'app/lib.ts': '../shared/lib.ts',
    'app/values.json': '../links/values',
    'app/charts': '../charts',
    'app/out': '/etc',
    'links/values': '../shared/values.json',
    'shared/lib.ts': '',
    'shared/values.json': '{}',
    'charts/web/Chart.yaml': 'a: 1\n',
    'charts.md': '',
  };
  const links = ['app/lib.ts', 'app/values.json', 'app/charts', 'app/out', 'links/values'];
  const reasonsFor = async (path: string) => {
    const [before, after] = [treeOf(files), treeOf({ ...files, [path]: 'other' })];
    const options = { settings: NO_SETTINGS, upstreams: new Map() };
    const { affected } = await findAffected({ ...before, links }, { ...after, links }, options);
    return affected.flatMap(({ reasons }) => reasons.map(({ text }) => text));
  };
  assert.deepEqual(await reasonsFor('shared/lib.ts'), ['app/index.ts → app/lib.ts']);
  assert.deepEqual(await reasonsFor('shared/values.json'), ["app/values.json (in the program's folder)"]);
  assert.deepEqual(await reasonsFor('charts/web/Chart.yaml'), ["app/charts (in the program's folder)"]);
  for (const path of ['charts.md', 'shared/other.json', 'etc']) assert.deepEqual(await reasonsFor(path), [], path);
});
