import { isDeepStrictEqual } from 'node:util';
import { type Document, parseDocument, type ToStringOptions } from 'yaml';

/** Beyond this many pairs of lines no comparison is worth its time: the edited text is taken as it is. */
const WORTHWHILE = 4_000_000;

/** The ways of laying out YAML that the library can write; it mixes none. */
const LAYOUTS: readonly ToStringOptions[] = [2, 4].flatMap((indent) =>
  [true, false].flatMap((indentSeq) =>
    [true, false].map((flowCollectionPadding) => ({ lineWidth: 0, indent, indentSeq, flowCollectionPadding })),
  ),
);

/**
 * The text of a document that was read from `original` and then edited, with the layout of the one who wrote it: only lines that the
 * edit is about are other ones. A document that is written out again has one style for all of its lists and blank space; comparing what it
 * gives without and with the edit shows which lines those are. Means the same as the document, always.
 */
export function keepLayout(original: string, document: Document): string {
  const own = original.split('\n');
  const candidates = LAYOUTS.map((layout) => ({ layout, lines: parseDocument(original).toString(layout).split('\n') }));
  const strange = (lines: readonly string[]) => lines.filter((line, index) => line !== own[index]).length;
  const ranked = candidates.sort((a, b) => strange(a.lines) - strange(b.lines));
  const { layout, lines: before } = ranked.find(({ lines }) => lines.length === own.length) ?? ranked[0]!;
  const edited = document.toString(layout);
  const after = edited.split('\n');
  // Where writing it out moves lines, they cannot be told apart one by one.
  if (own.length !== before.length || before.length * after.length > WORTHWHILE) return edited;
  const kept = commonLines(before, after);
  const text = after.map((line, index) => own[kept.get(index) ?? -1] ?? line).join('\n');
  return isDeepStrictEqual(meaningOf(text), meaningOf(edited)) ? text : edited;
}

function meaningOf(text: string): unknown {
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : document.toJS();
}

/** A longest common subsequence: index in `after` -> index in `before`. */
function commonLines(before: readonly string[], after: readonly string[]): ReadonlyMap<number, number> {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const [row, below] = [lengths[i]!, lengths[i + 1]!];
      row[j] = before[i] === after[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!);
    }
  }
  const common = new Map<number, number>();
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (before[i] === after[j]) common.set(j++, i++);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i += 1;
    else j += 1;
  }
  return common;
}
