import { folderOf, type SourceTree } from './source-tree.ts';

/** A `package.json`, as far as loading needs it (https://nodejs.org/api/packages.html). */
export type Manifest = Readonly<Record<string, unknown>>;

/** The packages that live in a commit: folder to manifest. */
export type LocalPackages = ReadonlyMap<string, Manifest>;

const known = new WeakMap<SourceTree, Promise<LocalPackages>>();

/** Every manifest of a commit by its folder, read once. */
export function localPackages(tree: SourceTree): Promise<LocalPackages> {
  const found = known.get(tree) ?? readManifests(tree);
  known.set(tree, found);
  found.catch(() => known.delete(tree));
  return found;
}

async function readManifests(tree: SourceTree): Promise<LocalPackages> {
  const paths = [...tree.files.keys()].filter(
    (path) => /(^|\/)package\.json$/.test(path) && !/(^|\/)node_modules\//.test(path),
  );
  return new Map(
    await Promise.all(paths.map(async (path) => [folderOf(path), parseJson(await tree.read(path))] as const)),
  );
}

/** The folder of the nearest manifest. */
export function packageFolderOf(packages: LocalPackages, path: string): string | undefined {
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    if (packages.has(folder)) return folder;
    if (folder === '') return undefined;
  }
}

/** What decides which files are loaded, and how. The rest counts by what the lock file installs. */
export function loadingFields(manifest: Manifest | undefined): string {
  const { main, module, types, typings, type, exports, imports } = manifest ?? {};
  return JSON.stringify([main, module, types, typings, type, exports, imports]);
}

/**
 * The paths that `@acme/lib/inside` may stand for in a package, without a check that they are there: whatever its conditions are (types, import,
 * require). undefined where its `exports` do not name it.
 */
export function entriesOf(manifest: Manifest, inside: string): readonly string[] | undefined {
  if (manifest.exports !== undefined && manifest.exports !== null) {
    const { exports } = manifest;
    const isMap = isRecord(exports) && Object.keys(exports).some((key) => key.startsWith('.'));
    return targetsIn(isMap ? (exports as Manifest) : { '.': exports }, inside === '' ? '.' : `./${inside}`);
  }
  if (inside !== '') return [inside];
  const named = [manifest.types, manifest.typings, manifest.main, manifest.module].filter(
    (path) => typeof path === 'string',
  );
  return named.length > 0 ? named : ['index'];
}

/** What `#inside` of a package's own files stands for: paths that begin with `./`, or names of packages. */
export function importsOf(manifest: Manifest, specifier: string): readonly string[] {
  return (isRecord(manifest.imports) ? targetsIn(manifest.imports, specifier) : undefined) ?? [];
}

function targetsIn(map: Manifest, wanted: string): readonly string[] | undefined {
  if (Object.hasOwn(map, wanted)) return textsIn(map[wanted]);
  const patterns = Object.keys(map).filter((key) => key.includes('*'));
  // The longest beginning counts (https://nodejs.org/api/packages.html#subpath-patterns).
  for (const pattern of patterns.sort((a, b) => b.indexOf('*') - a.indexOf('*'))) {
    const middle = matched(pattern, wanted);
    if (middle !== undefined) return textsIn(map[pattern]).map((target) => target.replaceAll('*', () => middle));
  }
  return undefined;
}

/** What the `*` of a pattern stands for in a name, '' for a pattern without one. undefined: it does not match. */
export function matched(pattern: string, name: string): string | undefined {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === name ? '' : undefined;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (!name.startsWith(before) || !name.endsWith(after) || name.length < before.length + after.length) return undefined;
  return name.slice(before.length, name.length - after.length);
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}

function isRecord(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A manifest that cannot be read has nothing to say here; npm and the program report it. */
export function parseJson(text: string): Manifest {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
