import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { treeOf } from '../core/tree-of-files.ts';
import { createDependencyStore } from './dependency-store.ts';
import { type PackageServer, packFolder, type ServedPackage, startPackageServer } from './testing/package-server.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mainstay-dependencies-')));
const store = createDependencyStore({ folder: join(folder, 'store'), seeds: [] });
const json = (value: unknown) => JSON.stringify(value);
let server: PackageServer;
before(async () => {
  server = await startPackageServer(folder);
});
after(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The files of a commit, checked out. */
function checkedOut(name: string, files: Readonly<Record<string, string>>): string {
  const place = join(folder, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, file)), { recursive: true });
    writeFileSync(join(place, file), text);
  }
  return place;
}

const load = (place: string, file: string): unknown => createRequire(join(place, 'x.js'))(join(place, file));

const lockOf = (packages: Readonly<Record<string, unknown>>) => json({ lockfileVersion: 3, requires: true, packages });

test('installs a package without running what it would run then', async () => {
  const mark = join(folder, 'mark');
  const leaveMark = `node -e "require('fs').writeFileSync('${mark}', '')"`;
  const scripts = { preinstall: leaveMark, install: leaveMark, postinstall: leaveMark };
  const marker = await server.serve('marker', {
    'package.json': json({ name: 'marker', version: '1.0.0', scripts }),
    'index.js': 'module.exports = 1;\n',
  });
  const dependencies = { marker: marker.resolved };
  const files = {
    'infra/package.json': json({ name: 'program', version: '1.0.0', dependencies, scripts }),
    'infra/package-lock.json': lockOf({
      '': { name: 'program', version: '1.0.0', dependencies, hasInstallScript: true },
      'node_modules/marker': { ...marker, hasInstallScript: true },
    }),
    'infra/.npmrc': 'ignore-scripts=false\nforeground-scripts=true\n',
  };
  const [first, second] = [checkedOut('first', files), checkedOut('second', files)];
  assert.equal(await store.link(treeOf(files), { folder: first, program: 'infra' }), 'installed');
  assert.ok(existsSync(join(first, 'infra/node_modules/marker/index.js')), 'the package itself is there');
  assert.ok(!existsSync(mark), 'a script of the package has run');
  assert.equal(
    await store.link(treeOf(files), { folder: second, program: 'infra' }),
    'linked',
    'nothing is installed again',
  );
});

const plain = (name: string, text: string) =>
  server.serve(name, { 'package.json': json({ name, version: '1.0.0' }), 'index.js': text });

/** Two workspaces, of which each has another version of one package, and one needs the other. */
function workspaces(one: ServedPackage, other: ServedPackage): Readonly<Record<string, string>> {
  const net = { name: '@acme/net', version: '1.0.0', main: 'main.js', dependencies: { dep: one.resolved } };
  const web = { name: 'web', version: '1.0.0', dependencies: { '@acme/net': '^1.0.0', dep: other.resolved } };
  return {
    'package.json': json({ name: 'root', version: '1.0.0', workspaces: ['packages/*'] }),
    'packages/net/package.json': json(net),
    'packages/net/main.js': "module.exports = 'net with ' + require('dep');\n",
    'packages/web/package.json': json(web),
    'packages/web/main.js': "module.exports = [require('@acme/net'), 'web with ' + require('dep')].join(', ');\n",
    'package-lock.json': lockOf({
      '': { name: 'root', version: '1.0.0', workspaces: ['packages/*'] },
      'node_modules/@acme/net': { resolved: 'packages/net', link: true },
      'node_modules/web': { resolved: 'packages/web', link: true },
      'node_modules/dep': one,
      'packages/net': net,
      'packages/web': web,
      'packages/web/node_modules/dep': other,
    }),
  };
}

test('links workspaces so that their packages are the sources of each checkout, installed once', async () => {
  const [one, other] = [
    await plain('dep', "module.exports = 'one';\n"),
    await plain('dep2', "module.exports = 'other';\n"),
  ];
  const files = workspaces(one, other);
  const later = { ...files, 'packages/net/main.js': "module.exports = 'changed net with ' + require('dep');\n" };
  const [was, is] = [checkedOut('was', files), checkedOut('is', later)];
  assert.equal(await store.link(treeOf(files), { folder: was, program: 'packages/web' }), 'installed');
  const asked = server.asked.length;
  assert.equal(await store.link(treeOf(later), { folder: is, program: 'packages/net' }), 'linked');
  assert.equal(server.asked.length, asked, 'nothing is installed again');
  assert.equal(load(was, 'packages/web/main.js'), 'net with one, web with other');
  assert.equal(load(is, 'packages/web/main.js'), 'changed net with one, web with other');
  const installed = realpathSync(join(is, 'node_modules/dep'));
  assert.ok(installed.startsWith(join(folder, 'store')), 'what is of a registry is not copied');
  assert.ok(!existsSync(join(dirname(installed), '@acme/net')), 'the store has no sources of the repository');
});

