import { hasSecrets } from './adapt-properties.ts';
import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  type PropertyMap,
  type PropertyValue,
  Secret,
} from './property-value.ts';
import { setKey } from './struct-marks.ts';

/**
 * The outputs of a provider that was given secrets in the clear, with the marks of the inputs put back by name. Objects are entered;
 * any other value whose namesake holds a secret becomes one as a whole, lists too, as providers may reorder them
 * (annotateSecrets in pkg/resource/plugin/provider_plugin.go).
 */
export function remarkSecrets(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  let changed: Record<string, PropertyValue> | undefined;
  for (const [key, input] of Object.entries(inputs)) {
    const output = Object.hasOwn(outputs, key) ? outputs[key] : undefined;
    if (output === undefined) continue;
    const marked = remark(output, input);
    if (marked === output) continue;
    changed ??= { ...outputs };
    setKey(changed, key, marked);
  }
  return changed ?? outputs;
}

function remark(output: PropertyValue, input: PropertyValue): PropertyValue {
  if (isPropertyMap(output) && isPropertyMap(input)) return remarkSecrets(output, input);
  return !(output instanceof Secret) && hasSecrets(input) ? new Secret(output) : output;
}

/**
 * `properties` with the contents of assets and archives put back that the provider saw as hashes and echoed. Contents come from
 * `originals`, by hash.
 */
export function restoreAssets(properties: PropertyMap, originals: PropertyMap): PropertyMap {
  const known = new Map<string, Asset | Archive>();
  collectAssets(originals, known);
  return known.size === 0 ? properties : (restore(properties, known) as PropertyMap);
}

function collectAssets(value: PropertyValue, known: Map<string, Asset | Archive>): void {
  if (value instanceof Asset || value instanceof Archive) {
    if (value.source !== undefined && value.hash !== '') known.set(`${value.constructor.name} ${value.hash}`, value);
  } else if (value instanceof Secret) collectAssets(value.value, known);
  else if (isPropertyArray(value)) for (const element of value) collectAssets(element, known);
  else if (isPropertyMap(value)) for (const element of Object.values(value)) collectAssets(element, known);
}

function restore(value: PropertyValue, known: ReadonlyMap<string, Asset | Archive>): PropertyValue {
  if (value instanceof Asset || value instanceof Archive) {
    return value.source === undefined ? (known.get(`${value.constructor.name} ${value.hash}`) ?? value) : value;
  }
  if (value instanceof Secret) return new Secret(restore(value.value, known));
  if (isPropertyArray(value)) return value.map((element) => restore(element, known));
  if (!isPropertyMap(value)) return value;
  const restored: Record<string, PropertyValue> = {};
  for (const [key, element] of Object.entries(value)) setKey(restored, key, restore(element, known));
  return restored;
}
