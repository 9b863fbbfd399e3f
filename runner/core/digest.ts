import { createHash } from 'node:crypto';
import { changesSomething, type PlannedStep } from './planned-step.ts';

/**
 * What was reviewed, in one line: a hash of each step's operation, URN, changed paths with hashed values and reasons of replacement. Two
 * previews of the same thing have the same digest, whatever the order of their steps. A secret counts by its path only, as
 * engines report it as `[secret]`; an unknown value counts as unknown.
 */
export function digestOf(steps: readonly PlannedStep[]): string {
  return hash(stepFingerprints(steps).join('\n')).slice(0, 16);
}

/** One line per step that changes something, sorted: what two previews are compared by. */
export function stepFingerprints(steps: readonly PlannedStep[]): readonly string[] {
  return steps.filter(changesSomething).map(fingerprint).sort();
}

/** How an update's own preview stands to the one that was reviewed. */
export type Comparison = 'same' | 'narrower' | 'wider';

/** `narrower`: everything in `now` was reviewed, and less of it is left to do. */
export function comparePreviews(reviewed: readonly string[], now: readonly string[]): Comparison {
  const known = new Set(reviewed);
  if (now.some((line) => !known.has(line))) return 'wider';
  return now.length === known.size ? 'same' : 'narrower';
}

function fingerprint(step: PlannedStep): string {
  const changes = step.changes.map(({ path, kind, before, after }) => [
    path,
    kind,
    hashValue(before),
    hashValue(after),
  ]);
  changes.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  return JSON.stringify([step.operation, step.urn, changes, [...step.replacedBy].sort()]);
}

function hashValue(value: unknown): string {
  return hash(canonical(value)).slice(0, 16);
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
