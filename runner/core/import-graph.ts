import { folderOf, joinPath, type SourceTree } from './source-tree.ts';

/** What a program is made of. */
export interface ImportGraph {
  /** Path of each file of the repository that the program loads to the one that imports it; the entry point to undefined. */
  readonly importedBy: ReadonlyMap<string, string | undefined>;
  /** Names of the npm packages that it imports, with the first file that does. */
  readonly packages: ReadonlyMap<string, string>;
}

const SOURCE = /\.[cm]?[jt]sx?$/;
const EXTENSIONS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json'];
const INDEXES = ['/index.ts', '/index.tsx', '/index.js', '/index.mjs', '/index.cjs', '/index.json'];

/**
 * Follows the imports of a program from its entry points, breadth first, so that the chain to each file is a shortest one. Relative imports
 * are resolved as TypeScript and Node do; packages of the same repository (`package.json` with that name) are followed
 * too. An import that resolves to nothing in the tree is left out: the program itself will say so.
 */
export async function readImportGraph(tree: SourceTree, main: string): Promise<ImportGraph> {
  const workspace = await workspacePackages(tree);
  const importedBy = new Map<string, string | undefined>();
  const packages = new Map<string, string>();
  const entry = await entryPoint(tree, main);
  const queue = entry === undefined ? [] : [entry];
  if (entry !== undefined) importedBy.set(entry, undefined);
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (!SOURCE.test(file)) continue;
    for (const specifier of await tree.importsOf(file)) {
      const target = await resolveImport(tree, workspace, { from: file, specifier });
      if (target === undefined) continue;
      if ('package' in target) {
        if (!packages.has(target.package)) packages.set(target.package, file);
      } else if (!importedBy.has(target.file)) {
        importedBy.set(target.file, file);
        queue.push(target.file);
      }
    }
  }
  return { importedBy, packages };
}

/** The files from the entry point to `file`, both included. */
export function importChain(graph: ImportGraph, file: string): readonly string[] {
  const chain: string[] = [];
  for (let at: string | undefined = file; at !== undefined; at = graph.importedBy.get(at)) chain.unshift(at);
  return chain;
}

/** A program is named by a file or a folder; a folder's package.json may name the file. */
async function entryPoint(tree: SourceTree, main: string): Promise<string | undefined> {
  if (main !== '' && tree.files.has(main)) return main;
  const manifest = joinPath(main, 'package.json')!;
  if (tree.files.has(manifest)) {
    const named = parseJson(await tree.read(manifest)).main;
    if (typeof named === 'string') {
      const found = probe(tree, joinPath(main, named));
      if (found) return found;
    }
  }
  return (
    probe(tree, main) ??
    INDEXES.map((index) => `${main}${index}`.replace(/^\//, '')).find((path) => tree.files.has(path))
  );
}

type Target = { readonly file: string } | { readonly package: string };

async function resolveImport(
  tree: SourceTree,
  workspace: ReadonlyMap<string, string>,
  { from, specifier }: { readonly from: string; readonly specifier: string },
): Promise<Target | undefined> {
  if (specifier.startsWith('node:')) return undefined;
  if (/^\.{1,2}(\/|$)/.test(specifier)) {
    const file = probe(tree, joinPath(folderOf(from), specifier));
    return file === undefined ? undefined : { file };
  }
  const name = packageName(specifier);
  const folder = workspace.get(name);
  if (folder === undefined) return { package: name };
  const inside = specifier.slice(name.length + 1);
  const file = inside === '' ? await entryPoint(tree, folder) : probe(tree, joinPath(folder, inside));
  return file === undefined ? undefined : { file };
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

/** Names of the packages that live in this repository to their folders. */
async function workspacePackages(tree: SourceTree): Promise<ReadonlyMap<string, string>> {
  const manifests = [...tree.files.keys()].filter(
    (path) => /(^|\/)package\.json$/.test(path) && !path.includes('node_modules/'),
  );
  const named = await Promise.all(
    manifests.map(async (path) => [parseJson(await tree.read(path)).name, folderOf(path)] as const),
  );
  return new Map(named.filter((entry): entry is [string, string] => typeof entry[0] === 'string'));
}

/** A manifest that cannot be read has nothing to say here; npm and the program report it. */
export function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
