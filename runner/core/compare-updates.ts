import { changesSomething, type PlannedStep, type PropertyChange } from './planned-step.ts';

/** What became of one resource over several updates. */
export interface ResourceDifference {
  readonly urn: string;
  readonly type: string;
  readonly operation: 'create' | 'update' | 'replace' | 'delete';
  readonly changes: readonly PropertyChange[];
}

/** Adds the steps of updates up, oldest first: the value before the first and the one after the last. What came back to where it was is left out. */
export function addUpdates(updates: readonly (readonly PlannedStep[])[]): readonly ResourceDifference[] {
  const resources = new Map<string, ResourceDifference>();
  for (const step of updates.flat()) {
    if (!changesSomething(step) || step.operation === 'delete-replaced') continue;
    const before = resources.get(step.urn);
    const now = differenceOf(step);
    const sum = before ? added(before, now) : now;
    if (sum) resources.set(step.urn, sum);
    else resources.delete(step.urn);
  }
  return [...resources.values()]
    .filter(({ operation, changes }) => operation !== 'update' || changes.length > 0)
    .sort((a, b) => a.urn.localeCompare(b.urn));
}

function differenceOf(step: PlannedStep): ResourceDifference {
  const { urn, type, changes } = step;
  const operation = /replace/.test(step.operation)
    ? 'replace'
    : step.operation === 'delete' || step.operation === 'discard'
      ? 'delete'
      : step.operation === 'create' || step.operation === 'import'
        ? 'create'
        : 'update';
  return { urn, type, operation, changes };
}

/** undefined where the two leave nothing: created and deleted again. */
function added(before: ResourceDifference, now: ResourceDifference): ResourceDifference | undefined {
  if (before.operation === 'create' && now.operation === 'delete') return undefined;
  const operation =
    before.operation === 'create'
      ? 'create'
      : now.operation === 'delete'
        ? 'delete'
        : now.operation === 'create' || now.operation === 'replace' || before.operation === 'replace'
          ? 'replace'
          : 'update';
  return { ...now, operation, changes: operation === 'delete' ? [] : addChanges(before.changes, now.changes) };
}

function addChanges(before: readonly PropertyChange[], now: readonly PropertyChange[]): readonly PropertyChange[] {
  const changes = new Map(before.map((change) => [change.path, change]));
  for (const change of now) {
    const first = changes.get(change.path);
    const had = first ? first.before : change.before;
    const kind =
      had === undefined
        ? change.after === undefined
          ? undefined
          : 'add'
        : change.after === undefined
          ? 'delete'
          : 'update';
    if (kind === undefined || JSON.stringify(had) === JSON.stringify(change.after)) changes.delete(change.path);
    else changes.set(change.path, { path: change.path, kind, before: had, after: change.after });
  }
  return [...changes.values()].sort((a, b) => a.path.localeCompare(b.path));
}
