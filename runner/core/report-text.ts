import type { Affected } from './affected-stacks.ts';
import type { Change } from './change.ts';
import { fitLines, type LineSection } from './fit-lines.ts';
import { changesSomething, nameOf, type PlannedStep, type PropertyChange, shownSteps } from './planned-step.ts';
import type { Run, Undo } from './run.ts';
import { isBlocked, typesLines, typesText } from './type-check.ts';
import { undoOf } from './undo.ts';

/** Found again by this in whatever people write around it. */
export const COMMENT_MARKER = '<!-- mainstay:change -->';

/** The longest comment that every forge takes (GitHub's limit is 65,536 characters), with room for what a forge adds. */
const LONGEST_COMMENT = 60_000;

/** What a comment is written from. */
export interface ChangeReport {
  readonly change: Pick<Change, 'name' | 'head' | 'merge' | 'problem' | 'types'>;
  readonly runs: readonly Run[];
  readonly untouched: number;
  readonly removed: Affected['removed'];
  /** Address of the change's page. */
  readonly link: string | undefined;
}

/** One line that says whether this can be merged and what it would do. */
export function verdictOf(report: ChangeReport): string {
  if (report.change.problem) return `Cannot be previewed: ${report.change.problem.split('\n')[0]}`;
  const { runs } = report;
  if (runs.length === 0) return 'Changes no stack.';
  const failed = runs.filter(({ state }) => state === 'failed' || state === 'cancelled');
  if (failed.length > 0) return `The preview of ${list(failed.map(({ stack }) => stack))} failed.`;
  const open = runs.filter(({ state }) => state !== 'succeeded');
  if (open.length > 0) return `Previewing ${list(open.map(({ stack }) => stack))}.`;
  if (isBlocked(report.change)) return `Types: ${typesText(report.change.types!)}.`;
  const dangerous = runs.filter(({ outcome }) =>
    outcome?.steps.some(({ operation }) => /delete|replace/.test(operation)),
  );
  if (dangerous.length > 0) return `Deletes or replaces resources in ${list(dangerous.map(({ stack }) => stack))}.`;
  const changing = runs.filter(({ outcome }) => outcome?.steps.some(changesSomething));
  return changing.length === 0 ? 'Changes nothing that runs.' : `Changes ${list(changing.map(({ stack }) => stack))}.`;
}

/**
 * The one comment of a change, in Markdown, in at most 60,000 characters. Property diffs are cut first, then reasons and the rows of stacks that nothing happens
 * to. Deletes, replacements and errors are cut only where they alone are more than any forge takes; that is said in bold, with how many.
 */
export function commentOf(report: ChangeReport): string {
  const head = headOf(report, report.runs);
  const foot = ['', `Commit ${short(report.change.head)}${report.link ? `, [details](${report.link})` : ''}`];
  const sections = report.runs.flatMap(mustSections);
  const must = sections.map(({ heading, lines, render }) => `\n${heading}\n${render(lines)}`);
  const rest = report.runs.flatMap(restSections);
  let size = [...head, ...must, ...foot].join('\n').length;
  if (size > LONGEST_COMMENT) return leanComment(report, { sections, foot });
  const kept = rest.filter((section) => {
    const fits = size + section.length < LONGEST_COMMENT;
    if (fits) size += section.length + 1;
    return fits;
  });
  const cut = rest.length - kept.length;
  const note =
    cut > 0 ? ['', `${count(cut, 'section')} left out as the comment would be too long; see the details.`] : [];
  return [...head, ...must, ...kept, ...note, ...foot].join('\n');
}

function headOf({ change, runs, untouched, removed }: ChangeReport, shown: readonly Run[]): readonly string[] {
  return [
    COMMENT_MARKER,
    `**${verdictOf({ change, runs, untouched, removed, link: undefined })}**`,
    '',
    ...(change.problem ? [fenced(change.problem)] : []),
    ...tableOf(shown),
    ...undoLines(shown),
    ...(change.types ? typesLines(change.types) : []),
    ...(untouched > 0 ? ['', `${count(untouched, 'other stack')} not affected.`] : []),
    ...removed.map((id) => `The file of ${id} is removed. Its resources stay: destroy the stack before.`),
  ];
}

/** Where what must be said is long already: nothing else is. */
function leanComment(
  report: ChangeReport,
  { sections, foot }: { readonly sections: readonly LineSection[]; readonly foot: readonly string[] },
): string {
  const { change, runs, removed } = report;
  const worst = runs.toSorted((a, b) => rankOf(a) - rankOf(b)).map((run) => ({ ...run, reasons: [] }));
  const rows = worst.slice(0, LEAN_ROWS);
  const problem = change.problem && change.problem.length > 5000 ? `${change.problem.slice(0, 5000)}…` : change.problem;
  const few = removed.slice(0, LEAN_ROWS);
  const head = headOf({ ...report, change: { ...change, problem }, removed: few }, rows).map((line) =>
    line.length > 6000 ? `${line.slice(0, 6000)}…` : line,
  );
  if (runs.length > rows.length) head.push(`${count(runs.length - rows.length, 'stack')} more; see the details.`);
  if (removed.length > few.length) head.push(`${removed.length - few.length} more files of stacks are removed.`);
  const budget = LONGEST_COMMENT - [...head, ...foot].join('\n').length - 300;
  const { texts, left } = fitLines(sections, budget);
  const note =
    left > 0
      ? [
          `**${left} more lines about what fails, is deleted or is replaced do not fit in a comment: see the details before you merge.**`,
        ]
      : ['What is only changed is left out as the comment would be too long; see the details.'];
  return [...head, '', ...note, ...texts, ...foot].join('\n');
}

/** Rows of the table where there is no room. */
const LEAN_ROWS = 100;

