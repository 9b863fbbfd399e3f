import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDependencyStore } from './dependency-store.ts';
import { openGit } from './git-command.ts';
import { type GitMirror, openMirror } from './git-mirror.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-mirror-'));
const origin = join(folder, 'origin');
const person = { name: 'A', email: 'a@example.org', date: '1700000000 +0000' };
let mirror: GitMirror;

before(async () => {
  mkdirSync(origin);
  const git = openGit(origin);
  await git.run('init', '--quiet', '--initial-branch=main');
  await commit({
    'a.ts': "import { b } from './b';\nexport * from '@scope/x/deep';\nconst c = require('c');\n",
    'b.ts': 'export const b = 1;\n',
  });
  mirror = await openMirror({
    folder: join(folder, 'mirror.git'),
    url: origin,
    dependencies: createDependencyStore({ folder: join(folder, 'dependencies'), seeds: [] }),
  });
});

after(async () => {
  await mirror.close();
  rmSync(folder, { recursive: true, force: true });
});

async function commit(files: Readonly<Record<string, string>>, branch = 'main'): Promise<string> {
  const git = openGit(origin);
  const known = (await git.run('branch', '--list', branch)).trim() !== '';
  if (branch !== 'main') await git.run('checkout', '--quiet', ...(known ? [branch] : ['-b', branch]));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(origin, name), text);
  await git.run('add', '--all');
  await git.runAs(person, 'commit', '--quiet', '--message', 'x');
  const id = (await git.run('rev-parse', 'HEAD')).trim();
  if (branch !== 'main') await git.run('checkout', '--quiet', 'main');
  return id;
}

const head = async (branch: string) => (await mirror.fetch()).find((each) => each.branch === branch)!.commit;

test('reads files and imports of a commit', async () => {
  const tree = await mirror.tree(await head('main'));
  assert.deepEqual([...tree.files.keys()], ['a.ts', 'b.ts']);
  assert.deepEqual(await tree.importsOf('a.ts'), ['./b', '@scope/x/deep', 'c']);
  const texts = await Promise.all(Array.from({ length: 20 }, (_, index) => tree.read(index % 2 ? 'a.ts' : 'b.ts')));
  assert.equal(texts[0], 'export const b = 1;\n');
  await assert.rejects(tree.read('none.ts'), /has none: none\.ts/);
});

test('makes the same merge commit each time, and names the files of a conflict', async () => {
  const base = await head('main');
  const change = await commit({ 'c.ts': 'export const c = 1;\n' }, 'change');
  const moved = await commit({ 'b.ts': 'export const b = 2;\n' });
  const conflicting = await (async () => {
    await openGit(origin).run('branch', 'conflicting', base);
    return commit({ 'b.ts': 'export const b = 3;\n' }, 'conflicting');
  })();
  await mirror.fetch();
  assert.deepEqual(await mirror.merge(base, change), { kind: 'merged', commit: change }, 'nothing to merge');
  const merge = await mirror.merge(moved, change);
  assert.deepEqual(await mirror.merge(moved, change), merge);
  assert.ok(merge.kind === 'merged');
  assert.deepEqual([...(await mirror.tree(merge.commit)).files.keys()], ['a.ts', 'b.ts', 'c.ts']);
  assert.deepEqual(await mirror.merge(moved, conflicting), { kind: 'conflict', files: ['b.ts'] });
  assert.equal(await mirror.contains(moved, base), true);
  assert.equal(await mirror.contains(base, moved), false);
});

test('lists what git lists, in its order, and reads again only what has changed; submodules are refused', async () => {
  const git = openGit(origin);
  for (const place of ['x/y', 'x-y', 'x.y']) mkdirSync(join(origin, place), { recursive: true });
  for (const [index, place] of ['x/y/a', 'x-y/a', 'x.y/a', 'x/b', 'xx', 'x0'].entries())
    writeFileSync(join(origin, place), String(index));
  const before = await commit({ z: '' });
  const after = await commit({ 'x/y/a': 'changed' });
  await mirror.fetch();
  for (const each of [before, after]) {
    const listing = await git.run('ls-tree', '-r', '-z', '--full-tree', each);
    const expected = listing.split('\0').flatMap((line) => {
      const found = /^\d+ blob (\w+)\t(.*)$/s.exec(line);
      return found ? [[found[2], found[1]]] : [];
    });
    assert.deepEqual([...(await mirror.tree(each)).files], expected);
  }
  await git.run('update-index', '--add', '--cacheinfo', `160000,${before},modules/other`);
  const tree = (await git.run('write-tree')).trim();
  await git.run('update-index', '--force-remove', 'modules/other');
  const withModule = (await git.runAs(person, 'commit-tree', tree, '-p', after, '-m', 'x')).trim();
  await git.run('update-ref', 'refs/heads/module', withModule);
  await mirror.fetch();
  await assert.rejects(mirror.tree(withModule), /submodules are not supported: modules\/other/);
  await git.run('update-ref', '-d', 'refs/heads/module');
  await git.run('rm', '--quiet', '-r', 'x', 'x-y', 'x.y', 'xx', 'x0', 'z');
  await commit({});
});

