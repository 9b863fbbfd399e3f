import { parseJson } from './local-packages.ts';
import { folderOf } from './source-tree.ts';

/** What a lock file says of one installed package. */
interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A name that something in a folder imports; the folder as the lock file names it. */
export interface ImportedPackage {
  readonly name: string;
  readonly from: string;
}

type Locked = Readonly<Record<string, LockedPackage>>;

/**
 * The packages that two versions of a package-lock.json (lockfileVersion 2 and 3) install differently and that one of `imported`
 * needs, directly or through others. undefined where one of the two cannot be read that way: then nobody can say.
 */
export function changedPackages(
  before: string,
  after: string,
  imported: readonly ImportedPackage[],
): readonly string[] | undefined {
  const [old, now] = [packagesOf(before), packagesOf(after)];
  if (!old || !now) return undefined;
  const needed = new Set([...reachable(old, imported), ...reachable(now, imported)]);
  // Of the repository's own packages the sources say what changed.
  const installed = [...needed].filter((path) => path.includes('node_modules/'));
  const changed = installed.filter((path) => fingerprint(old[path]) !== fingerprint(now[path]));
  return [...new Set(changed.map(nameOf))].sort();
}

function packagesOf(text: string): Locked | undefined {
  const { packages } = parseJson(text);
  return typeof packages === 'object' && packages !== null ? (packages as Locked) : undefined;
}

function fingerprint(entry: LockedPackage | undefined): string {
  return entry ? `${entry.version} ${entry.integrity ?? entry.resolved ?? ''}` : '';
}

/** The places (`node_modules/a/node_modules/b`) that the packages named need. */
function reachable(locked: Locked, imported: readonly ImportedPackage[]): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = imported.flatMap(({ name, from }) => placeFrom(locked, from, name) ?? []);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies, peerDependencies, link, resolved } = locked[path] ?? {};
    // A package of the repository: what it needs is looked for in its own folder.
    if (link === true && resolved !== undefined && Object.hasOwn(locked, resolved)) queue.push(resolved);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const place = path.includes('node_modules/') ? placeOf(locked, path, name) : placeFrom(locked, path, name);
      if (place !== undefined) queue.push(place);
    }
  }
  return found;
}

/** From a folder of the repository: its own node_modules, then those above it. */
function placeFrom(locked: Locked, from: string, name: string): string | undefined {
  for (let folder = from; folder !== '' && folder !== '..'; folder = folderOf(folder)) {
    const path = `${folder}/node_modules/${name}`;
    if (Object.hasOwn(locked, path)) return path;
  }
  return Object.hasOwn(locked, `node_modules/${name}`) ? `node_modules/${name}` : undefined;
}

/** Node's way: the nearest node_modules, upwards. */
function placeOf(locked: Locked, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (locked[path]) return path;
    if (at === '') return undefined;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
