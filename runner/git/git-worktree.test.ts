import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { BlobReader } from './blob-reader.ts';
import type { GitTree } from './git-tree.ts';
import { writeWorktree } from './git-worktree.ts';

test('a checkout that cannot be written says why, and leaves nothing, when nothing of it is written any more', async (t) => {
  const mirror = mkdtempSync(join(tmpdir(), 'mainstay-worktree-'));
  t.after(() => rmSync(mirror, { recursive: true, force: true }));
  const tooLong = `deep/${'n'.repeat(300)}`;
  const names = [tooLong, ...Array.from({ length: 20 }, (_, index) => `deep/file-${index}`)];
  let read = 0;
  // The bad one comes first, and the others while it is being given up.
  const blobs = {
    readBytes: async (hash: string) => {
      if (hash !== tooLong) await delay(20);
      read += 1;
      return Buffer.alloc(100_000, 1);
    },
  } as unknown as BlobReader;
  const tree = {
    commit: 'a'.repeat(40),
    files: new Map(names.map((name) => [name, name])),
    modes: new Map(),
  } as unknown as GitTree;
  const folder = join(mirror, 'checkout');
  await assert.rejects(writeWorktree({ mirror, blobs }, tree, folder), { code: 'ENAMETOOLONG' });
  assert.equal(read, names.length);
  assert.equal(existsSync(folder), false);
  await delay(50);
  assert.deepEqual(readdirSync(mirror), []);
});