test('checks commits out side by side, and takes them away', async () => {
  const commitId = await head('main');
  const places = ['one', 'two', 'three'].map((name) => ({ folder: join(folder, 'work', name), program: '' }));
  const checkouts = await Promise.all(places.map((place) => mirror.checkout(commitId, place)));
  for (const checkout of checkouts) {
    assert.equal(readFileSync(join(checkout.folder, 'b.ts'), 'utf8'), 'export const b = 2;\n');
    await checkout.remove();
    assert.equal(existsSync(checkout.folder), false);
  }
});

test('checks out what git would: modes, links, folders, any bytes; and git finds it clean there', async () => {
  const git = openGit(origin);
  mkdirSync(join(origin, 'deep/er'), { recursive: true });
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
  writeFileSync(join(origin, 'deep/er/bytes'), bytes);
  writeFileSync(join(origin, 'deep-er'), '');
  writeFileSync(join(origin, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(origin, 'Größe von allem.ts'), 'export {};\n');
  writeFileSync(join(origin, '.gitignore'), 'node_modules\n');
  writeFileSync(join(origin, '.gitattributes'), '* text=auto eol=lf\n*.png binary\n');
  symlinkSync('deep/er', join(origin, 'link'));
  const commitId = await commit({ 'x.ts': 'export {};\n' });
  await mirror.fetch();
  const checkout = await mirror.checkout(commitId, { folder: join(folder, 'work', 'all'), program: '' });
  const there = openGit(checkout.folder);
  assert.equal((await there.run('rev-parse', 'HEAD')).trim(), commitId);
  assert.equal(await there.run('status', '--porcelain'), '', 'nothing is changed, nothing is missing');
  assert.deepEqual(readFileSync(join(checkout.folder, 'deep/er/bytes')), bytes);
  assert.equal(readlinkSync(join(checkout.folder, 'link')), 'deep/er');
  assert.equal(statSync(join(checkout.folder, 'run.sh')).mode & 0o111, 0o111);
  assert.equal((await mirror.fetch()).length > 0, true, 'a fetch finds whole worktrees');
  await checkout.remove();
  assert.equal((await mirror.git.run('worktree', 'list')).includes('work/all'), false);
  await git.run('rm', '--quiet', '.gitattributes');
});

test('leaves to git what it writes otherwise than it stores it', async () => {
  const commitId = await commit({ '.gitattributes': '*.bat eol=crlf\n', 'run.bat': 'echo\n' });
  await mirror.fetch();
  const checkout = await mirror.checkout(commitId, { folder: join(folder, 'work', 'crlf'), program: '' });
  assert.equal(readFileSync(join(checkout.folder, 'run.bat'), 'utf8'), 'echo\r\n');
  await checkout.remove();
});

test('writes no file through a link or outside of its folder, whatever a tree says', async () => {
  const git = openGit(origin);
  const blob = (await git.run('rev-parse', 'HEAD:a.ts')).trim();
  const hostile = async (...entries: readonly (readonly [mode: string, name: string, hash: string])[]) => {
    const bytes = entries.map(([mode, name, hash]) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(hash, 'hex')]),
    );
    writeFileSync(join(folder, 'tree'), Buffer.concat(bytes));
    const hashed = ['hash-object', '-w', '-t', 'tree', '--literally', join(folder, 'tree')];
    return (await git.run(...hashed)).trim();
  };
  const outside = join(folder, 'outside');
  mkdirSync(outside);
  writeFileSync(join(folder, 'target'), outside);
  const target = (await git.run('hash-object', '-w', join(folder, 'target'))).trim();
  const inner = await hostile(['100644', 'pwned', blob]);
  const trees = [
    await hostile(['120000', 'a', target], ['40000', 'a', inner]),
    await hostile(['40000', '..', inner]),
    await hostile(['40000', '.GIT', await hostile(['40000', 'hooks', inner])]),
  ];
  for (const [index, tree] of trees.entries()) {
    const id = (await git.runAs(person, 'commit-tree', tree, '-m', 'hostile')).trim();
    await git.run('update-ref', 'refs/heads/hostile', id);
    const place = { folder: join(folder, 'work', `hostile-${index}`), program: '' };
    await mirror.fetch().catch(() => {});
    const checkout = await mirror.checkout(id, place).catch(() => undefined);
    await checkout?.remove();
    assert.equal(existsSync(join(outside, 'pwned')), false);
    assert.equal(existsSync(join(folder, 'work', 'pwned')), false);
  }
  await git.run('update-ref', '-d', 'refs/heads/hostile');
});

test('says that an origin cannot be reached', async () => {
  const lost = await openMirror({
    folder: join(folder, 'lost.git'),
    url: join(folder, 'nowhere'),
    dependencies: createDependencyStore({ folder, seeds: [] }),
  });
  await assert.rejects(lost.fetch(), { kind: 'transient' });
  await lost.close();
});

test('starts no git any more once it is closed, whatever work goes on', async () => {
  const at = await commit({ 'late.ts': 'export {};\n' });
  const closed = await openMirror({
    folder: join(folder, 'closed.git'),
    url: origin,
    dependencies: createDependencyStore({ folder: join(folder, 'dependencies'), seeds: [] }),
  });
  await closed.fetch();
  const tree = await closed.tree(at);
  await closed.close();
  await assert.rejects(tree.read('late.ts'), /the mirror is closed/);
});
