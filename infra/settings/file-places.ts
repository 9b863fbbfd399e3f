import { existsSync, readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A stack's file, for finding places in it. */
export interface StackFile {
  /** Where it is: of the deepest part of `path` that the file has; undefined where it has none. */
  place(path: readonly (string | number)[], atKey: boolean): Place | undefined;
  /** Whether the file has an encrypted value (`secure:`) at `path`. */
  isEncrypted(path: readonly (string | number)[]): boolean;
  /** Paths of all encrypted values of the settings. */
  readonly encrypted: readonly (readonly (string | number)[])[];
  /** How messages call the file. */
  readonly name: string;
}

/**
 * Reads a stack's file for the places of its settings. `namespace` is the project: `mainstay:network` and `network` are the same
 * key. A file that is not there has no places: only its name is given.
 */
export function readStackFile(path: string, shownAs: string, namespace: string): StackFile {
  const lines = new LineCounter();
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const config = parseDocument(text, { lineCounter: lines }).get('config', true) as Node | undefined;
  const walk = (of: readonly (string | number)[]) => descend(config, of, namespace);
  return {
    name: shownAs,
    place(of, atKey) {
      const { key, value } = walk(of);
      const offset = (atKey ? key : (value ?? key))?.range?.[0];
      if (offset === undefined) return undefined;
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    },
    isEncrypted: (of) => isEncryptedNode(walk(of).whole ? walk(of).value : undefined),
    encrypted: encryptedPaths(config, [], namespace),
  };
}

interface Found {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  /** Whether the whole path was found, or only a part of it. */
  readonly whole: boolean;
}

function descend(config: Node | undefined, path: readonly (string | number)[], namespace: string): Found {
  let found: Found = { key: undefined, value: config, whole: true };
  for (const [depth, part] of path.entries()) {
    const next = member(found.value, part, depth === 0 ? namespace : undefined);
    if (!next) return { ...found, value: found.key ?? found.value, whole: false };
    found = { ...next, whole: true };
  }
  return found;
}

function member(
  node: Node | undefined,
  part: string | number,
  namespace: string | undefined,
): Omit<Found, 'whole'> | undefined {
  if (isSeq(node) && typeof part === 'number') {
    const value = node.items[part] as Node | undefined;
    return value && { key: value, value };
  }
  if (!isMap(node)) return undefined;
  const names = namespace === undefined ? [String(part)] : [`${namespace}:${part}`, String(part)];
  const pair = node.items.find(({ key }) => isScalar(key) && names.includes(String(key.value)));
  return pair && { key: pair.key as Node, value: (pair.value ?? undefined) as Node | undefined };
}

function isEncryptedNode(node: Node | undefined): boolean {
  return isMap(node) && node.items.length === 1 && node.has('secure');
}

function encryptedPaths(
  node: Node | undefined,
  path: readonly (string | number)[],
  namespace: string,
): readonly (readonly (string | number)[])[] {
  if (isEncryptedNode(node)) return [path];
  if (isSeq(node))
    return node.items.flatMap((item, index) => encryptedPaths(item as Node, [...path, index], namespace));
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : '';
    // Keys of other namespaces (`aws:...`) are not settings of ours.
    if (path.length === 0 && name.includes(':') && !name.startsWith(`${namespace}:`)) return [];
    const part = path.length === 0 ? name.replace(`${namespace}:`, '') : name;
    return encryptedPaths(value as Node | undefined, [...path, part], namespace);
  });
}
