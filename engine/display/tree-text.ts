import { isRootStack, parseUrn } from '../deploy/urn.ts';
import type { Colors } from './colors.ts';
import { messageLines } from './diagnostics-text.ts';
import { diffText } from './diff-text.ts';
import { operationWords, stepWords } from './operation-words.ts';
import type { ResourceRow, TreeRow } from './resource-rows.ts';
import { typeName } from './type-name.ts';

/** How the table of resources is written. */
export interface TreeStyle {
  readonly colors: Colors;
  readonly preview: boolean;
  readonly showUrns: boolean;
  /** The operation has ended: messages are counted, as all of them follow below. */
  readonly ended: boolean;
  /** Milliseconds of the clock by which the rows were made. */
  readonly now: number;
  /** Longer lines are cut. Default: nothing is. */
  readonly columns?: number;
}

/** A text with colours, and how wide it is. */
interface Cell {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** The table: a heading and one line for each row, without an end of line. */
export function treeLines(rows: readonly TreeRow[], style: TreeStyle): string[] {
  const plain = (text: string): Cell => ({ text, paint: (same) => same });
  const heading = (text: string): Cell => ({ text, paint: style.colors.heading });
  const status = style.preview ? 'Plan' : 'Status';
  const titles = style.showUrns ? ['', 'URN', status] : ['', 'Type', 'Name', status];
  const table = rows.map((row) => cellsOf(row, style));
  const info = table.some((cells) => cells.at(-1)!.text !== '') ? 'Info' : '';
  const lines = [[...titles, info].map(heading), ...table];
  const widths = titles.map((_, column) => Math.max(...lines.map((cells) => widthOf(cells[column]!.text))));
  return lines.map((cells) => {
    const padded = cells.map((cell, column) => withWidth(cell, widths[column] ?? 0));
    return cutTo([plain(' '), padded[0]!, plain('  '), ...joined(padded.slice(1), plain('  '))], style.columns);
  });
}

function joined(cells: readonly Cell[], between: Cell): readonly Cell[] {
  return cells.flatMap((cell, index) => (index === 0 ? [cell] : [between, cell]));
}

/** A width of at least two columns for the sign of the operation. */
function cellsOf({ row, lasts }: TreeRow, style: TreeStyle): readonly Cell[] {
  const { colors, showUrns } = style;
  const { sign, color } = operationWords(row.step?.op ?? 'same');
  const plain = (text: string): Cell => ({ text, paint: (same) => same });
  const { type, name } = parseUrn(row.urn);
  const branch = lasts.map((last, depth) => branchText(last, depth === lasts.length - 1)).join('');
  const names = showUrns ? [plain(`${branch}${row.urn}`)] : [plain(`${branch}${typeName(type)}`), plain(name)];
  return [{ text: sign, paint: colors[color] }, ...names, statusOf(row, style), plain(infoOf(row, style))];
}

function branchText(last: boolean, own: boolean): string {
  if (own) return last ? '└─ ' : '├─ ';
  return last ? '   ' : '│  ';
}

function statusOf(row: ResourceRow, { colors, ended, now }: TreeStyle): Cell {
  const { planned, running, done, color } = stepWords(row.step);
  if (row.phase === 'failed' || row.counts.error > 0)
    return { text: `**${running === '' ? '' : `${running} `}failed**`, paint: colors.error };
  if (isRootStack(row.urn) && !ended && (row.phase !== 'running' || running === ''))
    return { text: 'running', paint: colors.bold };
  if (row.phase === 'planned') return { text: planned, paint: colors[color] };
  if (row.phase === 'done' || running === '') return { text: withTime(done, row.seconds), paint: colors[color] };
  if (ended) return { text: `**${running} interrupted**`, paint: colors.error };
  return { text: `${running} (${Math.floor((now - row.began) / 1000)}s)`, paint: colors[color] };
}

function withTime(word: string, seconds: number | undefined): string {
  if (word === '' || seconds === undefined) return word;
  return `${word} (${seconds < 10 ? seconds.toFixed(2) : Math.round(seconds)}s)`;
}

/** What changes, and what was said: the last message while it runs, how many at the end. */
function infoOf(row: ResourceRow, style: TreeStyle): string {
  const changes = row.step === undefined ? '' : diffText(row.step);
  const said = style.ended ? countsText(row) : lastText(row, style);
  return [row.sandboxed ? '[sandbox]' : '', changes, said].filter((part) => part !== '').join('; ');
}

function countsText({ counts }: ResourceRow): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}${count === 1 ? '' : 's'}`)
    .join('; ');
}

function lastText({ last }: ResourceRow, { colors }: TreeStyle): string {
  return last === undefined ? '' : (messageLines(last, { ...colors, error: same, warning: same })[0] ?? '');
}

const same = (text: string): string => text;

/** Columns on a terminal, by code points: wide characters count as two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character.codePointAt(0)!);
  return width;
}

function widthOfCharacter(code: number): number {
  if (code < 32 || (code >= 0x300 && code < 0x370) || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

function withWidth(cell: Cell, width: number): Cell {
  return { ...cell, text: cell.text + ' '.repeat(Math.max(0, width - widthOf(cell.text))) };
}

/** The cells as one line; spaces at its end are left out. What says more than fits ends in an ellipsis. */
function cutTo(cells: readonly Cell[], columns: number | undefined): string {
  const width = cells.reduce((sum, { text }) => sum + widthOf(text), 0);
  let rest = columns === undefined || width <= columns ? Number.POSITIVE_INFINITY : columns - 1;
  let line = '';
  for (const [index, { text, paint }] of cells.entries()) {
    const isLast = index === cells.length - 1;
    const kept = fitting(isLast ? text.trimEnd() : text, rest);
    line += kept.trim() === '' ? kept : paint(kept);
    rest -= widthOf(kept);
    if (kept.length < text.trimEnd().length) return `${line}…`;
  }
  return line.trimEnd();
}

function fitting(text: string, width: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += widthOfCharacter(character.codePointAt(0)!);
    if (used > width) return kept;
    kept += character;
  }
  return kept;
}
