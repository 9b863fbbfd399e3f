import { hasSecrets } from '../../protocol/adapt-properties.ts';
import { isPropertyMap, type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
import { setKey } from '../../protocol/struct-marks.ts';

/**
 * What a remediation made of `before`, with the marks put back that it lost: the policy SDK keeps secrets in objects that a rule
 * changes in place, but `{ ...args.props }` copies their values in the clear. The official engine would store them so; we do not.
 */
export function restoreLostSecrets(after: PropertyMap, before: PropertyMap): PropertyMap {
  const restored: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(after)) {
    const former = Object.hasOwn(before, key) ? before[key] : undefined;
    setKey(restored, key, former === undefined ? value : restore(value, former));
  }
  return restored;
}

function restore(value: PropertyValue, former: PropertyValue): PropertyValue {
  if (isPropertyMap(value) && isPropertyMap(former)) return restoreLostSecrets(value, former);
  return hasSecrets(former) && !hasSecrets(value) ? new Secret(value) : value;
}
