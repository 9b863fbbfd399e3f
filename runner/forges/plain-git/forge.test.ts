import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { git, inClone } from '../../../cli/demo-repository.ts';
import type { Forge } from '../../core/forge.ts';
import { type Git, openGit } from '../../git/git-command.ts';
import { createPlainGitForge } from './forge.ts';

let folder: string;
let origin: string;
let mirror: Git;
let forge: Forge;

/** Commits a file on a branch that starts at main, and pushes. */
function push(branch: string, name: string, text = name): Promise<string> {
  return inClone(origin, async (clone) => {
    await git(clone, 'checkout', '--quiet', '-B', branch);
    writeFileSync(join(clone, name), text);
    await git(clone, 'add', '--all');
    await git(clone, 'commit', '--quiet', '--message', name);
    await git(clone, 'push', '--quiet', '--force', 'origin', `HEAD:${branch}`);
    return git(clone, 'rev-parse', 'HEAD');
  });
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-plain-git-'));
  origin = join(folder, 'origin.git');
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', origin);
  await push('main', 'first');
  await git(folder, 'clone', '--quiet', '--mirror', origin, 'mirror.git');
  mirror = openGit(join(folder, 'mirror.git'));
  await git(join(folder, 'mirror.git'), 'config', '--unset-all', 'remote.origin.mirror');
  forge = createPlainGitForge({ url: origin, git: mirror });
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('a pushed branch is the change', async () => {
  assert.equal(await forge.openChange({ branch: 'a', title: 'A', text: '' }), 'a');
  assert.equal(forge.proposals, undefined);
  assert.equal(forge.putIssue, undefined);
});

test('merges the head that was seen onto what main is now, and no other head', async () => {
  const head = await push('a', 'a.txt');
  await push('main', 'b.txt');
  await git(join(folder, 'mirror.git'), 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
  await assert.rejects(forge.mergeChange('a', '0'.repeat(40)), { kind: 'conflict' });
  await forge.mergeChange('a', head);
  const files = await git(origin, 'ls-tree', '--name-only', 'main');
  assert.deepEqual(files.split('\n').sort(), ['a.txt', 'b.txt', 'first']);
  assert.equal(await git(origin, 'merge-base', 'main', head), head);
});

test('says the files of a conflict, and leaves main as it is', async () => {
  const head = await push('c', 'same.txt', 'one');
  await push('main', 'same.txt', 'two');
  await git(join(folder, 'mirror.git'), 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
  const main = await git(origin, 'rev-parse', 'main');
  await assert.rejects(forge.mergeChange('c', head), { kind: 'conflict', message: /conflicts with main in same\.txt/ });
  assert.equal(await git(origin, 'rev-parse', 'main'), main);
});

test('keeps the last status of each context and the last comment, as notes of the commit', async () => {
  const head = await git(origin, 'rev-parse', 'main');
  await git(join(folder, 'mirror.git'), 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
  const status = { commit: head, link: undefined };
  await Promise.all([
    forge.setStatus({ ...status, context: 'mainstay', state: 'pending', text: 'looks' }),
    forge.setStatus({ ...status, context: 'mainstay/shop/dev', state: 'success', text: '1 to create' }),
    forge.setStatus({ ...status, context: 'mainstay', state: 'success', text: 'fine' }),
    forge.putComment({ change: 'a', commit: head, text: 'first' }),
    forge.putComment({ change: 'a', commit: head, text: 'second' }),
  ]);
  const statuses = await git(origin, 'notes', '--ref', 'mainstay-status', 'show', head);
  assert.equal(statuses.trim(), 'mainstay/shop/dev: success: 1 to create\nmainstay: success: fine');
  assert.equal((await git(origin, 'notes', '--ref', 'mainstay', 'show', head)).trim(), 'second');
});
