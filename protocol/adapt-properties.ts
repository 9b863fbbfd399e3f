import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from './property-value.ts';
import { type StructOptions, setKey } from './struct-marks.ts';

/**
 * The properties as a peer gets them that does not accept every mark: what `encodeProperties` with these options and
 * `decodeProperties` would give. Whatever does not change is the same object.
 */
export function adaptProperties(properties: PropertyMap, options: StructOptions): PropertyMap {
  return adaptMap(properties, options);
}

function adaptMap(map: PropertyMap, options: StructOptions): PropertyMap {
  const changed: Record<string, PropertyValue> = {};
  let same = true;
  for (const key of Object.keys(map)) {
    const value = map[key]!;
    const adapted = adapt(value, options);
    if (adapted !== value) same = false;
    if (adapted !== undefined) setKey(changed, key, adapted);
  }
  return same ? map : changed;
}

function adapt(value: PropertyValue, options: StructOptions): PropertyValue | undefined {
  if (typeof value !== 'object' || value === null) return value;
  if (isPropertyMap(value)) return adaptMap(value, options);
  if (isPropertyArray(value)) return adaptList(value, options);
  if (value instanceof Secret) return adaptSecret(value, options);
  if (value instanceof Output) return adaptOutput(value, options);
  if (value instanceof Unknown) return options.keepUnknowns === false ? undefined : value;
  if (value instanceof ResourceReference && options.keepResources === false)
    return adapt(value.id ?? value.urn, options);
  if (value instanceof Asset && options.elideAssetContents && value.source) return new Asset(undefined, value.hash);
  if (value instanceof Archive && options.elideAssetContents && value.source) return new Archive(undefined, value.hash);
  return value;
}

function adaptList(list: readonly PropertyValue[], options: StructOptions): readonly PropertyValue[] {
  const adapted = list.map((element) => adapt(element, options));
  if (adapted.every((element, index) => element === list[index])) return list;
  return adapted.filter((element) => element !== undefined);
}

function adaptSecret(secret: Secret, options: StructOptions): PropertyValue | undefined {
  const value = adapt(secret.value, options);
  if (options.keepSecrets === false || value === undefined) return value;
  return value === secret.value ? secret : new Secret(value);
}

function adaptOutput(output: Output, options: StructOptions): PropertyValue | undefined {
  if (options.keepOutputs === false) {
    const plain = output.value === undefined ? new Unknown() : output.value;
    return adapt(output.secret ? new Secret(plain) : plain, options);
  }
  if (output.value === undefined) return output;
  const value = adapt(output.value, options);
  return value === output.value ? output : new Output(value, output.secret, output.dependencies);
}

/** Whether any value inside satisfies `matches`. Looks into secrets and outputs, not into archives. */
export function someProperty(value: PropertyValue, matches: (value: PropertyValue) => boolean): boolean {
  if (matches(value)) return true;
  if (isPropertyArray(value)) return value.some((element) => someProperty(element, matches));
  if (isPropertyMap(value)) return Object.values(value).some((element) => someProperty(element, matches));
  if (value instanceof Secret) return someProperty(value.value, matches);
  return value instanceof Output && value.value !== undefined && someProperty(value.value, matches);
}

/** Whether a part of the value is not known yet. */
export function hasUnknowns(value: PropertyValue): boolean {
  return someProperty(
    value,
    (part) =>
      part instanceof Unknown ||
      (part instanceof Output && part.value === undefined) ||
      (part instanceof ResourceReference && part.id instanceof Unknown),
  );
}

/** Whether a part of the value is secret. */
export function hasSecrets(value: PropertyValue): boolean {
  return someProperty(value, (part) => part instanceof Secret || (part instanceof Output && part.secret));
}
