import type { SourceTree } from '../core/source-tree.ts';
import type { Stack } from '../core/stack.ts';

/** A stack whose program reads the outputs of another one of the repository. */
export interface StackReading {
  readonly reader: Stack;
  readonly read: Stack;
  /** Where the program says so: `file:line`. */
  readonly place: string;
}

const SCRIPT = /\.[cm]?[jt]sx?$/;

/** `new pulumi.StackReference("acme/network/dev")`, or with `${…}` in the place of a part. */
const REFERENCE =
  /new\s+(?:[\w$]+\.)?StackReference\(\s*(["'`])((?:[\w.-]+|\$\{[^}]*\})(?:\/(?:[\w.-]+|\$\{[^}]*\}))*)\1/g;

/**
 * What the programs say of each other, as far as their text tells: a reference that is put together elsewhere is found by the first runs. A name that is
 * computed is taken for the reader's own: `network/${pulumi.getStack()}` of `app/dev` is `network/dev`.
 */
export async function findStackReferences(
  tree: SourceTree,
  stacks: readonly Stack[],
): Promise<readonly StackReading[]> {
  const found: StackReading[] = [];
  for (const project of new Set(stacks.map((stack) => stack.project)))
    for (const { path, line, named } of await referencesOf(tree, project))
      for (const reader of stacks.filter((stack) => stack.project === project)) {
        const name = named.name ?? reader.name;
        const read = stacks.find((stack) => stack.project.name === named.project && stack.name === name);
        if (read && read.project !== project) found.push({ reader, read, place: `${path}:${line}` });
      }
  return found;
}

interface Reference {
  readonly path: string;
  readonly line: number;
  /** undefined: it is computed. */
  readonly named: { readonly project: string; readonly name: string | undefined };
}

async function referencesOf(tree: SourceTree, { folder }: Stack['project']): Promise<readonly Reference[]> {
  const inside = folder === '' ? '' : `${folder}/`;
  const found: Reference[] = [];
  for (const path of [...tree.files.keys()].sort()) {
    if (!path.startsWith(inside) || !SCRIPT.test(path) || /(^|\/)node_modules\//.test(path)) continue;
    const text = await tree.read(path);
    for (const { 2: reference = '', index } of text.matchAll(REFERENCE)) {
      const [name = '', project] = reference.split('/').toReversed();
      if (project === undefined || project.startsWith('$')) continue;
      const line = text.slice(0, index).split('\n').length;
      found.push({ path, line, named: { project, name: name.startsWith('$') ? undefined : name } });
    }
  }
  return found;
}
