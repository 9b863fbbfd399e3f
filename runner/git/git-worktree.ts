import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { folderOf } from '../core/source-tree.ts';
import type { BlobReader } from './blob-reader.ts';
import type { GitTree } from './git-tree.ts';

/** Files that are read and written at once: few enough for the memory, enough that nothing waits. */
const AT_ONCE = 64;

/** What git calls the mode of a symbolic link. */
export const LINK = '120000';
const EXECUTABLE = '100755';

/**
 * Writes a commit's files into `folder`, which must not be there, as a worktree of the mirror: git works in it, and finds it clean. Four processes of
 * git do the same and would be most of the time that a small preview takes. Only for trees that `isWrittenAsStored` says yes to. Resolves to what
 * removes it again.
 *
 * What makes a worktree: https://git-scm.com/docs/gitrepository-layout (worktrees/<id>).
 */
export async function writeWorktree(
  { mirror, blobs }: { readonly mirror: string; readonly blobs: BlobReader },
  tree: GitTree,
  folder: string,
): Promise<() => Promise<void>> {
  const name = `mainstay-${randomBytes(8).toString('hex')}`;
  const admin = join(resolve(mirror), 'worktrees', name);
  try {
    await writeFiles(blobs, tree, folder);
    writeFileSync(join(folder, '.git'), `gitdir: ${admin}\n`);
    addAdmin(admin, { tree, folder });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return async () => {
    removeAdmin(admin);
    await rm(folder, { recursive: true, force: true });
  };
}

/** Made beside its place and renamed: a fetch that looks at all worktrees finds whole ones. */
function addAdmin(admin: string, { tree, folder }: { readonly tree: GitTree; readonly folder: string }): void {
  const half = asideOf(admin);
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'HEAD'), `${tree.commit}\n`);
  writeFileSync(join(half, 'commondir'), '../..\n');
  writeFileSync(join(half, 'gitdir'), `${join(folder, '.git')}\n`);
  writeFileSync(join(half, 'index'), indexOf(tree));
  mkdirSync(folderOf(admin), { recursive: true });
  renameSync(half, admin);
}

/** Takes away what an earlier life was making or removing when it ended. Whole worktrees whose folder is gone are for `git worktree prune`. */
export function clearWorktrees(mirror: string): void {
  for (const name of readdirSync(mirror))
    if (HALF.test(name)) rmSync(join(mirror, name), { recursive: true, force: true });
}

const HALF = /^mainstay-[0-9a-f]+\.half$/;

function removeAdmin(admin: string): void {
  const half = asideOf(admin);
  renameSync(admin, half);
  rmSync(half, { recursive: true, force: true });
}

function asideOf(admin: string): string {
  return `${folderOf(folderOf(admin))}/${admin.slice(admin.lastIndexOf('/') + 1)}.half`;
}

/** Rejects with the first failure when nothing is written any more: what is removed then stays removed, and what is said is why. */
async function allEnded(writing: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(writing)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** Links come last: no file is ever written through one. */
async function writeFiles(blobs: BlobReader, tree: GitTree, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const place of new Set([...tree.files.keys()].map(folderOf)))
    if (place !== '') await mkdir(join(folder, place), { recursive: true });
  const links: string[] = [];
  let some: Promise<void>[] = [];
  for (const [path, hash] of tree.files) {
    const mode = tree.modes.get(path);
    if (mode === LINK) {
      links.push(path);
      continue;
    }
    const permissions = mode === EXECUTABLE ? 0o777 : 0o666;
    some.push(
      blobs.readBytes(hash).then((bytes) => writeFile(join(folder, path), bytes, { mode: permissions, flag: 'wx' })),
    );
    if (some.length < AT_ONCE) continue;
    await allEnded(some);
    some = [];
  }
  await allEnded(some);
  for (const path of links) await symlink(await blobs.readBytes(tree.files.get(path)!), join(folder, path));
}

/** The entries say nothing of the files on disk, so git compares contents the first time that it is asked (https://git-scm.com/docs/index-format). */
function indexOf(tree: GitTree): Buffer {
  const header = Buffer.alloc(12);
  header.write('DIRC');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(tree.files.size, 8);
  const entries = [...tree.files].map(([path, hash]) => {
    const name = Buffer.from(path);
    const entry = Buffer.alloc((62 + name.length + 8) & ~7);
    entry.writeUInt32BE(Number.parseInt(tree.modes.get(path) ?? '100644', 8), 24);
    entry.write(hash, 40, 'hex');
    entry.writeUInt16BE(Math.min(name.length, 0xfff), 60);
    name.copy(entry, 62);
    return entry;
  });
  const content = Buffer.concat([header, ...entries]);
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

/** Attributes by which git writes other bytes than it stores, on systems whose lines end as they do everywhere (https://git-scm.com/docs/gitattributes). */
const CONVERTED = /\b(eol=crlf|ident|filter|working-tree-encoding)\b/;

/** Whether files are written byte by byte as they are stored, at paths that git itself would take. `attributes` are the texts of its .gitattributes. */
export function isWrittenAsStored(tree: GitTree, attributes: readonly string[]): boolean {
  // Elsewhere more names are the same as `.git`, and git knows which.
  if (process.platform !== 'linux' || attributes.some((text) => CONVERTED.test(text))) return false;
  return [...tree.files.keys()].every((path) => !NOT_PLAIN.test(path));
}

/** A path that leads elsewhere or into what is git's own, or that is no UTF-8, is for git to judge. */
const NOT_PLAIN = /(^|\/)(\.{0,2}|\.git)(\/|$)|\uFFFD/i;
