import { shownSteps } from '../core/planned-step.ts';
import { changeLine, stepLine } from '../core/report-text.ts';
import { countsText } from '../core/summarise.ts';
import type { LocalPreview } from './preview-locally.ts';

/** A preview as lines: the verdict first, then why, then every step with its property changes, dangerous ones first. */
export function previewLines({ stack, reasons, outcome, problem }: LocalPreview): readonly string[] {
  const sandbox = outcome?.sandbox ? ' (sandbox)' : '';
  const verdict = problem === undefined && outcome ? countsText('preview', outcome) : 'failed';
  const time = outcome ? `  ${(outcome.milliseconds / 1000).toFixed(2)} s` : '';
  const digest = outcome?.result === 'succeeded' ? `  digest ${outcome.digest}` : '';
  const errors = (outcome?.diagnostics ?? []).filter(({ severity }) => severity !== 'info');
  const said = new Set(errors.map(({ message }) => message.trim()));
  return [
    `${stack}${sandbox}  ${verdict}${digest}${time}`,
    ...reasons.map((reason) => `  why  ${reason}`),
    ...(problem !== undefined && !said.has(problem.trim()) ? indent(problem) : []),
    ...errors.flatMap(({ severity, message }) => indent(`${severity}: ${message.trim()}`)),
    ...shownSteps(outcome?.steps ?? []).flatMap((step) => [
      `  ${stepLine(step)}`,
      ...step.changes.map((change) => `      ${changeLine(change)}`),
    ]),
  ];
}

function indent(text: string): readonly string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`);
}

/** A preview as plain data, for `--json`. */
export function previewData({ stack, reasons, outcome, problem }: LocalPreview): Readonly<Record<string, unknown>> {
  return {
    stack,
    reasons,
    result: outcome?.result ?? 'failed',
    problem,
    digest: outcome?.result === 'succeeded' ? outcome.digest : undefined,
    sandbox: outcome?.sandbox,
    engine: outcome?.engine,
    counts: outcome?.counts,
    steps: shownSteps(outcome?.steps ?? []),
    diagnostics: outcome?.diagnostics,
    milliseconds: outcome?.milliseconds,
  };
}
