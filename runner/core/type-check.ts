/** One mistake that the compiler found, at a place of the repository. Lines and columns count from 1; 0 where it is about none. */
export interface TypeMistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `TS2322`. */
  readonly code: string;
  readonly message: string;
}

/** What the check of a change's programs came to: a step beside its previews, which neither waits for them nor keeps them waiting. */
export interface TypeCheck {
  /** The commit that was checked. */
  readonly commit: string;
  /** `broken` where the check itself could not be made. */
  readonly state: 'passed' | 'mistakes' | 'broken';
  /** How many there are; of them at most `MISTAKES_KEPT` are here. */
  readonly count: number;
  readonly mistakes: readonly TypeMistake[];
  /** Why it could not be made. */
  readonly problem: string | undefined;
  /** Whether the settings want it to keep the change from being merged. */
  readonly blocks: boolean;
}

export const MISTAKES_KEPT = 100;

/** Of a comment. */
const SHOWN = 10;

/** Whether it keeps a change from being merged. */
export function isBlocked({ types }: { readonly types?: TypeCheck | undefined }): boolean {
  return types?.blocks === true && types.state !== 'passed';
}

/** `2 errors, infra/index.ts:12:3 …` */
export function typesText({ state, count, mistakes, problem }: TypeCheck): string {
  if (state === 'passed') return 'no errors';
  if (state === 'broken') return `not checked: ${(problem ?? '').split('\n')[0]}`;
  const [first] = mistakes;
  const place = first ? `, ${placeOf(first)}` : '';
  return `${count === 1 ? '1 error' : `${count} errors`}${place}${count > 1 ? ' …' : ''}`;
}

/** Lines of a comment, in Markdown; none where all is well. */
export function typesLines(check: TypeCheck): readonly string[] {
  if (check.state === 'passed') return [];
  const head = ['', `Types: ${check.state === 'broken' ? typesText(check) : `**${typesText(check)}**`}`];
  if (check.mistakes.length === 0) return head;
  const shown = check.mistakes.slice(0, SHOWN).map((mistake) => mistakeLine(mistake));
  const more = check.count > shown.length ? [`${check.count - shown.length} more`] : [];
  return [...head, '', '```', ...shown, ...more, '```'];
}

function mistakeLine(mistake: TypeMistake): string {
  const message = mistake.message.split('\n')[0]!.replaceAll('`', "'").slice(0, 300);
  return `${placeOf(mistake)} ${mistake.code}: ${message}`;
}

function placeOf({ file, line, column }: TypeMistake): string {
  if (file === '') return 'tsconfig';
  return line === 0 ? file : `${file}:${line}:${column}`;
}
