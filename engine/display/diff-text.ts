import { diffProperties } from '../../protocol/property-diff.ts';
import { parsePath } from '../../protocol/property-path.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';

/** What became of a property at the top. */
type Change = '+' | '-' | '~';

const isInternal = (key: string): boolean => key.startsWith('__');

/**
 * `[diff: +added-removed~changed]`, by the properties at the top: of the detailed diff, else of the inputs, limited to the keys that the provider
 * named; then what changed of the resource itself (pkg/backend/display/rows.go, getDiffInfo). '' where nothing is known to change.
 */
export function diffText(step: Step): string {
  const { old, new: next, diffs } = step;
  if (old === undefined || next === undefined) return '';
  const found = step.op === 'same' ? undefined : propertyChanges(step, old, next);
  const own = ownChanges(old, next);
  if (found === undefined && own.length === 0) return '';
  const changes = [...(found ?? []), ...own.map((key) => [key, '~'] as const)];
  const shown = diffs.length === 0 ? changes : changes.filter(([key]) => diffs.includes(key));
  const parts = (['+', '-', '~'] as const).map((sign) => {
    const keys = shown.filter(([, change]) => change === sign).map(([key]) => key);
    return keys.length > 0 ? `${sign}${keys.sort().join(',')}` : '';
  });
  return `[diff: ${parts.join('')}]`;
}

/** Undefined: nothing changed. */
function propertyChanges(
  { detailedDiff }: Step,
  old: ResourceState,
  next: ResourceState,
): readonly (readonly [string, Change])[] | undefined {
  if (detailedDiff !== undefined) return detailedChanges(detailedDiff);
  const diff = diffProperties(old.inputs, next.inputs, isInternal);
  return (
    diff && [
      ...Object.keys(diff.adds).map((key) => [key, '+'] as const),
      ...Object.keys(diff.deletes).map((key) => [key, '-'] as const),
      ...Object.keys(diff.updates).map((key) => [key, '~'] as const),
    ]
  );
}

function detailedChanges(detailedDiff: NonNullable<Step['detailedDiff']>): readonly (readonly [string, Change])[] {
  const changes = new Map<string, Change>();
  for (const [text, { kind }] of Object.entries(detailedDiff)) {
    const path = parsePath(text);
    const key = String(path[0] ?? text);
    const change = kind.startsWith('add') ? '+' : kind.startsWith('delete') ? '-' : '~';
    changes.set(key, path.length > 1 ? '~' : change);
  }
  return [...changes];
}

function ownChanges(old: ResourceState, next: ResourceState): readonly string[] {
  return (['provider', 'protect', 'taint'] as const).filter((key) => old[key] !== next[key]);
}
