/**
 * The files of one commit, as decisions read them. Implemented over a Git mirror by `runner/git`, over a map in tests.
 * Paths are relative to the repository's root, with `/`.
 */
export interface SourceTree {
  /** Path to the hash of its content: equal hashes are equal files. */
  readonly files: ReadonlyMap<string, string>;
  /** What git calls the mode of a file, where it is not that of an ordinary one (`100644`). Default: all are ordinary. */
  readonly modes?: ReadonlyMap<string, string>;
  /** Paths of symbolic links, whose content is where they lead. Default: there are none. */
  readonly links?: readonly string[];
  /** The text of a file; rejects when there is none at `path`. */
  read(path: string): Promise<string>;
  /** What a TypeScript or JavaScript file imports, requires or re-exports, as written. Type-only imports included. */
  importsOf(path: string): Promise<readonly string[]>;
}

/** The paths that differ between two trees: added, removed or changed, also in what kind of file they are. Sorted. */
export function changedPaths(before: SourceTree, after: SourceTree): readonly string[] {
  const paths = new Set<string>();
  for (const [path, hash] of after.files) if (before.files.get(path) !== hash) paths.add(path);
  for (const path of [...(before.modes?.keys() ?? []), ...(after.modes?.keys() ?? [])])
    if (before.modes?.get(path) !== after.modes?.get(path)) paths.add(path);
  for (const path of before.files.keys()) if (!after.files.has(path)) paths.add(path);
  return [...paths].sort();
}

/** `a/b` and `../c` to `a/c`; undefined where the result is above the root. An empty text is the root. */
export function joinPath(...parts: readonly string[]): string | undefined {
  const names: string[] = [];
  for (const name of parts.flatMap((part) => part.split('/'))) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names.join('/');
}

/** The folder of a path; '' is the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Does `work` once for each tree, as a commit never changes. What fails is tried again. */
export function oncePerTree<T>(work: (tree: SourceTree) => Promise<T>): (tree: SourceTree) => Promise<T> {
  const known = new WeakMap<SourceTree, Promise<T>>();
  return (tree) => {
    const before = known.get(tree);
    if (before) return before;
    const result = work(tree);
    known.set(tree, result);
    result.catch(() => known.delete(tree));
    return result;
  };
}
