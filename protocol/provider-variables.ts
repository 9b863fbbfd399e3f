import { adaptProperties } from './adapt-properties.ts';
import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
} from './property-value.ts';

/**
 * A provider's inputs as ConfigureRequest.variables has them: `<package>:config:<key>`, texts as they are, everything else as JSON,
 * secrets in the clear, without `version`. Many providers read this map and not `args`. The inputs hold no unknowns.
 */
export function configurationVariables(providerType: string, inputs: PropertyMap): Record<string, string> {
  const packageName = providerType.slice(providerType.lastIndexOf(':') + 1);
  const bare = adaptProperties(inputs, { keepSecrets: false, keepOutputs: false });
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(bare)) {
    if (key === 'version') continue;
    variables[`${packageName}:config:${key}`] = typeof value === 'string' ? value : JSON.stringify(plain(value));
  }
  return variables;
}

function plain(value: PropertyValue): unknown {
  if (isPropertyArray(value)) return value.map(plain);
  if (isPropertyMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  if (value instanceof ResourceReference) return value.id ?? value.urn;
  if (value instanceof Asset || value instanceof Archive) return { hash: value.hash, ...value.source };
  return value;
}
