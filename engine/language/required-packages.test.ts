import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDiskCache } from './disk-cache.ts';
import { installedSdks } from './required-packages.ts';

async function newProgram(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'mainstay-sdks-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const directory = join(root, 'program');
  const cache = openDiskCache(join(root, 'cache'));
  const write = async (path: string, content: unknown) => {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  await write('index.js', '');
  return {
    root,
    directory,
    write,
    sdk: (path: string, name: string, version: string, pulumi: object = {}) =>
      write(join(path, 'package.json'), { name, version, pulumi: { resource: true, ...pulumi } }),
    async found() {
      const sdks = await installedSdks(directory, cache);
      return sdks.map(({ name, version }) => `${name} ${version}`).sort();
    },
  };
}

test('finds the SDKs of providers in node_modules, scopes, other packages, subfolders and the store of pnpm', async (t) => {
  const program = await newProgram(t);
  await program.sdk('node_modules/@pulumi/aws', '@pulumi/aws', '7.1.0');
  await program.sdk('node_modules/plain/node_modules/@pulumi/aws', '@pulumi/aws', '6.0.0');
  await program.sdk('node_modules/other', 'other', '1.0.0', { name: 'own-name', version: '2.0.0' });
  await program.sdk('sub/node_modules/@pulumi/gcp', '@pulumi/gcp', '8.0.0');
  await program.sdk('node_modules/.pnpm/x@1/node_modules/@pulumi/tls', '@pulumi/tls', '5.0.0');
  assert.deepEqual(await program.found(), ['aws 6.0.0', 'aws 7.1.0', 'gcp 8.0.0', 'own-name 2.0.0', 'tls 5.0.0']);
});

test('leaves out what is no SDK, has no name, is broken, extends another package, or belongs to a policy pack', async (t) => {
  const program = await newProgram(t);
  await program.write('node_modules/a/package.json', { name: 'a', version: '1.0.0', pulumi: { resource: false } });
  await program.write('node_modules/b/package.json', '{"pulumi": oops');
  await program.sdk('node_modules/third-party', 'third-party', '1.0.0');
  await program.sdk('node_modules/@pulumi/more', '@pulumi/more', '1.0.0', { extensionParameterization: { name: 'm' } });
  await program.sdk('pack/node_modules/@pulumi/aws', '@pulumi/aws', '1.0.0');
  await program.write('pack/PulumiPolicy.yaml', 'runtime: nodejs\n');
  await program.sdk('.', '@pulumi/itself', '1.0.0');
  assert.deepEqual(await program.found(), []);
});

test('looks again when something was installed, taken away, changed in a linked folder, or nested deeper', async (t) => {
  const program = await newProgram(t);
  await program.sdk('node_modules/@pulumi/aws', '@pulumi/aws', '7.1.0');
  await program.write('node_modules/plain/package.json', { name: 'plain', version: '1.0.0' });
  await program.write('node_modules/.package-lock.json', '{}');
  const linked = join(program.root, 'sdks', 'mine');
  await mkdir(linked, { recursive: true });
  await symlink(linked, join(program.directory, 'node_modules/mine'));
  assert.deepEqual(await program.found(), ['aws 7.1.0']);

  await writeFile(
    join(linked, 'package.json'),
    '{ "name": "mine", "version": "1.0.0", "pulumi": { "resource": true, "name": "mine" } }',
  );
  assert.deepEqual(await program.found(), ['aws 7.1.0', 'mine 1.0.0']);

  await program.sdk('new', '@pulumi/aws', '7.2.0');
  await rm(join(program.directory, 'node_modules/@pulumi/aws'), { recursive: true });
  await rename(join(program.directory, 'new'), join(program.directory, 'node_modules/@pulumi/aws'));
  assert.deepEqual(await program.found(), ['aws 7.2.0', 'mine 1.0.0']);

  await program.sdk('node_modules/plain/node_modules/@pulumi/gcp', '@pulumi/gcp', '1.0.0');
  const later = new Date(Date.now() + 5000);
  await utimes(join(program.directory, 'node_modules/.package-lock.json'), later, later);
  assert.deepEqual(await program.found(), ['aws 7.2.0', 'gcp 1.0.0', 'mine 1.0.0']);
});

test('follows links in a circle once', async (t) => {
  const program = await newProgram(t);
  await program.sdk('node_modules/@pulumi/aws', '@pulumi/aws', '7.1.0');
  await mkdir(join(program.directory, 'node_modules/@pulumi/aws/node_modules'), { recursive: true });
  await symlink(program.directory, join(program.directory, 'node_modules/@pulumi/aws/node_modules/demo'));
  await symlink(program.directory, join(program.directory, 'again'));
  assert.deepEqual(await program.found(), ['aws 7.1.0']);
});