test('takes folders and packed packages of the repository beside the program, whatever folder the lock file is in', async () => {
  const dep = await plain('dep3', "module.exports = 'dep';\n");
  const packed = await packFolder(join(folder, 'packed'), {
    'package.json': json({ name: 'packed', version: '1.0.0' }),
    'index.js': "module.exports = 'packed';\n",
  });
  const local = { name: 'local', version: '1.0.0', main: 'index.js', dependencies: { dep: dep.resolved } };
  const program = {
    name: 'program',
    version: '1.0.0',
    dependencies: { local: 'file:../../libs/local', packed: 'file:../../vendor/packed.tgz' },
  };
  const files = {
    'apps/shop/package.json': json(program),
    'apps/shop/index.js': "// from 'local'\nmodule.exports = [require('local'), require('packed')].join(', ');\n",
    'libs/local/package.json': json(local),
    // npm installs nothing for a folder outside: that has a lock file of its own.
    'libs/local/package-lock.json': lockOf({ '': local, 'node_modules/dep': dep }),
    'libs/local/index.js': "module.exports = 'local with ' + require('dep');\n",
    'vendor/packed.tgz': packed.toString('latin1'),
    'apps/shop/package-lock.json': lockOf({
      '': program,
      '../../libs/local': local,
      'node_modules/local': { resolved: '../../libs/local', link: true },
      'node_modules/packed': { version: '1.0.0', resolved: 'file:../../vendor/packed.tgz' },
    }),
  };
  const place = checkedOut('below', files);
  writeFileSync(join(place, 'vendor/packed.tgz'), packed);
  assert.equal(await store.link(treeOf(files), { folder: place, program: 'apps/shop' }), 'installed');
  assert.equal(load(place, 'apps/shop/index.js'), 'local with dep, packed');
});

test('links every lock file that what a program imports is installed by', async () => {
  const [own, shared] = [
    await plain('own', "module.exports = 'own';\n"),
    await plain('shared', "module.exports = 'shared';\n"),
  ];
  const lone = (name: string, served: ServedPackage) => ({
    'package.json': json({ name: 'lone', version: '1.0.0', dependencies: { [name]: served.resolved } }),
    'package-lock.json': lockOf({
      '': { name: 'lone', version: '1.0.0', dependencies: { [name]: served.resolved } },
      [`node_modules/${name}`]: served,
    }),
  });
  const at = (place: string, files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${place}/${name}`, text]));
  const files = {
    ...at('one', {
      ...lone('own', own),
      'index.js': "// from '../two/part'\nmodule.exports = [require('own'), require('../two/part')];\n",
    }),
    ...at('two', { ...lone('shared', shared), 'part.js': "module.exports = require('shared');\n" }),
    ...at('three', lone('shared', shared)),
  };
  const place = checkedOut('several', files);
  await store.link(treeOf(files), { folder: place, program: 'one' });
  assert.deepEqual(load(place, 'one/index.js'), ['own', 'shared']);
  assert.ok(!existsSync(join(place, 'three/node_modules')), 'what it does not import costs nothing');
});

test('lets the registry of a repository be its own choice, and gives it no variable', async () => {
  const dep = await plain('dep4', "module.exports = 'dep';\n");
  const { resolved: _left, ...chosen } = dep;
  const files = {
    'package.json': json({ name: 'program', version: '1.0.0', dependencies: { dep4: '1.0.0' } }),
    'package-lock.json': lockOf({
      '': { name: 'program', version: '1.0.0', dependencies: { dep4: '1.0.0' } },
      'node_modules/dep4': { ...chosen, resolved: dep.resolved },
    }),
    '.npmrc': `registry=${server.url}/\n//${new URL(server.url).host}/:_authToken=\${HOME}\ngit=./evil\ncache=./here\n`,
  };
  const place = checkedOut('registry', files);
  assert.equal(await store.link(treeOf(files), { folder: place, program: '' }), 'installed');
  const { authorization } = server.asked.findLast(({ path }) => path === '/dep4.tgz')!;
  assert.equal(authorization, undefined, 'a variable was sent');
  const [made] = readdirSync(join(folder, 'store')).filter((name) =>
    existsSync(join(folder, 'store', name, 'node_modules/dep4')),
  );
  assert.ok(!existsSync(join(folder, 'store', made!, 'here')), 'npm wrote where the repository says');
  assert.ok(!existsSync(join(folder, 'store', made!, '.npmrc')), 'what may be a credential is left');
  const asking = { ...files, '.npmrc': `registry=http://registry.invalid/\${SECRET}\n` };
  await assert.rejects(
    store.link(treeOf(asking), { folder: place, program: '' }),
    /\.npmrc:1.*sees no variables here: registry/s,
  );
});

