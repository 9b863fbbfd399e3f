import type { Plain, PlainMap } from './definition.ts';

/** A structure, or an empty one for anything else. */
export function asMap(value: Plain | undefined): PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as PlainMap) : {};
}

export function asMaps(value: Plain | undefined): readonly PlainMap[] {
  return Array.isArray(value) ? value.map(asMap) : [];
}

/** The texts of a list; anything else in it is left out. */
export function asList(value: Plain | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

export function asText(value: Plain | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function asTexts(value: Plain | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(asMap(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
