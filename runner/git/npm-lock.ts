import { posix } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import { folderOf, joinPath, type SourceTree } from '../core/source-tree.ts';

/** A lock file of npm, as far as installing beside the checkout needs it. Paths are from the repository's root. */
export interface NpmLock {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Folders of packages that live in the repository: workspaces and `file:` dependencies. */
  readonly locals: readonly LocalPackage[];
  /** Where node_modules names one of them: the place to its folder. */
  readonly links: ReadonlyMap<string, string>;
  /** Packed packages in the repository (`file:vendor/a.tgz`). */
  readonly archives: readonly LocalPackage[];
}

/** Something of the repository that a lock file names. */
export interface LocalPackage {
  /** As the lock file has it: relative to its folder. */
  readonly name: string;
  readonly path: string;
}

interface Entry {
  readonly link?: unknown;
  readonly resolved?: unknown;
  readonly dependencies?: Readonly<Record<string, unknown>>;
}

/** Reads a package-lock.json. Throws a user error where it names what cannot be installed beside the checkout. */
export function readNpmLock(tree: SourceTree, path: string, text: string): NpmLock {
  const folder = folderOf(path);
  const entries = entriesOf(path, text);
  const inside = (name: string) => insideOf(path, name);
  const locals: LocalPackage[] = [];
  const archives: LocalPackage[] = [];
  const links = new Map<string, string>();
  for (const [place, entry] of entries) {
    const isLocal = place !== '' && !/(^|\/)node_modules\//.test(place);
    if (isLocal) {
      const at = inside(place);
      if (!tree.files.has(joinPath(at, 'package.json')!)) throw notThere(path, place);
      locals.push({ name: place, path: at });
    } else if (entry.link === true) {
      if (place.split('node_modules/').length > 2)
        throw refused(path, `a package of a registry would need one of the repository: ${place}`);
      links.set(inside(place), inside(String(entry.resolved)));
    } else if (typeof entry.resolved === 'string') archives.push(...archivesOf(tree, path, entry.resolved));
  }
  refuseDependents(path, entries);
  return { path, folder, text, locals, links, archives };
}

function entriesOf(path: string, text: string): readonly (readonly [place: string, entry: Entry])[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw userError(
      `Cannot install the dependencies as the lock file is no JSON: ${path}. Make it again with npm install.`,
      {
        cause,
      },
    );
  }
  const { packages } = (content ?? {}) as { readonly packages?: unknown };
  if (typeof packages !== 'object' || packages === null)
    throw refused(path, 'it was written by npm 6 or before (it has no `packages`)');
  return Object.entries(packages).filter((entry) => typeof entry[1] === 'object' && entry[1] !== null);
}

function archivesOf(tree: SourceTree, lock: string, resolved: string): readonly LocalPackage[] {
  if (/^git\+file:/.test(resolved))
    throw refused(lock, `it names a Git repository on the runner's machine: ${resolved}`);
  if (!resolved.startsWith('file:')) return [];
  const name = resolved.slice('file:'.length);
  const path = insideOf(lock, name);
  if (tree.files.has(joinPath(path, 'package.json')!))
    throw refused(lock, `it would copy a folder (install-links): ${name}. Leave install-links out of .npmrc`);
  if (!tree.files.has(path)) throw notThere(lock, name);
  return [{ name, path }];
}

/** What a package of a registry loads, it looks for beside itself in the store: the repository's packages are not there. */
function refuseDependents(lock: string, entries: readonly (readonly [string, Entry])[]): void {
  const byPlace = new Map(entries);
  for (const [place, { link, dependencies = {} }] of entries) {
    if (link === true || !place.includes('node_modules/')) continue;
    for (const name of Object.keys(dependencies))
      if (byPlace.get(`node_modules/${name}`)?.link === true && !byPlace.has(`${place}/node_modules/${name}`))
        throw refused(
          lock,
          `${place.slice(place.lastIndexOf('node_modules/') + 13)} needs a package of the repository: ${name}`,
        );
  }
}

/** Names are taken as npm writes them: what goes up does so at its beginning. */
function insideOf(lock: string, name: string): string {
  const path = posix.isAbsolute(name) || posix.normalize(name) !== name ? undefined : joinPath(folderOf(lock), name);
  if (path === undefined) throw refused(lock, `it names what is outside of the repository: ${name}`);
  return path;
}

function notThere(lock: string, name: string): Error {
  return userError(
    `Cannot install the dependencies of ${lock} as what it names is not in the repository: ${name}. Commit it, or run npm install and commit the lock file.`,
  );
}

function refused(lock: string, why: string): Error {
  return userError(
    `Cannot install the dependencies of ${lock} as ${why}. Run npm install with npm 7 or later without that, and commit the lock file.`,
  );
}
