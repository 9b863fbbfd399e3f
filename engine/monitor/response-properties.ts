import { mapParts } from '../../protocol/property-equality.ts';
import {
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';

/** What the caller said that it understands. */
export interface Understanding {
  readonly acceptSecrets: boolean;
  readonly acceptResources: boolean;
  /** False: unknown values are left out. */
  readonly supportsPartialValues?: boolean;
}

const leftOut = Symbol('left out');

/** Properties in the form that the caller understands; as they are for one that understands everything. */
export function responseProperties(properties: PropertyMap, understanding: Understanding): PropertyMap {
  const limited = limit(properties, understanding);
  return limited === leftOut ? {} : (limited as PropertyMap);
}

function limit(value: PropertyValue, understanding: Understanding): PropertyValue | typeof leftOut {
  if (value instanceof Unknown) return understanding.supportsPartialValues === false ? leftOut : value;
  if (value instanceof Output)
    return limit(
      value.value === undefined ? new Unknown() : value.secret ? new Secret(value.value) : value.value,
      understanding,
    );
  if (value instanceof Secret) {
    const inner = limit(value.value, understanding);
    return inner === leftOut || !understanding.acceptSecrets ? inner : new Secret(inner);
  }
  if (value instanceof ResourceReference) return understanding.acceptResources ? value : (value.id ?? value.urn);
  if (Array.isArray(value))
    return value.map((item: PropertyValue) => limit(item, understanding)).filter((item) => item !== leftOut);
  const mapped = mapParts(value, (part) => limit(part, understanding) as PropertyValue);
  if (mapped === value || typeof mapped !== 'object' || mapped === null) return mapped;
  return Object.fromEntries(Object.entries(mapped as PropertyMap).filter(([, part]) => (part as unknown) !== leftOut));
}
