import { folderOf, joinPath, oncePerTree, type SourceTree } from './source-tree.ts';

/**
 * The changed paths together with the symbolic links that lead to one of them, or to a folder that has one: who reads the link reads what it leads to. A link
 * to a link counts too. Sorted.
 */
export async function withLinks(
  changed: readonly string[],
  { before, after }: { readonly before: SourceTree; readonly after: SourceTree },
): Promise<readonly string[]> {
  if (changed.length === 0) return changed;
  const links = [...(await targetsOf(before)), ...(await targetsOf(after))];
  if (links.length === 0) return changed;
  const all = new Set(changed);
  const places = new Set<string>();
  const add = (path: string) => {
    all.add(path);
    // A link may lead to any folder above.
    for (let place = path; !places.has(place); place = folderOf(place)) places.add(place);
  };
  for (const path of changed) add(path);
  for (let known = -1; known !== all.size; ) {
    known = all.size;
    for (const [link, target] of links) if (places.has(target)) add(link);
  }
  return [...all].sort();
}

/** Links by path, and where in the repository each leads; those that lead out of it are refused where the commit is checked out. */
const targetsOf = oncePerTree(async (tree: SourceTree): Promise<readonly (readonly [string, string])[]> => {
  const targets = [...(tree.links ?? [])].map(async (link) => {
    const text = await tree.read(link);
    const target = text.startsWith('/') ? undefined : joinPath(folderOf(link), text);
    return target === undefined ? [] : [[link, target] as const];
  });
  return (await Promise.all(targets)).flat();
});
