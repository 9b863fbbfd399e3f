import { type Correction, type CorrectionVerdict, type DriftFinding, NO_DRIFT } from './drift.ts';
import type { DriftRecord, DriftState } from './keeping-store.ts';
import { changeLine, stepLine } from './report-text.ts';

const DAY = 86_400_000;

/** How long what was put back is remembered, so that its coming again is noticed as such. */
export function memoryOf(every: number): number {
  return Math.max(DAY, 3 * every);
}

/** The last correction, where it still counts: of the same commit, and not long ago. */
export function lastCorrection(
  record: DriftRecord | undefined,
  { now, commit, every }: { readonly now: number; readonly commit: string; readonly every: number },
): Correction | undefined {
  const last = record?.correction;
  return last?.commit === commit && now - Date.parse(last.at) <= memoryOf(every) ? last : undefined;
}

/** What is remembered after a look. */
export function recordAfter(
  before: DriftRecord | undefined,
  look: {
    readonly repository: string;
    readonly stack: string;
    readonly commit: string;
    readonly at: Date;
    readonly finding: DriftFinding;
    readonly verdict: CorrectionVerdict;
    readonly correction: Correction | undefined;
  },
): DriftRecord {
  const { repository, stack, commit, at, finding, verdict, correction } = look;
  const state: DriftState =
    finding.differences.length === 0
      ? 'none'
      : verdict.kind === 'leave' && verdict.flapping.length > 0
        ? 'flapping'
        : 'drifted';
  const stands = before?.since !== undefined && state !== 'none';
  return {
    ...{ repository, stack, commit, state, finding, correction },
    summary: summaryOf(finding, verdict),
    lookedAt: at,
    since: state === 'none' ? undefined : stands ? before.since : at,
    run: sameDifferences(before?.finding ?? NO_DRIFT, finding) ? before?.run : undefined,
    issue: before?.issue,
  };
}

/** What is remembered after a look that could not be made: what was known stays, and is said to be old. */
export function recordOfFailure(
  before: DriftRecord | undefined,
  look: Pick<DriftRecord, 'repository' | 'stack' | 'commit'> & { readonly at: Date; readonly problem: string },
): DriftRecord {
  const { repository, stack, commit, at, problem } = look;
  return {
    ...{ finding: NO_DRIFT, since: undefined, correction: undefined, issue: undefined, run: undefined },
    ...before,
    ...{ repository, stack, commit, state: 'unknown', lookedAt: at },
    summary: `could not be looked at: ${problem.split('\n')[0]!.slice(0, 300)}`,
  };
}

export function sameDifferences(a: DriftFinding, b: DriftFinding): boolean {
  const of = ({ differences }: DriftFinding) =>
    differences
      .map(({ fingerprint }) => fingerprint)
      .sort()
      .join('\n');
  return of(a) === of(b);
}

function summaryOf({ differences, quiet, ignored, expired }: DriftFinding, verdict: CorrectionVerdict): string {
  const asides = [
    quiet.length > 0 ? `${quiet.length} changed without consequence` : '',
    ignored.length > 0 ? `${ignored.length} accepted by a rule` : '',
    ...expired.map(({ owner, resource, until }) => `the rule of ${owner} for ${resource} ended on ${until}`),
  ].filter((text) => text !== '');
  const aside = asides.length > 0 ? ` (${asides.join(', ')})` : '';
  if (differences.length === 0) return `as it should be${aside}`;
  const many = `${differences.length} ${differences.length === 1 ? 'resource differs' : 'resources differ'}${aside}`;
  return verdict.kind === 'correct' ? `${many}; is put back` : `${many}; left, as ${verdict.why}`;
}

/** What differs, for an issue or a page, in Markdown. Says who and when where the platform knows. */
export function driftText(record: DriftRecord): string {
  const { finding } = record;
  const lines = [
    `**${record.stack}** is not what its program at \`${record.commit?.slice(0, 8)}\` says: ${record.summary}.`,
    '',
  ];
  if (finding.differences.length > 0)
    lines.push('What an update would put back (from what is there to what should be):', '');
  for (const { step, managers } of finding.differences) {
    lines.push(`- ${stepLine(step)}`);
    for (const change of step.changes) {
      const who = managers[change.path];
      lines.push(`  - \`${changeLine(change)}\`${who ? ` (set by ${who.manager}${who.at ? `, ${who.at}` : ''})` : ''}`);
    }
  }
  if (finding.quiet.length > 0) {
    lines.push(
      '',
      `Changed without consequence: ${finding.quiet.map(({ urn, gone }) => `${urn}${gone ? ' (gone)' : ''}`).join(', ')}`,
    );
  }
  for (const { difference, rule } of finding.ignored)
    lines.push(
      '',
      `Accepted until ${rule.until} for ${rule.owner}: ${difference.urn}${rule.reason ? ` (${rule.reason})` : ''}`,
    );
  for (const rule of finding.expired)
    lines.push('', `A rule of ${rule.owner} for ${rule.resource} ended on ${rule.until}: renew or remove it.`);
  return `${lines.join('\n')}\n`;
}
