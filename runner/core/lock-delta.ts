import { parseJson } from './import-graph.ts';

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

type Locked = Readonly<Record<string, LockedPackage>>;

/**
 * The packages that two versions of a package-lock.json (lockfileVersion 2 and 3) install differently and that one of `imported`
 * needs, directly or through others. undefined where one of the two cannot be read that way: then nobody can say.
 */
export function changedPackages(
  before: string,
  after: string,
  imported: Iterable<string>,
): readonly string[] | undefined {
  const [old, now] = [packagesOf(before), packagesOf(after)];
  if (!old || !now) return undefined;
  const roots = [...imported];
  const needed = new Set([...reachable(old, roots), ...reachable(now, roots)]);
  const changed = [...needed].filter((path) => fingerprint(old[path]) !== fingerprint(now[path]));
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
function reachable(locked: Locked, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = names.flatMap((name) => placeOf(locked, '', name) ?? []);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies, peerDependencies } = locked[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const place = placeOf(locked, path, name);
      if (place !== undefined) queue.push(place);
    }
  }
  return found;
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
