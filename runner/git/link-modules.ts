import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import type { SourceTree } from '../core/source-tree.ts';
import type { NpmLock } from './npm-lock.ts';

/**
 * Links what is installed at `from` into the checkout at `to`, node_modules by node_modules. Packages of the repository itself are named by the
 * checkout's own folders, never by the store's, which has only their manifests.
 */
export function linkModules(
  lock: NpmLock,
  { from, to, tree }: { readonly from: string; readonly to: string; readonly tree: SourceTree },
): void {
  for (const { name, path } of [{ name: '', path: lock.folder }, ...lock.locals]) {
    const modules = path === '' ? 'node_modules' : `${path}/node_modules`;
    const links = [...lock.links].filter(([place]) => place.startsWith(`${modules}/`));
    const installed = join(from, name, 'node_modules');
    if (!existsSync(installed) && links.length === 0) continue;
    refuseCommitted(tree, modules);
    if (links.length === 0) symlinkSync(installed, join(to, modules));
    else
      linkEach({
        installed,
        target: join(to, modules),
        skip: new Set(links.map(([place]) => place.slice(modules.length + 1))),
      });
    for (const [place, folder] of links) {
      mkdirSync(dirname(join(to, place)), { recursive: true });
      symlinkSync(join(to, folder), join(to, place));
    }
  }
}

/** Makes a node_modules of links, those in scopes included, without those of `skip`. */
export function linkEach({
  installed,
  target,
  skip,
}: {
  readonly installed: string;
  readonly target: string;
  readonly skip: ReadonlySet<string>;
}): void {
  mkdirSync(target, { recursive: true });
  const names = existsSync(installed) ? readdirSync(installed) : [];
  for (const name of names)
    if (name.startsWith('@')) {
      mkdirSync(join(target, name), { recursive: true });
      for (const inner of readdirSync(join(installed, name)))
        if (!skip.has(`${name}/${inner}`)) symlinkSync(join(installed, name, inner), join(target, name, inner));
    } else if (!skip.has(name)) symlinkSync(join(installed, name), join(target, name));
}

function refuseCommitted(tree: SourceTree, modules: string): void {
  for (const path of tree.files.keys())
    if (path === modules || path.startsWith(`${modules}/`))
      throw userError(
        `Cannot link the dependencies as the repository has files where they belong: ${path}. Remove ${modules} from the repository, or its lock file.`,
      );
}
