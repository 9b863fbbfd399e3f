import { entriesOf, importsOf, type LocalPackages, localPackages, packageFolderOf } from './local-packages.ts';
import { mappedPaths, type PathMappings, readPathMappings } from './path-mappings.ts';
import { folderOf, joinPath, type SourceTree } from './source-tree.ts';

/** What a program is made of. */
export interface ImportGraph {
  /** Path of each file of the repository that the program loads to the one that imports it; the entry point to undefined. */
  readonly importedBy: ReadonlyMap<string, string | undefined>;
  /** Names of the npm packages that it imports, those of the repository included, with the folders that do. */
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
  /** Folders of the repository's own packages that it imports by name. */
  readonly locals: ReadonlySet<string>;
  /** The tsconfig that says where its imports are, and what that extends. */
  readonly configFiles: readonly string[];
}

const SOURCE = /\.[cm]?[jt]sx?$/;
const EXTENSIONS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json'];
const INDEXES = ['/index.ts', '/index.tsx', '/index.js', '/index.mjs', '/index.cjs', '/index.json'];

/** What an import is looked for in. */
interface Scope {
  readonly tree: SourceTree;
  readonly packages: LocalPackages;
  readonly byName: ReadonlyMap<string, readonly string[]>;
  readonly mappings: PathMappings;
}

/**
 * Follows the imports of a program from its entry points, breadth first, so that the chain to each file is a shortest one. Relative imports
 * are resolved as TypeScript and Node do; names by the tsconfig's `paths`, and to packages of the same repository by their manifest. Where several files
 * may be meant (conditions of `exports`), all are followed; of a package whose entry is built first, every file. An import that resolves to nothing in the
 * tree is left out: the program itself will say so.
 */
export async function readImportGraph(
  tree: SourceTree,
  main: string,
  {
    tsconfig = joinPath(SOURCE.test(main) ? folderOf(main) : main, 'tsconfig.json')!,
  }: { readonly tsconfig?: string | undefined } = {},
): Promise<ImportGraph> {
  const manifests = await localPackages(tree);
  const mappings = await readPathMappings(tree, tsconfig);
  const scope: Scope = { tree, packages: manifests, byName: namesOf(manifests), mappings };
  const importedBy = new Map<string, string | undefined>();
  const packages = new Map<string, Set<string>>();
  const locals = new Set<string>();
  const entry = entryPoint(scope, main);
  const queue = entry === undefined ? [] : [entry];
  if (entry !== undefined) importedBy.set(entry, undefined);
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (!SOURCE.test(file)) continue;
    for (const specifier of await tree.importsOf(file)) {
      const target = resolveImport(scope, { from: file, specifier });
      if (target.name !== undefined)
        packages.set(target.name, (packages.get(target.name) ?? new Set()).add(folderOf(file)));
      for (const folder of target.locals) locals.add(folder);
      for (const found of target.files) {
        if (importedBy.has(found)) continue;
        importedBy.set(found, file);
        queue.push(found);
      }
    }
  }
  return { importedBy, packages, locals, configFiles: mappings.files };
}

/** The files from the entry point to `file`, both included. */
export function importChain(graph: ImportGraph, file: string): readonly string[] {
  const chain: string[] = [];
  for (let at: string | undefined = file; at !== undefined; at = graph.importedBy.get(at)) chain.unshift(at);
  return chain;
}

/** A program is named by a file or a folder; a folder's package.json may name the file. */
function entryPoint({ tree, packages }: Scope, main: string): string | undefined {
  if (main !== '' && tree.files.has(main)) return main;
  const named = packages.get(main)?.main;
  const found = typeof named === 'string' ? probe(tree, joinPath(main, named)) : undefined;
  return (
    found ??
    probe(tree, main) ??
    INDEXES.map((index) => `${main}${index}`.replace(/^\//, '')).find((path) => tree.files.has(path))
  );
}

/** What an import means: files of the repository, the name of a package, and which of the repository's packages have that name. */
interface Target {
  readonly files: readonly string[];
  readonly name: string | undefined;
  readonly locals: readonly string[];
}

const NOTHING: Target = { files: [], name: undefined, locals: [] };

function resolveImport(
  scope: Scope,
  { from, specifier }: { readonly from: string; readonly specifier: string },
): Target {
  if (specifier.startsWith('node:')) return NOTHING;
  if (/^\.{1,2}(\/|$)/.test(specifier)) {
    const file = probe(scope.tree, joinPath(folderOf(from), specifier));
    return file === undefined ? NOTHING : { ...NOTHING, files: [file] };
  }
  if (specifier.startsWith('#')) return resolveOwn(scope, { from, specifier });
  const byPaths = mappedPaths(scope.mappings, specifier).flatMap((path) => probe(scope.tree, path) ?? []);
  const name = packageName(specifier);
  const locals = scope.byName.get(name) ?? [];
  const inside = specifier.slice(name.length + 1);
  return { files: [...byPaths, ...locals.flatMap((folder) => filesOf(scope, folder, inside))], name, locals };
}

/** A name that begins with `#` is the package's own. */
function resolveOwn(scope: Scope, { from, specifier }: { readonly from: string; readonly specifier: string }): Target {
  const folder = packageFolderOf(scope.packages, from);
  if (folder === undefined) return NOTHING;
  const targets = importsOf(scope.packages.get(folder)!, specifier);
  const files = targets.flatMap((path) =>
    path.startsWith('./') ? (probe(scope.tree, joinPath(folder, path)) ?? []) : [],
  );
  const other = targets.find((target) => !/^[.#/]/.test(target));
  if (other === undefined) return { ...NOTHING, files };
  const target = resolveImport(scope, { from, specifier: other });
  return { ...target, files: [...files, ...target.files] };
}

/** The files of a package of the repository that an import of it may load. */
function filesOf({ tree, packages }: Scope, folder: string, inside: string): readonly string[] {
  const found = (entriesOf(packages.get(folder)!, inside) ?? []).flatMap(
    (path) => probe(tree, joinPath(folder, path)) ?? [],
  );
  const files = [...new Set(found)];
  // Where nothing or a declaration is all that is there, the code is built from other files.
  return files.every((path) => /\.d\.[cm]?ts$/.test(path)) ? sourcesIn(tree, folder) : files;
}

function sourcesIn(tree: SourceTree, folder: string): readonly string[] {
  const inside = folder === '' ? '' : `${folder}/`;
  return [...tree.files.keys()].filter(
    (path) =>
      path.startsWith(inside) &&
      SOURCE.test(path) &&
      !/(^|\/)node_modules\//.test(path) &&
      !/\.(test|spec)\./.test(path),
  );
}

/** `@scope/name/deep` to `@scope/name`. */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The file that an import without extension, with `.js` for a `.ts`, or of a folder means. */
function probe(tree: SourceTree, path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  const asTypeScript = path.replace(/\.([cm]?)jsx?$/, '.$1ts');
  const candidates = [
    ...EXTENSIONS.map((extension) => path + extension),
    ...(asTypeScript === path ? [] : [asTypeScript, `${asTypeScript}x`]),
    ...INDEXES.map((index) => path + index),
  ];
  return candidates.find((candidate) => tree.files.has(candidate));
}

/** Folders by the name of the package in them. */
function namesOf(packages: LocalPackages): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const [folder, { name }] of packages)
    if (typeof name === 'string') names.set(name, [...(names.get(name) ?? []), folder]);
  return names;
}