const manifest = json({ name: 'a', version: '1.0.0', dependencies: { b: '*' } });
const REFUSED: readonly (readonly [title: string, files: Readonly<Record<string, string>>, message: RegExp])[] = [
  [
    'no lock file',
    { 'infra/package.json': manifest },
    /infra\/package\.json.*no package-lock\.json.*npm install --package-lock-only/s,
  ],
  [
    'the lock file of yarn',
    { 'infra/package.json': manifest, 'yarn.lock': '' },
    /only npm's package-lock\.json is supported: yarn\.lock/,
  ],
  [
    'the lock file of pnpm, nearer than one of npm',
    { 'infra/pnpm-lock.yaml': '', 'package-lock.json': lockOf({}) },
    /supported: infra\/pnpm-lock\.yaml/,
  ],
  ['a lock file that is none', { 'package-lock.json': '{' }, /is no JSON: package-lock\.json/],
  ['the lock file of npm 6', { 'package-lock.json': '{"lockfileVersion": 1}' }, /npm 6 or before/],
  [
    'a link out of the repository',
    { 'package-lock.json': lockOf({ 'node_modules/b': { link: true, resolved: '../b' } }) },
    /outside of the repository: \.\.\/b/,
  ],
  ['a folder by way of others', { 'package-lock.json': lockOf({ 'a/../../b': {} }) }, /outside of the repository/],
  [
    'an absolute place',
    { 'package-lock.json': lockOf({ 'node_modules/b': { resolved: 'file:/etc/b.tgz' } }) },
    /outside of the repository: \/etc\/b\.tgz/,
  ],
  [
    'a repository of this machine',
    { 'package-lock.json': lockOf({ 'node_modules/b': { resolved: 'git+file:///root/b' } }) },
    /Git repository on the runner's machine/,
  ],
  [
    'a workspace that is gone',
    { 'package-lock.json': lockOf({ 'packages/b': {} }) },
    /not in the repository: packages\/b/,
  ],
  [
    'a copied folder',
    { 'package-lock.json': lockOf({ 'node_modules/b': { resolved: 'file:b' } }), 'b/package.json': '{}' },
    /install-links/,
  ],
  [
    'a package of a registry that needs one of the repository',
    {
      'b/package.json': '{}',
      'package-lock.json': lockOf({
        'node_modules/b': { link: true, resolved: 'b' },
        'node_modules/c': { version: '1.0.0', dependencies: { b: '*' } },
        b: {},
      }),
    },
    /c needs a package of the repository: b/,
  ],
  [
    'what npm refuses',
    { 'package.json': manifest, 'package-lock.json': lockOf({ '': {} }) },
    /package-lock\.json as npm says: .*in sync/s,
  ],
];

for (const [title, files, message] of REFUSED)
  test(`refuses ${title} with one clear error`, async () => {
    const place = checkedOut(`refused ${title.replaceAll(/\W/g, '-')}`, files);
    await assert.rejects(store.link(treeOf(files), { folder: place, program: 'infra' }), message);
    const left = readdirSync(join(folder, 'store')).filter((name) => name.endsWith('.new'));
    assert.deepEqual(left, [], 'half an installation is left');
  });

test('links nothing over what the repository has there', async () => {
  const files = { 'package-lock.json': lockOf({ '': {} }), 'package.json': '{}', 'node_modules/a/index.js': '' };
  const place = checkedOut('committed', files);
  await assert.rejects(
    store.link(treeOf(files), { folder: place, program: '' }),
    /has files where they belong: node_modules\/a/,
  );
  assert.equal(readFileSync(join(place, 'node_modules/a/index.js'), 'utf8'), '');
  const vendored = { 'package.json': manifest, 'node_modules/b/index.js': '' };
  assert.equal(await store.link(treeOf(vendored), { folder: checkedOut('vendored', vendored), program: '' }), 'none');
});
