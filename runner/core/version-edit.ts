import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
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

/** Writes the values of `from` at these places into the text of `to`, as `editVersions` does. */
export function copyVersions(
  paths: readonly string[],
  { from, to }: { readonly from: StackFile; readonly to: StackFile },
): EditedFile {
  return editVersions(paths, to, (path) => scalarAt(from, path).value);
}

/** A stack's file with other versions. */
export interface EditedFile {
  readonly text: string;
  readonly changes: readonly VersionChange[];
}

/**
 * Writes into the text of a stack's file what `decide` says for what is at each place now: only the letters of the values change, comments, order, quotes
 * of others and layout stay. Throws a user error that names file, line and place where a value is missing, is no single value, or is a secret; and where
 * the file is not one YAML document in UTF-8.
 */
export function editVersions(
  paths: readonly string[],
  file: StackFile,
  decide: (path: string, present: VersionValue) => VersionValue,
): EditedFile {
  const changes: VersionChange[] = [];
  let { text } = file;
  for (const path of paths) {
    const target = scalarAt({ file: file.file, text }, path);
    const value = decide(path, target.value);
    if (value === target.value) continue;
    if (target.refuse) throw target.refuse();
    changes.push({ path, before: plain(target.value), after: plain(value) });
    text = text.slice(0, target.start) + written(value, target.quote) + text.slice(target.end);
    // What was written has to be read back as it was meant.
    const check = scalarAt({ file: file.file, text }, path);
    if (check.value !== value)
      throw new Error(`${path} of ${file.file} was written as ${String(value)} and reads as ${String(check.value)}`);
  }
  return { text, changes };
}

/** Whole numbers are never rounded. */
export type VersionValue = string | number | bigint | boolean;

interface Found {
  readonly value: VersionValue;
  readonly start: number;
  readonly end: number;
  readonly quote: '"' | "'" | '';
  /** Why nothing else can be written there. */
  readonly refuse: (() => Error) | undefined;
}

function scalarAt({ file, text }: StackFile, path: string): Found {
  const lines = new LineCounter();
  const document = readDocument({ file, text }, lines);
  const named = nodeAt(document, ['config', ...partsOf(path)], { file, path });
  const node = isAlias(named) ? named.resolve(document) : named;
  if (isMap(node) && node.has('secure'))
    throw wrong({ file, path, lines, node }, 'is a secret, and secrets are of one stack');
  if (!isScalar(node) || !node.range || !isVersion(node.value))
    throw wrong({ file, path, lines, node }, 'is no single value');
  const [start, end] = node.range;
  const quote = text[start] === '"' ? '"' : text[start] === "'" ? "'" : '';
  const inPlace =
    node === named && node.anchor === undefined && node.tag === undefined && !/[|>]/.test(text[start] ?? '');
  const refuse = () =>
    wrong(
      { file, path, lines, node: named },
      'is an anchor, an alias, tagged or a block, and cannot be replaced in place',
    );
  return { value: node.value, start, end, quote, refuse: inPlace ? undefined : refuse };
}

function isVersion(value: unknown): value is VersionValue {
  return ['string', 'bigint', 'boolean'].includes(typeof value) || Number.isFinite(value);
}

/** As JSON can have it. */
function plain(value: VersionValue): string | number | boolean {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function readDocument({ file, text }: StackFile, lines: LineCounter): Document {
  if (text.includes('\uFFFD'))
    throw userError(`Cannot promote as a stack's file is not in UTF-8, and would be damaged. Save it as UTF-8.`, {
      place: { file },
    });
  const document = parseDocument(text, { lineCounter: lines, intAsBigInt: true });
  const broken = document.errors[0];
  if (!broken) return document;
  const at = lines.linePos(broken.pos[0]);
  const why =
    broken.code === 'MULTIPLE_DOCS'
      ? 'is several YAML documents, and a stack has one. Take out what follows.'
      : `is no YAML: ${broken.message.split('\n')[0]} Correct it.`;
  throw userError(`Cannot promote as a stack's file ${why}`, { place: { file, line: at.line, column: at.col } });
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

/** What YAML only has as an escape (https://yaml.org/spec/1.2.2/#51-character-set), and breaks of lines. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\ufeff\ufffe\uffff]/gu;

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A text that YAML reads as this value, in the quotes that were there where they serve. */
function written(value: VersionValue, quote: Found['quote']): string {
  if (typeof value !== 'string') return String(value);
  if (quote === "'" && !value.includes("'") && value.search(UNPRINTABLE) < 0) return `'${value}'`;
  if (quote === '' && /^[A-Za-z][\w./@:-]*$/.test(value) && !/:$|^(true|false|null|yes|no|y|n|on|off)$/i.test(value))
    return value;
  return JSON.stringify(value).replace(UNPRINTABLE, escaped);
}
