import { folderOf, joinPath, type SourceTree } from './source-tree.ts';

/** Lock files by package manager: where a folder has several, the first of these counts. npm itself prefers its shrinkwrap. */
export const LOCK_FILES = [
  'npm-shrinkwrap.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
] as const;

export function isNpmLock(path: string): boolean {
  return /(^|\/)(npm-shrinkwrap|package-lock)\.json$/.test(path);
}

/** The lock file that what is at `path` (a folder, or a file) is installed by: the nearest, upwards. */
export function nearestLock(tree: SourceTree, path: string): string | undefined {
  for (let folder = path; ; folder = folderOf(folder)) {
    const found = LOCK_FILES.map((name) => joinPath(folder, name)!).find((file) => tree.files.has(file));
    if (found !== undefined || folder === '') return found;
  }
}

/** The lock files that are nearest to some of the files. Sorted. */
export function locksOf(tree: SourceTree, files: Iterable<string>): readonly string[] {
  const folders = new Set([...files].map(folderOf));
  return [...new Set([...folders].flatMap((folder) => nearestLock(tree, folder) ?? []))].sort();
}
