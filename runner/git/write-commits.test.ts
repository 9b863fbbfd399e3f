import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDependencyStore } from './dependency-store.ts';
import { type Git, openGit } from './git-command.ts';
import { type GitMirror, openMirror } from './git-mirror.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-write-'));
const origin = join(folder, 'origin.git');
let git: Git;
let mirror: GitMirror;
let first: string;

before(async () => {
  mkdirSync(origin);
  git = openGit(origin);
  await git.run('init', '--quiet', '--bare', '--initial-branch=main');
  const dependencies = createDependencyStore({ folder: join(folder, 'dependencies'), seeds: [] });
  mirror = await openMirror({ folder: join(folder, 'mirror.git'), url: origin, dependencies });
  const tree = (await mirror.git.run('write-tree')).trim();
  const person = { name: 'Ada', email: 'ada@shop.example', date: '1700000000 +0000' };
  const root = (await mirror.git.runAs(person, 'commit-tree', tree, '-m', 'Root')).trim();
  first = await mirror.write({ parent: root, files: { 'a.txt': lines('1'), 'b/c.txt': 'c\n' }, message: 'First' });
  await mirror.push('main', first);
  await mirror.fetch();
});

after(async () => {
  await mirror.close();
  rmSync(folder, { recursive: true, force: true });
});

const lines = (top: string, bottom = 'z') => `${top}\n${'x\n'.repeat(10)}${bottom}\n`;
const read = async (commit: string, path: string) => (await mirror.tree(commit)).read(path);

test('writes files into a commit, the same one each time, and keeps the others', async () => {
  const made = () => mirror.write({ parent: first, files: { 'b/c.txt': 'd\n', 'new.txt': 'n\n' }, message: 'More' });
  const commit = await made();
  assert.equal(await made(), commit);
  assert.deepEqual([...(await mirror.tree(commit)).files.keys()], ['a.txt', 'b/c.txt', 'new.txt']);
  assert.deepEqual([await read(commit, 'b/c.txt'), await read(commit, 'a.txt')], ['d\n', lines('1')]);
});

test('takes commits back and leaves what came after them', async () => {
  const bad = await mirror.write({ parent: first, files: { 'a.txt': lines('2'), 'bad.txt': 'b\n' }, message: 'Bad' });
  const later = await mirror.write({ parent: bad, files: { 'a.txt': lines('2', 'y') }, message: 'Later' });
  const commits = await mirror.history({ from: first, to: later, all: false });
  assert.deepEqual(
    commits.map(({ subject, authors }) => [subject, authors[0]]),
    [
      ['Later', 'Mainstay'],
      ['Bad', 'Mainstay'],
    ],
  );
  const reverted = await mirror.revert({ onto: later, commits: commits.slice(1), message: 'Revert' });
  assert.ok(reverted.kind === 'reverted');
  assert.equal(await read(reverted.commit, 'a.txt'), lines('1', 'y'));
  assert.ok(!(await mirror.tree(reverted.commit)).files.has('bad.txt'));
  const all = await mirror.revert({ onto: later, commits, message: 'Revert all' });
  assert.equal(all.kind === 'reverted' && (await read(all.commit, 'a.txt')), lines('1'));
  assert.deepEqual(await mirror.revert({ onto: reverted.commit, commits: commits.slice(1), message: 'Again' }), {
    kind: 'nothing',
  });
});

test('takes a merge back, and names the files of a conflict', async () => {
  const side = await mirror.write({ parent: first, files: { 'side.txt': 's\n' }, message: 'Side' });
  const main = await mirror.write({ parent: first, files: { 'a.txt': lines('3') }, message: 'Main' });
  const merge = await mirror.merge(main, side);
  assert.ok(merge.kind === 'merged');
  const [entry] = await mirror.history({ from: main, to: merge.commit, all: false });
  const reverted = await mirror.revert({ onto: merge.commit, commits: [entry!], message: 'Revert' });
  assert.ok(reverted.kind === 'reverted');
  assert.deepEqual([...(await mirror.tree(reverted.commit)).files.keys()], ['a.txt', 'b/c.txt']);
  const over = await mirror.write({ parent: main, files: { 'a.txt': lines('4') }, message: 'Over it' });
  const [change] = await mirror.history({ from: first, to: main, all: false });
  assert.deepEqual(await mirror.revert({ onto: over, commits: [change!], message: 'Revert' }), {
    kind: 'conflict',
    commit: main,
    files: ['a.txt'],
  });
});

test('pushes only on top of what is there', async () => {
  const one = await mirror.write({ parent: first, files: { 'one.txt': '1\n' }, message: 'One' });
  const two = await mirror.write({ parent: first, files: { 'two.txt': '2\n' }, message: 'Two' });
  await mirror.push('main', one);
  await mirror.push('main', one);
  await assert.rejects(mirror.push('main', two), { kind: 'conflict', message: /Cannot push to main as it has moved/ });
  assert.equal((await git.run('rev-parse', 'main')).trim(), one);
});
