/** A line of the old text that is gone, of the new one that is new, or of both. */
export interface DiffedLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/** Above it (old times new lines that are not the same at both ends) the whole is shown as replaced. */
const LARGEST_TABLE = 4_000_000;

/** How one text became another, line by line, with as few changes as can be. A line break at the end of both is not a line. */
export function diffLinesOfText(old: string, next: string): readonly DiffedLine[] {
  const [before, after] = linesOf(old, next);
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end += 1;
  const middle = changedPart(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return [
    ...before.slice(0, start).map((text) => ({ sign: ' ' as const, text })),
    ...middle,
    ...before.slice(before.length - end).map((text) => ({ sign: ' ' as const, text })),
  ];
}

function linesOf(old: string, next: string): readonly [readonly string[], readonly string[]] {
  const both = old.endsWith('\n') && next.endsWith('\n');
  const split = (text: string): readonly string[] => (both ? text.slice(0, -1) : text).split('\n');
  return [split(old), split(next)];
}

/** By the longest common subsequence; what is gone comes before what is new. */
function changedPart(before: readonly string[], after: readonly string[]): readonly DiffedLine[] {
  const gone = before.map((text) => ({ sign: '-' as const, text }));
  const added = after.map((text) => ({ sign: '+' as const, text }));
  if (before.length * after.length > LARGEST_TABLE) return [...gone, ...added];
  const common = commonLengths(before, after);
  const lines: DiffedLine[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push({ sign: ' ', text: before[row]! });
      row += 1;
      column += 1;
    } else if (
      row < before.length &&
      (column === after.length || common[row + 1]![column]! >= common[row]![column + 1]!)
    ) {
      lines.push(gone[row]!);
      row += 1;
    } else {
      lines.push(added[column]!);
      column += 1;
    }
  }
  return lines;
}

/** How many lines the two have in common from a row and a column on. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly Uint32Array[] {
  const table = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      table[row]![column] =
        before[row] === after[column]
          ? table[row + 1]![column + 1]! + 1
          : Math.max(table[row + 1]![column]!, table[row]![column + 1]!);
  return table;
}
