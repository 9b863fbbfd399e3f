import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  memberOf,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from './property-value.ts';

/** Null says the same as absence, as in the official `PropertyValue.HasValue` (sdk/go/common/resource/properties.go). */
export function hasValue(value: PropertyValue | undefined): boolean {
  return value !== undefined && value !== null;
}

/**
 * Deep equality with the official semantics (`DeepEquals`, sdk/go/common/resource/properties_diff.go): a missing property equals a null one,
 * assets and archives are equal by hash, references by URN and id, secrets and outputs only to their like.
 */
export function equalValues(a: PropertyValue | undefined, b: PropertyValue | undefined): boolean {
  if (a === b) return true;
  if (!hasValue(a) || !hasValue(b)) return !hasValue(a) && !hasValue(b);
  if (typeof a !== 'object' || typeof b !== 'object') return typeof a === 'number' && Object.is(a, b);
  if (isPropertyArray(a))
    return isPropertyArray(b) && a.length === b.length && a.every((item, index) => equalValues(item, b[index]));
  if (isPropertyMap(a)) return isPropertyMap(b) && equalMaps(a, b);
  return equalMarked(a!, b!);
}

function equalMaps(a: PropertyMap, b: PropertyMap): boolean {
  for (const key in a) if (!equalValues(a[key], memberOf(b, key))) return false;
  for (const key in b) if (!Object.hasOwn(a, key) && hasValue(b[key])) return false;
  return true;
}

function equalMarked(a: object, b: object): boolean {
  if (a instanceof Secret) return b instanceof Secret && equalValues(a.value, b.value);
  if (a instanceof Unknown) return b instanceof Unknown;
  if (a instanceof Asset) return b instanceof Asset && equalContents(a, b);
  if (a instanceof Archive) return b instanceof Archive && equalContents(a, b);
  if (a instanceof Output) {
    const sameMarks =
      b instanceof Output && a.secret === b.secret && (a.value === undefined) === (b.value === undefined);
    return sameMarks && equalValues(a.value, b.value) && equalTexts(a.dependencies, b.dependencies);
  }
  return a instanceof ResourceReference && b instanceof ResourceReference && a.urn === b.urn && equalIds(a.id, b.id);
}

/** By hash where both have one, as a state keeps only hashes; by source otherwise. */
function equalContents(a: Asset | Archive, b: Asset | Archive): boolean {
  if (a.hash !== '' && b.hash !== '') return a.hash === b.hash;
  return a.hash === b.hash && JSON.stringify(a.source) === JSON.stringify(b.source);
}

function equalIds(a: ResourceReference['id'], b: ResourceReference['id']): boolean {
  return a instanceof Unknown ? b instanceof Unknown : a === b;
}

/** Equal lists of texts, in order. */
export function equalTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

/** Whether any part of the value is not known yet. */
export function containsUnknowns(value: PropertyValue | undefined): boolean {
  return contains(value, (part) => part instanceof Unknown || (part instanceof Output && part.value === undefined));
}

/** Whether any part of the value is secret. */
export function containsSecrets(value: PropertyValue | undefined): boolean {
  return contains(value, (part) => part instanceof Secret || (part instanceof Output && part.secret));
}

function contains(value: PropertyValue | undefined, matches: (part: PropertyValue) => boolean): boolean {
  if (value === undefined || value === null || typeof value !== 'object') return false;
  if (matches(value)) return true;
  if (value instanceof Secret || value instanceof Output) return contains(value.value, matches);
  if (value instanceof ResourceReference) return value.id instanceof Unknown && matches(value.id);
  if (isPropertyArray(value)) return value.some((item) => contains(item, matches));
  return isPropertyMap(value) && Object.values(value).some((item) => contains(item, matches));
}

/** The value without marks of secrets and outputs, all the way down. An unknown output becomes an Unknown. */
export function withoutSecrets(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return withoutSecrets(value.value);
  if (value instanceof Output) return value.value === undefined ? new Unknown() : withoutSecrets(value.value);
  return mapParts(value, withoutSecrets);
}

/**
 * Outputs that carry no dependencies say nothing that plain, secret and unknown values do not: they become those (the monitor
 * does so before anything looks at inputs, pkg/resource/deploy/source_eval.go).
 */
export function withoutOutputs(map: PropertyMap): PropertyMap {
  return mapParts(map, downgrade) as PropertyMap;
}

function downgrade(value: PropertyValue): PropertyValue {
  if (!(value instanceof Output))
    return value instanceof Secret ? new Secret(downgrade(value.value)) : mapParts(value, downgrade);
  const inner = value.value === undefined ? new Unknown() : downgrade(value.value);
  if (value.dependencies.length > 0)
    return new Output(value.value === undefined ? undefined : inner, value.secret, value.dependencies);
  return value.secret ? new Secret(inner) : inner;
}

/** Applies `change` to the members of lists and objects; anything else stays as it is. */
export function mapParts(value: PropertyValue, change: (part: PropertyValue) => PropertyValue): PropertyValue {
  if (isPropertyArray(value)) return value.map(change);
  if (!isPropertyMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}
