import { isUnknown } from './check.ts';
import type { Plain, PlainMap, PropertyRule } from './definition.ts';

export function isNothing(value: Plain | undefined): boolean {
  return value === undefined || value === null;
}

/** A value in the one form in which it is compared: order, absence and layout that say nothing are taken out. */
export function canonical(rule: PropertyRule, value: Plain | undefined): unknown {
  if (rule.json && typeof value === 'string' && !isUnknown(value)) return canonicalJson(value);
  const sorted = withoutZeros(sortKeys(value ?? null), rule.zeroParts === true);
  if (rule.unordered && Array.isArray(sorted)) return sorted.map((item) => JSON.stringify(item)).sort();
  return sorted;
}

/** Empty texts and lists inside of a structure are as if they were not there; so are false and 0 where the table says so. */
function withoutZeros(value: Plain, all: boolean): Plain {
  if (Array.isArray(value)) return value.map((one) => withoutZeros(one, all));
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value as PlainMap).filter(
    ([, part]) =>
      part !== '' && !(Array.isArray(part) && part.length === 0) && !(all && (part === false || part === 0)),
  );
  return Object.fromEntries(parts.map(([key, part]) => [key, withoutZeros(part!, all)]));
}

function canonicalJson(text: string): unknown {
  try {
    return sortKeys(JSON.parse(text) as Plain);
  } catch {
    return text;
  }
}

/** Objects with sorted keys and without what is null: order and absence say nothing. */
export function sortKeys(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as PlainMap).filter(([, part]) => !isNothing(part));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, sortKeys(part!)]));
}

/** What AWS does not mention is at rest: nothing, false, 0, an empty text, list or structure. */
export function isZero(value: Plain): boolean {
  if (Array.isArray(value)) return value.every(isZero);
  if (isObject(value)) return Object.values(value).every((part) => isZero(part ?? null));
  return value === null || value === false || value === 0 || value === '';
}

function isObject(value: Plain): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
