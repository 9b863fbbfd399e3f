import { mapParts } from '../../protocol/property-equality.ts';
import {
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';

/** URNs by property. */
export type PropertyDependencies = Readonly<Record<string, ReadonlySet<string>>>;

/** What the output values within a value depend on. */
export function outputDependencies(value: PropertyValue | undefined): Set<string> {
  const urns = new Set<string>();
  collect(value, urns);
  return urns;
}

function collect(value: PropertyValue | undefined, into: Set<string>): void {
  if (value instanceof Output) for (const urn of value.dependencies) into.add(urn);
  if (value instanceof Output || value instanceof Secret) collect(value.value, into);
  else if (isPropertyArray(value)) for (const item of value) collect(item, into);
  else if (isPropertyMap(value)) for (const item of Object.values(value)) collect(item, into);
}

/**
 * Puts the dependencies of each property onto its value, so that transforms see and pass on what depends on what (source_eval.go,
 * upgradeOutputValues).
 */
export function withDependencies(properties: PropertyMap, dependencies: PropertyDependencies): PropertyMap {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, withUrns(value, dependencies[key] ?? new Set())]),
  );
}

function withUrns(value: PropertyValue, urns: ReadonlySet<string>): PropertyValue {
  if (urns.isSubsetOf(outputDependencies(value))) return value;
  if (value instanceof Output)
    return new Output(value.value, value.secret, sorted(urns.union(new Set(value.dependencies))));
  if (value instanceof Secret) return new Output(value.value, true, sorted(urns));
  return new Output(value instanceof Unknown ? undefined : value, false, sorted(urns));
}

function sorted(urns: ReadonlySet<string>): string[] {
  return [...urns].sort();
}

/** The rest of the engine, and states, know no output values: they become plain, secret and unknown ones. */
export function withoutOutputMarks(properties: PropertyMap): PropertyMap {
  return mapParts(properties, unmarked) as PropertyMap;
}

function unmarked(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return new Secret(unmarked(value.value));
  if (!(value instanceof Output)) return mapParts(value, unmarked);
  const inner = value.value === undefined ? new Unknown() : unmarked(value.value);
  return value.secret ? new Secret(inner) : inner;
}
