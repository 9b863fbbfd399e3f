import { readFile } from 'node:fs/promises';
import { type Document, isMap, isNode, LineCounter, type Node, parseDocument } from 'yaml';
import { type SourcePlace, systemCode, userError } from '../../foundation/errors.ts';

/** A YAML file that can be edited without losing its comments and layout, and that knows where each value stands. */
export interface YamlSource {
  readonly file: string;
  /** As it was read. */
  readonly text: string;
  readonly document: Document.Parsed;
  /** Where the value at the path stands; the file alone if there is none. */
  place(path: readonly (string | number)[]): SourcePlace;
}

/** Reads a file; undefined if it does not exist. Throws a user error with line and column if it is not YAML, or not an object. */
export async function readYaml(file: string): Promise<YamlSource | undefined> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw userError(`Cannot read the file: ${cause.message}. Check that it may be read.`, { place: { file }, cause });
  });
  return text === undefined ? undefined : parseYaml(text, file);
}

export function parseYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number | undefined): SourcePlace => {
    if (offset === undefined) return { file };
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const [error] = document.errors;
  if (error)
    throw userError(`Cannot read the file as it is not YAML: ${plainMessage(error)}. Correct it.`, {
      place: at(error.pos[0]),
      cause: error,
    });
  if (document.contents !== null && !isMap(document.contents)) {
    throw userError('Cannot read the file as its top level is not a mapping of keys to values. Correct it.', {
      place: { file, line: 1, column: 1 },
    });
  }
  return { file, text, document, place: (path) => at(offsetOf(document, path)) };
}

/** The parser's first line without the place, which we say in our way. */
function plainMessage({ message }: Error): string {
  return message.split('\n')[0]!.replace(/(?: at line \d+, column \d+)?:?$/, '');
}

/** The key's own place for a key of a mapping, as that is what is wrong if the value is missing or unknown. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number | undefined {
  const parent = path.length < 2 ? document.contents : document.getIn(path.slice(0, -1), true);
  const name = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => (isNode(key) ? String(key) : key) === name);
    return (pair?.key as Node | undefined)?.range?.[0] ?? parent.range?.[0];
  }
  const node = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
