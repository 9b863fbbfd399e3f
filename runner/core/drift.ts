import { stepFingerprints } from './digest.ts';
import type { DriftIgnoreRule, DriftSettings } from './drift-settings.ts';
import type { FieldManager } from './managed-fields.ts';
import { changesSomething, nameOf, type PlannedStep, type PropertyChange, shownSteps } from './planned-step.ts';

/** A resource that is not as the state says: seen by reading it, before the program has a say. */
export interface TouchedResource {
  readonly urn: string;
  readonly type: string;
  /** It is not there any more. */
  readonly gone: boolean;
  /** From what the state says to what is there. */
  readonly changes: readonly PropertyChange[];
  /** Who changed what, where the platform knows: by property path. */
  readonly managers: Readonly<Record<string, FieldManager>>;
}

/** What a look at the real resources of a stack found. */
export interface DriftLook {
  readonly touched: readonly TouchedResource[];
  /** What the program would do then. */
  readonly steps: readonly PlannedStep[];
}

/** One thing that the program would put back. */
export interface Difference {
  readonly urn: string;
  readonly type: string;
  /** The step that puts it back; its changes go from what is there to what should be. */
  readonly step: PlannedStep;
  readonly managers: Readonly<Record<string, FieldManager>>;
  /** The same for the same difference, whenever it is looked at. */
  readonly fingerprint: string;
}

/** What a look means. */
export interface DriftFinding {
  /** What the program would put back. */
  readonly differences: readonly Difference[];
  /** Changed without consequence: the program does not care. */
  readonly quiet: readonly TouchedResource[];
  /** Differences that a rule accepts, with the rule. */
  readonly ignored: readonly { readonly difference: Difference; readonly rule: DriftIgnoreRule }[];
  /** What the program wants though nobody touched it: no drift. */
  readonly pending: readonly PlannedStep[];
  /** Rules that count no more. */
  readonly expired: readonly DriftIgnoreRule[];
}

export const NO_DRIFT: DriftFinding = { differences: [], quiet: [], ignored: [], pending: [], expired: [] };

/** Sorts what was found. `today` as `2026-11-21`, to know which rules count. */
export function judgeLook(
  look: DriftLook,
  { ignore, today }: { readonly ignore: readonly DriftIgnoreRule[]; readonly today: string },
): DriftFinding {
  const touched = new Map(look.touched.map((resource) => [resource.urn, resource]));
  const wanted = shownSteps(look.steps);
  const rules = ignore.filter(({ until }) => until >= today);
  const differences: Difference[] = [];
  const ignored: DriftFinding['ignored'][number][] = [];
  for (const step of wanted) {
    const resource = touched.get(step.urn);
    if (!resource) continue;
    const whole = differenceOf(step, resource);
    const left = step.changes.filter(({ path }) => !ruleFor(rules, step, path));
    // A rule over fields covers a step only where it covers all of it; a resource that is gone has no fields to speak of.
    const covering = ruleFor(rules, step, '*');
    const rule =
      covering ??
      (step.operation === 'update' && left.length === 0
        ? ruleFor(rules, step, step.changes[0]?.path ?? '*')
        : undefined);
    if (rule) ignored.push({ difference: whole, rule });
    else differences.push(step.operation === 'update' ? differenceOf({ ...step, changes: left }, resource) : whole);
  }
  const acted = new Set(wanted.map(({ urn }) => urn));
  return {
    differences,
    ignored,
    quiet: look.touched.filter(({ urn }) => !acted.has(urn)),
    pending: wanted.filter(({ urn }) => !touched.has(urn)),
    expired: ignore.filter(({ until }) => until < today),
  };
}

function differenceOf(step: PlannedStep, { managers }: TouchedResource): Difference {
  return { urn: step.urn, type: step.type, step, managers, fingerprint: stepFingerprints([step])[0] ?? step.urn };
}

function ruleFor(
  rules: readonly DriftIgnoreRule[],
  { urn, type }: PlannedStep,
  path: string,
): DriftIgnoreRule | undefined {
  return rules.find(({ resource, fields }) => {
    if (![nameOf(urn), type, urn].some((text) => globMatches(resource, text))) return false;
    return fields.some(
      (field) =>
        field === '*' ||
        field === path ||
        path.startsWith(`${field}.`) ||
        path.startsWith(`${field}[`) ||
        (path !== '*' && globMatches(field, path)),
    );
  });
}

