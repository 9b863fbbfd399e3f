import { containsUnknowns, mapParts } from '../../protocol/property-equality.ts';
import { type PropertyMap, type PropertyValue, ResourceReference, Secret } from '../../protocol/property-value.ts';
import { withoutOutputMarks } from './output-values.ts';

/** What the caller said that it understands. */
export interface Understanding {
  readonly acceptSecrets: boolean;
  readonly acceptResources: boolean;
}

/** Properties in the form that the caller understands; as they are for one that understands everything. */
export function responseProperties(properties: PropertyMap, understanding: Understanding): PropertyMap {
  return limit(withoutOutputMarks(properties), understanding) as PropertyMap;
}

function limit(value: PropertyValue, understanding: Understanding): PropertyValue {
  if (value instanceof Secret) {
    const inner = limit(value.value, understanding);
    return understanding.acceptSecrets ? new Secret(inner) : inner;
  }
  if (value instanceof ResourceReference) return understanding.acceptResources ? value : (value.id ?? value.urn);
  return mapParts(value, (part) => limit(part, understanding));
}

/** Older callers take a property as a whole or not at all. */
export function withoutPartialValues(
  outputs: PropertyMap,
  request: { readonly supportsPartialValues: boolean },
): PropertyMap {
  if (request.supportsPartialValues) return outputs;
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => !containsUnknowns(value)));
}
