import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { BlobReader } from './blob-reader.ts';
import { createDependencyStore } from './dependency-store.ts';
import { type GitMirror, openMirror } from './git-mirror.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-hostile-'));
const origin = join(folder, 'origin');
let mirror: GitMirror;
before(async () => {
  mkdirSync(origin);
  await git(origin, 'init', '--quiet');
  const dependencies = createDependencyStore({ folder: join(folder, 'dependencies'), seeds: [] });
  mirror = await openMirror({ folder: join(folder, 'mirror.git'), url: origin, dependencies });
});
after(async () => {
  await mirror?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A commit with links, by path to what they lead to. */
async function linked(links: Readonly<Record<string, string>>): Promise<string> {
  await git(origin, 'checkout', '--quiet', '--orphan', `b${Math.random()}`);
  await git(origin, 'rm', '-rq', '--cached', '--ignore-unmatch', '.');
  await git(origin, 'clean', '-fdxq');
  for (const [path, target] of Object.entries({ 'real/file': '', ...links })) {
    mkdirSync(join(origin, dirname(path)), { recursive: true });
    if (target === '') writeFileSync(join(origin, path), 'text');
    else symlinkSync(target, join(origin, path));
  }
  await git(origin, 'add', '--all');
  await git(origin, 'commit', '--quiet', '--message', 'x');
  await mirror.fetch();
  return git(origin, 'rev-parse', 'HEAD');
}

const checkOut = async (commit: string) =>
  (await mirror.checkout(commit, { folder: join(folder, 'work'), program: '' })).remove();

test('links within a repository are checked out', async () => {
  await checkOut(await linked({ 'a/b': '../real/file', c: 'real', 'a/d': 'b' }));
});

const OUT: readonly Readonly<Record<string, string>>[] = [
  { a: '/etc/passwd' },
  { a: '../outside' },
  { 'a/b': '../../outside' },
  // Each seems to be inside; one behind the other is not.
  { 'a/b/c': '../..', d: 'a/b/c/../outside' },
  { a: 'real/../../outside' },
];
for (const links of OUT)
  test(`a link out of a repository is refused: ${JSON.stringify(links)}`, async () => {
    const commit = await linked(links);
    await assert.rejects(checkOut(commit), { kind: 'user', message: /a link leads out of the repository/ });
  });

test('a file beyond all measure is an error of its own, held nowhere, and the files behind it are read', async () => {
  const commit = await linked({ plain: '' });
  const size = 257 * 2 ** 20;
  writeFileSync(join(folder, 'huge'), '');
  truncateSync(join(folder, 'huge'), size);
  const huge = await git(origin, 'hash-object', '-w', join(folder, 'huge'));
  const blobs = new BlobReader(join(origin, '.git'));
  try {
    const asked = [
      blobs.read(huge),
      blobs.read(`${commit}:plain`),
      blobs.read(huge),
      blobs.read(`${commit}:real/file`),
    ];
    const results = await Promise.allSettled(asked);
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.kind)),
      ['user', 'text', 'user', 'text'],
    );
    assert.match(String((results[0] as PromiseRejectedResult).reason), /longer than 256 MiB: 257 MiB/);
  } finally {
    await blobs.close();
  }
});