/** `*` is any text and `?` any letter; everything else, brackets of paths included, is itself. */
function globMatches(glob: string, text: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 's').test(text);
}

/** What was put back before, so that the same difference is known again. */
export interface Correction {
  /** ISO 8601. */
  readonly at: string;
  readonly commit: string;
  readonly fingerprints: readonly string[];
  /** How often each field was put back in a row, by URN and path, whatever it was set to. Absent in corrections of an earlier version. */
  readonly times?: Readonly<Record<string, number>>;
}

/** A field that was put back so often comes again by itself, though with another value each time. */
const MOST_TIMES = 3;

/** What is remembered of putting these back, after what was put back before. */
export function correctionOf(
  differences: readonly Difference[],
  { at, commit, last }: { readonly at: string; readonly commit: string; readonly last: Correction | undefined },
): Correction {
  const times = { ...last?.times };
  for (const field of differences.flatMap(fieldsOf)) times[field] = (times[field] ?? 0) + 1;
  return { at, commit, fingerprints: differences.map(({ fingerprint }) => fingerprint), times };
}

function fieldsOf({ urn, step }: Difference): readonly string[] {
  return step.changes.length === 0 ? [urn] : step.changes.map(({ path }) => `${urn} ${path}`);
}

function cameAgain(difference: Difference, last: Correction | undefined): boolean {
  if (last?.fingerprints.includes(difference.fingerprint)) return true;
  return fieldsOf(difference).some((field) => (last?.times?.[field] ?? 0) >= MOST_TIMES);
}

export type CorrectionVerdict =
  | { readonly kind: 'correct'; readonly targets: readonly string[] }
  | { readonly kind: 'leave'; readonly why: string; readonly flapping: readonly Difference[] };

/**
 * Whether what was found is put back unasked: only updates and creates, within the limits, and nothing that came again after it was put back.
 * `asked` by a person lifts the mode, the limits and the memory, and still deletes and replaces nothing.
 */
export function correctionVerdict(
  finding: DriftFinding,
  options: {
    readonly settings: Pick<DriftSettings, 'mode' | 'limits'>;
    /** Why it may not be corrected now: a window that is closed. */
    readonly closed: string | undefined;
    readonly last: Correction | undefined;
    readonly asked: boolean;
  },
): CorrectionVerdict {
  const { settings, closed, last, asked } = options;
  const { differences } = finding;
  const flapping = asked ? [] : differences.filter((difference) => cameAgain(difference, last));
  const leave = (why: string): CorrectionVerdict => ({ kind: 'leave', why, flapping });
  if (differences.length === 0) return leave('nothing differs');
  if (!asked && settings.mode !== 'correct') return leave('the stack is set to report only');
  const dangerous = differences.filter(({ step }) => step.operation !== 'update' && step.operation !== 'create');
  if (dangerous.length > 0)
    return leave(
      `it would ${[...new Set(dangerous.map(({ step }) => step.operation))].join(' and ')}: ${namesOf(dangerous)}`,
    );
  if (flapping.length > 0) return leave(`it came again after it was put back: ${flapping.map(flapText).join('; ')}`);
  const creates = differences.filter(({ step }) => step.operation === 'create');
  if (!asked && !settings.limits.creates && creates.length > 0)
    return leave(`what is gone is not made again unasked: ${namesOf(creates)}`);
  if (!asked && differences.length > settings.limits.changes)
    return leave(
      `${differences.length} resources differ, more than the ${settings.limits.changes} that are corrected unasked`,
    );
  if (!asked && closed !== undefined) return leave(closed);
  return { kind: 'correct', targets: differences.map(({ urn }) => urn) };
}

function namesOf(differences: readonly Difference[]): string {
  return differences.map(({ urn }) => nameOf(urn)).join(', ');
}

/** `web spec.replicas by kubectl-edit` */
function flapText({ urn, step, managers }: Difference): string {
  const fields = step.changes.map(({ path }) => `${path}${managers[path] ? ` by ${managers[path].manager}` : ''}`);
  return [nameOf(urn), fields.join(', ')].join(' ').trim();
}

/** Whether what the program would do to the targets now is still nothing but updates and creates. */
export function staysGentle(steps: readonly PlannedStep[], targets: readonly string[]): boolean {
  return steps
    .filter((step) => changesSomething(step) && targets.includes(step.urn))
    .every(({ operation }) => operation === 'update' || operation === 'create');
}
