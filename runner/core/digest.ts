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

/**
 * `narrower`: everything in `now` was reviewed, and less of it is left to do. `reviewed` may come from several previews: a step that does what several
 * of them do to one resource was reviewed in parts. A value that was unknown then may be any now.
 */
export function comparePreviews(reviewed: readonly string[], now: readonly string[]): Comparison {
  const known = new Set(reviewed);
  const rest = now.filter((line) => !known.has(line));
  if (rest.length > 0) {
    const parts = Map.groupBy(reviewed.map(parse), placeOf);
    if (!rest.map(parse).every((step) => isCovered(step, parts.get(placeOf(step)) ?? []))) return 'wider';
  }
  return now.length >= known.size ? 'same' : 'narrower';
}

/** What `fingerprint` writes. */
type Fingerprint = readonly [
  operation: string,
  urn: string,
  changes: readonly (readonly [path: string, kind: string, before: string, after: string])[],
  replacedBy: readonly string[],
];

function parse(line: string): Fingerprint {
  return JSON.parse(line) as Fingerprint;
}

function placeOf([operation, urn]: Fingerprint): string {
  return `${operation} ${urn}`;
}

function isCovered([, , changes, replacedBy]: Fingerprint, parts: readonly Fingerprint[]): boolean {
  if (parts.length === 0) return false;
  const known = parts.flatMap((part) => part[2]);
  const causes = new Set(parts.flatMap((part) => part[3]));
  return (
    replacedBy.every((path) => causes.has(path)) &&
    changes.every(([path, kind, before, after]) =>
      known.some(
        (change) =>
          change[0] === path &&
          change[1] === kind &&
          change[2] === before &&
          (change[3] === after || change[3] === UNKNOWN),
      ),
    )
  );
}

function fingerprint(step: PlannedStep): string {
  const changes = step.changes
    .map(({ path, kind, before, after }) => [path, kind, hashValue(before), hashValue(after)])
    .map((change) => ({ change, text: JSON.stringify(change) }))
    .sort((a, b) => a.text.localeCompare(b.text))
    .map(({ change }) => change);
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

/** The hash of a value that is not known before the update. */
const UNKNOWN = hashValue('[unknown]');
