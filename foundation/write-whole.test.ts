import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeWhole } from './write-whole.ts';

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-whole-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('makes the folder, and gives a new file its mode and one that is there the one that it has', async (t) => {
  const file = join(await newFolder(t), 'deep/er/file');
  await writeWhole(file, 'one', { mode: 0o600 });
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await chmod(file, 0o640);
  await writeWhole(file, 'two', { mode: 0o600 });
  assert.equal((await stat(file)).mode & 0o777, 0o640);
  assert.equal(await readFile(file, 'utf8'), 'two');
});

test('writes what a symbolic link leads to', async (t) => {
  const folder = await newFolder(t);
  await writeFile(join(folder, 'real'), 'old');
  await symlink('real', join(folder, 'link'));
  await writeWhole(join(folder, 'link'), 'new');
  assert.equal(await readFile(join(folder, 'real'), 'utf8'), 'new');
  assert.ok((await lstat(join(folder, 'link'))).isSymbolicLink());
});

test('leaves nothing behind where it fails', async (t) => {
  const folder = await newFolder(t);
  await mkdir(join(folder, 'taken'));
  await assert.rejects(writeWhole(join(folder, 'taken'), 'text'), { code: 'EISDIR' });
  assert.deepEqual(await readdir(folder), ['taken']);
});
