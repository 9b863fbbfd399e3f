/** A heading and lines under it, all of which are wanted. */
export interface LineSection {
  readonly heading: string;
  readonly lines: readonly string[];
  /** The text under the heading: a list as it is, or what a program said in a fence. */
  readonly render: (lines: readonly string[]) => string;
}

/** What says of a section that not all of it is here. */
const REST = (left: number) => `_… and ${left} more that ${left === 1 ? 'does' : 'do'} not fit here._`;

/** The longest note of that kind, and the line feeds around it. */
const REST_LENGTH = 60;

/**
 * The sections in at most `budget` characters. Whoever has much leaves room for the ones after him; lines that do not fit are counted under their heading, and
 * those of sections that do not fit at all in `left` too. A single line that is too long is shortened.
 */
export function fitLines(
  sections: readonly LineSection[],
  budget: number,
): { readonly texts: readonly string[]; readonly left: number } {
  const texts: string[] = [];
  let [left, remaining] = [0, budget];
  for (const [index, section] of sections.entries()) {
    const share = Math.max(Math.floor(remaining / (sections.length - index)), Math.min(remaining, 1000));
    const text = sectionIn(section, share);
    if (text === undefined) {
      left += section.lines.length;
      continue;
    }
    left += section.lines.length - text.shown;
    remaining -= text.text.length;
    texts.push(text.text);
  }
  return { texts, left };
}

function sectionIn(
  { heading, lines, render }: LineSection,
  share: number,
): { readonly text: string; readonly shown: number } | undefined {
  const whole = `\n${heading}\n${render(lines)}\n`;
  if (whole.length <= share) return { text: whole, shown: lines.length };
  // What rendering adds, a fence that is longer than usual included.
  const frame = `\n${heading}\n${render([])}\n`.length + REST_LENGTH + 20;
  const kept: string[] = [];
  let room = share - frame;
  for (const line of lines) {
    if (line.length + 1 > room) break;
    kept.push(line);
    room -= line.length + 1;
  }
  const shown = kept.length;
  // One that is shortened counts as not here.
  if (shown === 0 && room > 100) kept.push(`${lines[0]!.slice(0, room - 2)}…`);
  if (kept.length === 0) return undefined;
  const text = `\n${heading}\n${render(kept)}\n${REST(lines.length - shown)}\n`;
  return text.length <= share ? { text, shown } : undefined;
}