function rankOf({ state, outcome }: Run): number {
  if (state === 'failed' || state === 'cancelled') return 0;
  const steps = outcome?.steps ?? [];
  if (steps.some(isDangerous)) return 1;
  return steps.some(changesSomething) ? 2 : 3;
}

function tableOf(runs: readonly Run[]): readonly string[] {
  if (runs.length === 0) return [];
  const rows = runs.map(
    (run) =>
      `| ${run.stack}${run.outcome?.sandbox ? ' (sandbox)' : ''} | ${cell(run.summary || run.state)} | ${run.outcome?.digest ? `\`${run.outcome.digest}\`` : ''} | ${cell(
        run.reasons
          .map(({ text }) => text)
          .slice(0, 3)
          .join('; '),
      )} |`,
  );
  return ['| stack | result | digest | why |', '| --- | --- | --- | --- |', ...rows];
}

/** Can this be undone? The worst answer of all stacks that change, in one line. */
export function undoVerdict(runs: readonly Run[]): Pick<Undo, 'answer' | 'text'> {
  const undos = undosOf(runs);
  const worst = (['no', 'unknown', 'loses'] as const).find((answer) =>
    undos.some(({ undo }) => undo.answer === answer),
  );
  if (worst === undefined) {
    const [only] = undos;
    const text = undos.length === 1 ? only!.undo.text : 'Yes, by putting the old commit back.';
    return { answer: 'yes', text: undos.length === 0 ? 'There is nothing to undo.' : text };
  }
  const { stack, undo } = undos.find((one) => one.undo.answer === worst)!;
  return { answer: worst, text: `${stack}: ${undo.text}` };
}

function undosOf(runs: readonly Run[]): readonly { readonly stack: string; readonly undo: Undo }[] {
  return runs
    .filter(({ state }) => state === 'succeeded')
    .map(({ stack, outcome }) => ({ stack, undo: undoOf(outcome), changes: outcome?.steps.some(changesSomething) }))
    .filter(({ undo, changes }) => changes || undo.answer !== 'yes');
}

/** One line where all is well, else one for each stack where it is not. */
function undoLines(runs: readonly Run[]): readonly string[] {
  const undos = undosOf(runs);
  if (undos.length === 0) return [];
  const bad = undos.filter(({ undo }) => undo.answer !== 'yes');
  if (bad.length === 0) return ['', `Can this be undone? ${undoVerdict(runs).text}`];
  return ['', 'Can this be undone?', ...bad.map(({ stack, undo }) => `- ${stack}: ${undo.text}`)];
}

/** Errors, deletes and replacements. */
function mustSections(run: Run): readonly LineSection[] {
  const errors = (run.outcome?.diagnostics ?? [])
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message.trim());
  const failure = run.state === 'failed' && errors.length === 0 ? [run.summary] : errors;
  const dangerous = shownSteps(run.outcome?.steps ?? []).filter(isDangerous);
  const said = failure.join('\n').split('\n');
  const lines = dangerous.map((step) => `- ${stepLine(step)}`);
  return [
    ...(failure.length > 0
      ? [
          {
            heading: `### ${run.stack} failed`,
            lines: said,
            render: (kept: readonly string[]) => fenced(kept.join('\n')),
          },
        ]
      : []),
    ...(dangerous.length > 0
      ? [
          {
            heading: `### ${run.stack}: loses or replaces`,
            lines,
            render: (kept: readonly string[]) => kept.join('\n'),
          },
        ]
      : []),
  ];
}

function isDangerous({ operation }: PlannedStep): boolean {
  return /delete|replace/.test(operation);
}

/** What policies advise, and the property diffs, folded. */
function restSections(run: Run): readonly string[] {
  return [...adviceSections(run), ...diffSections(run)];
}

function adviceSections({ stack, outcome }: Run): readonly string[] {
  const advice = (outcome?.diagnostics ?? []).filter(({ policy, severity }) => policy && severity !== 'error');
  if (advice.length === 0) return [];
  const lines = advice.map(({ message, urn }) => `${message}${urn ? ` (${urn.split('::').at(-1)})` : ''}`);
  return [
    `\n<details><summary>${stack}: ${count(advice.length, 'policy warning')}</summary>\n\n${fenced(lines.join('\n'))}\n</details>`,
  ];
}

function diffSections(run: Run): readonly string[] {
  const steps = shownSteps(run.outcome?.steps ?? []);
  if (steps.length === 0) return [];
  const lines = steps.flatMap((step) => [stepLine(step), ...step.changes.map((change) => `    ${changeLine(change)}`)]);
  return [
    `\n<details><summary>${run.stack}: ${count(steps.length, 'step')}</summary>\n\n${fenced(lines.join('\n'), 'diff')}\n</details>`,
  ];
}

const SIGNS: Readonly<Record<string, string>> = {
  create: '+',
  delete: '-',
  update: '~',
  replace: '±',
  'create-replacement': '±',
};

/** `~ kubernetes:apps/v1:Deployment shop`. */
export function stepLine(step: PlannedStep): string {
  const why = step.replacedBy.length > 0 ? ` (as ${step.replacedBy.join(', ')} cannot be changed in place)` : '';
  return `${SIGNS[step.operation] ?? step.operation} ${step.type} ${nameOf(step.urn)}${why}`;
}

/** `spec.replicas: 1 → 2`. */
export function changeLine({ path, kind, before, after }: PropertyChange): string {
  if (kind === 'add') return `${path}: ${valueText(after)}`;
  return kind === 'delete' ? `${path}: ${valueText(before)} →` : `${path}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '?');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** A fence that the text cannot close. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}

function list(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The first characters of a commit, as people name it. */
export function short(commit: string): string {
  return commit.slice(0, 8);
}
