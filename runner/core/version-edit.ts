import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { formatPlace, userError } from '../../foundation/errors.ts';

/** A version that one file has and another is to get. */
export interface VersionChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** A stack's file. */
export interface StackFile {
  readonly file: string;
  readonly text: string;
}

/** The parts of a place below `config`: `mainstay:applications.web.image` — the key has a colon, quotes keep dots: `a:b["x.y"].z`. */
export function partsOf(path: string): readonly (string | number)[] {
  const parts = path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g);
  return [...parts].map(([, index, quoted, name]) =>
    index !== undefined ? Number(index) : (quoted?.replace(/\\(.)/g, '$1') ?? name!),
  );
}

/**
 * Writes the values of `from` at these places into the text of `to`: only the letters of the values change, comments, order, quotes of others and
 * layout stay. Throws a user error that names file, line and place where a value is missing, is no single value, or is a secret.
 */
export function copyVersions(
  paths: readonly string[],
  { from, to }: { readonly from: StackFile; readonly to: StackFile },
): { readonly text: string; readonly changes: readonly VersionChange[] } {
  const changes: VersionChange[] = [];
  let text = to.text;
  for (const path of paths) {
    const source = scalarAt({ ...from }, path);
    const target = scalarAt({ file: to.file, text }, path);
    if (source.value === target.value) continue;
    if (target.refuse) throw target.refuse();
    changes.push({ path, before: target.value, after: source.value });
    text = text.slice(0, target.start) + written(source.value, target.quote) + text.slice(target.end);
    // What was written has to be read back as it was meant.
    const check = scalarAt({ file: to.file, text }, path);
    if (check.value !== source.value)
      throw new Error(
        `${path} of ${to.file} was written as ${JSON.stringify(source.value)} and reads as ${JSON.stringify(check.value)}`,
      );
  }
  return { text, changes };
}

interface Found {
  readonly value: string | number | boolean;
  readonly start: number;
  readonly end: number;
  readonly quote: '"' | "'" | '';
  /** Why nothing else can be written there. */
  readonly refuse: (() => Error) | undefined;
}

function scalarAt({ file, text }: StackFile, path: string): Found {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    const at = lines.linePos(broken.pos[0]);
    throw userError(`Cannot promote as a stack's file is no YAML: ${broken.message.split('\n')[0]} Correct it.`, {
      place: { file, line: at.line, column: at.col },
    });
  }
  const node = nodeAt(document, ['config', ...partsOf(path)], { file, path });
  if (isMap(node) && node.has('secure'))
    throw wrong({ file, path, lines, node }, 'is a secret, and secrets are of one stack');
  if (!isScalar(node) || !node.range || !isVersion(node.value))
    throw wrong({ file, path, lines, node }, 'is no single value');
  const [start, end] = node.range;
  const quote = text[start] === '"' ? '"' : text[start] === "'" ? "'" : '';
  const inPlace = node.anchor === undefined && !/[|>]/.test(text[start] ?? '');
  const refuse = () => wrong({ file, path, lines, node }, 'is an anchor or a block, and cannot be replaced in place');
  return { value: node.value, start, end, quote, refuse: inPlace ? undefined : refuse };
}

function isVersion(value: unknown): value is Found['value'] {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function nodeAt(
  document: Document,
  parts: readonly (string | number)[],
  { file, path }: { readonly file: string; readonly path: string },
): unknown {
  const node: unknown = document.getIn(parts, true);
  if (node !== undefined) return node;
  throw userError(
    `Cannot promote as the file has no such place below config: ${path}. Add it, or correct promotions in mainstay.yaml.`,
    {
      place: { file },
    },
  );
}

function wrong(
  {
    file,
    path,
    lines,
    node,
  }: { readonly file: string; readonly path: string; readonly lines: LineCounter; readonly node: unknown },
  why: string,
): Error {
  const range =
    typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
      ? (node.range as number[])
      : undefined;
  const at = range && lines.linePos(range[0]!);
  const place = formatPlace({ file, line: at?.line, column: at?.col });
  return userError(`${place} Cannot promote ${path} as it ${why}. Name another place in promotions of mainstay.yaml.`);
}

/** A text that YAML reads as this value, in the quotes that were there where they serve. */
function written(value: Found['value'], quote: Found['quote']): string {
  if (typeof value !== 'string') return String(value);
  if (quote === "'" && !value.includes("'") && !/[\n\r]/.test(value)) return `'${value}'`;
  if (quote === '' && /^[A-Za-z][\w./@:-]*$/.test(value) && !/:$|^(true|false|null|yes|no|on|off)$/i.test(value))
    return value;
  return JSON.stringify(value);
}
