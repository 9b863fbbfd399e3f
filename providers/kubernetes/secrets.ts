import {
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
} from '../../protocol/property-value.ts';

/**
 * Marks in `properties` what is secret in `like`, and the data of every object of kind Secret. Objects are gone through field by
 * field, so that one secret field does not hide a whole object; any other value with a secret inside becomes secret as a whole,
 * as the order of a list may have changed. (Official rule: annotateSecrets in provider/pkg/provider/provider.go.)
 */
export function markSecrets(properties: PropertyMap, like: PropertyMap): PropertyMap {
  if (properties.kind === 'Secret') return markSecretData(properties);
  const marked: Record<string, PropertyValue> = { ...properties };
  for (const [name, model] of Object.entries(like)) {
    const value = marked[name];
    if (value === undefined) continue;
    if (isPropertyMap(value) && isPropertyMap(model)) marked[name] = markSecrets(value, model);
    else if (!(value instanceof Secret) && containsSecret(model)) marked[name] = new Secret(value);
  }
  return marked;
}

function markSecretData(properties: PropertyMap): PropertyMap {
  const marked: Record<string, PropertyValue> = { ...properties };
  for (const name of ['data', 'stringData']) {
    const value = marked[name];
    if (value !== undefined && !(value instanceof Secret)) marked[name] = new Secret(value);
  }
  return marked;
}

/** Whether there is a secret anywhere in `value`. */
export function containsSecret(value: PropertyValue | undefined): boolean {
  if (value instanceof Secret) return true;
  if (value instanceof Output) return value.secret || containsSecret(value.value);
  if (isPropertyArray(value)) return value.some(containsSecret);
  return isPropertyMap(value) && Object.values(value).some(containsSecret);
}
