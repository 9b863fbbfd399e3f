import type { SourceTree } from './source-tree.ts';

/** A tree of texts in memory, for tests. Imports are found by a pattern that is enough for them. */
export function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  const text = (path: string) => {
    const found = files[path];
    if (found === undefined) throw new Error(`no file ${path}`);
    return found;
  };
  return {
    files: new Map(Object.entries(files).map(([path, content]) => [path, content])),
    read: async (path) => text(path),
    importsOf: async (path) => [...text(path).matchAll(/from '([^']+)'/g)].map(([, specifier]) => specifier!),
  };
}
