import { createRequire } from 'node:module';
import type ts from 'typescript';
import { userError } from '../../foundation/errors.ts';
import type { SourceTree } from '../core/source-tree.ts';
import type { BlobReader } from './blob-reader.ts';

/** What git calls the mode of a symbolic link. */
const LINK = '120000';

/** What files import, by the hash of their content: shared by all trees of a mirror. */
export type ImportCache = Map<string, readonly string[]>;

/** Loaded with the first program that is read: the compiler costs 150 ms and 60 MB. */
let compiler: typeof ts | undefined;

/** The tree of a commit of a mirror. */
export interface GitTree extends SourceTree {
  readonly commit: string;
  /** What git calls the mode of a file, where it is not that of an ordinary one (`100644`). */
  readonly modes: ReadonlyMap<string, string>;
}

export function createGitTree(
  commit: string,
  { files, modes }: Pick<GitTree, 'files' | 'modes'>,
  { blobs, imports }: { readonly blobs: BlobReader; readonly imports: ImportCache },
): GitTree {
  const hashOf = (path: string) => {
    const hash = files.get(path);
    if (hash === undefined)
      throw userError(`Cannot read a file as commit ${commit.slice(0, 8)} has none: ${path}. Check the path.`);
    return hash;
  };
  return {
    ...{ commit, files, modes },
    links: [...modes].flatMap(([path, mode]) => (mode === LINK ? [path] : [])),
    read: async (path) => blobs.read(hashOf(path)),
    importsOf: async (path) => {
      const hash = hashOf(path);
      const known = imports.get(hash);
      if (known) return known;
      const found = importsIn(await blobs.read(hash));
      imports.set(hash, found);
      return found;
    },
  };
}

/** What a source text imports: ES imports and re-exports, `require`, dynamic imports. */
export function importsIn(text: string): readonly string[] {
  compiler ??= createRequire(import.meta.url)('typescript') as typeof ts;
  return [...new Set(compiler.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName))];
}
