import { matched, parseJson } from './local-packages.ts';
import { folderOf, joinPath, type SourceTree } from './source-tree.ts';

/** What a tsconfig says of where imports are found (https://www.typescriptlang.org/tsconfig/#paths). */
export interface PathMappings {
  /** Patterns with what they stand for, from the repository's root. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
  readonly baseUrl: string | undefined;
  /** The tsconfig itself and what it extends. */
  readonly files: readonly string[];
}

const NONE: PathMappings = { paths: new Map(), baseUrl: undefined, files: [] };

/** No chain of tsconfigs is longer, but one that goes round. */
const EXTENDED_AT_MOST = 10;

/** Reads the tsconfig at `path` with what it extends in the repository. A file that is not there or cannot be read says nothing. */
export async function readPathMappings(tree: SourceTree, path: string, depth = 0): Promise<PathMappings> {
  if (!tree.files.has(path) || depth > EXTENDED_AT_MOST) return NONE;
  const config = parseJson(withoutComments(await tree.read(path)));
  const folder = folderOf(path);
  let mappings = NONE;
  for (const name of [config.extends].flat()) {
    if (typeof name !== 'string' || !/^\.{1,2}(\/|$)/.test(name)) continue;
    const wanted = joinPath(folder, name);
    const found = [wanted, `${wanted}.json`].find((each) => each !== undefined && tree.files.has(each));
    if (found === undefined) continue;
    const extended = await readPathMappings(tree, found, depth + 1);
    mappings = { ...extended, files: [...mappings.files, ...extended.files] };
  }
  const { baseUrl, paths } = (config.compilerOptions ?? {}) as { readonly baseUrl?: unknown; readonly paths?: unknown };
  const base = typeof baseUrl === 'string' ? joinPath(folder, baseUrl) : mappings.baseUrl;
  return {
    paths: typeof paths === 'object' && paths !== null ? mapped(paths, base ?? folder) : mappings.paths,
    baseUrl: base,
    files: [path, ...mappings.files],
  };
}

function mapped(paths: object, base: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(paths).map(([pattern, targets]) => [
      pattern,
      [targets].flat().flatMap((target) => (typeof target === 'string' ? (joinPath(base, target) ?? []) : [])),
    ]),
  );
}

/** The paths that a name may stand for, best first. */
export function mappedPaths({ paths, baseUrl }: PathMappings, name: string): readonly string[] {
  const found: string[] = [];
  for (const pattern of [...paths.keys()].sort((a, b) => b.length - a.length)) {
    const middle = matched(pattern, name);
    if (middle !== undefined) found.push(...paths.get(pattern)!.map((target) => target.replace('*', () => middle)));
  }
  const based = baseUrl === undefined ? undefined : joinPath(baseUrl, name);
  return based === undefined ? found : [...found, based];
}

/** A tsconfig may have comments, and commas at the end of lists. */
function withoutComments(text: string): string {
  const string = /"(?:\\.|[^"\\])*"/.source;
  const bare = text.replaceAll(
    new RegExp(`(${string})|//[^\n]*|/\\*(?:[^*]|\\*(?!/))*\\*/`, 'g'),
    (_all, kept = '') => kept,
  );
  return bare.replaceAll(new RegExp(`(${string})|,(?=\\s*[}\\]])`, 'g'), (_all, kept = '') => kept);
}
