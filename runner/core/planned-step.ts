/** What the engine does, or would do, to one resource. */
export interface PlannedStep {
  /** The engine's word: same, create, update, delete, replace, create-replacement, delete-replaced, read, refresh, import, … */
  readonly operation: string;
  readonly urn: string;
  readonly type: string;
  readonly changes: readonly PropertyChange[];
  /** Properties that make it a replacement. */
  readonly replacedBy: readonly string[];
  readonly protected: boolean;
}

/** One property that changes. Secrets are `[secret]`, values not known before the update `[unknown]`. */
export interface PropertyChange {
  readonly path: string;
  readonly kind: 'add' | 'update' | 'delete';
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Whether a step changes anything at all. */
export function changesSomething(step: PlannedStep): boolean {
  return !['same', 'read', 'refresh', 'read-discard', 'discard-replaced', 'read-replacement'].includes(step.operation);
}

/** The steps of a replacement are shown and counted as one. */
const PART_OF_REPLACE = ['create-replacement', 'delete-replaced'];

/** Steps as people see them: only those that change something, dangerous ones first, then by URN. */
export function shownSteps(steps: readonly PlannedStep[]): readonly PlannedStep[] {
  const replaced = new Set(steps.filter(({ operation }) => operation === 'replace').map(({ urn }) => urn));
  return steps
    .filter((step) => changesSomething(step) && !(PART_OF_REPLACE.includes(step.operation) && replaced.has(step.urn)))
    .toSorted((a, b) => danger(b) - danger(a) || a.urn.localeCompare(b.urn));
}

/** Deletes lose something, replacements may; everything else can be undone by an update. */
function danger({ operation }: PlannedStep): number {
  if (operation === 'delete') return 2;
  return operation === 'replace' || PART_OF_REPLACE.includes(operation) ? 1 : 0;
}

/** The last part of a URN. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}
