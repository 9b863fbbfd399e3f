import { isPropertyMap, type PropertyMap, type PropertyValue, Unknown } from '../../protocol/property-value.ts';
import { plain } from './diff-inputs.ts';
import { sameJson, toWorldJson } from './world-json.ts';

/**
 * What may be said before an update: of the outputs as they would be made, only what the program itself gave (`inputs`) or what
 * stays as it was (`previous`); everything else is unknown.
 */
export function previewOutputs(
  outputs: PropertyMap,
  inputs: PropertyMap,
  previous: PropertyMap | undefined,
): PropertyMap {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, masked(value, inputs[name], previous?.[name])]),
  );
}

function masked(
  value: PropertyValue,
  given: PropertyValue | undefined,
  before: PropertyValue | undefined,
): PropertyValue {
  if (same(value, given)) return given!;
  if (same(value, before)) return before!;
  const inner = plain(value);
  const [givenMap, beforeMap] = [plain(given), plain(before)];
  if (isPropertyMap(inner) && (isPropertyMap(givenMap) || isPropertyMap(beforeMap))) {
    return previewOutputs(
      inner,
      isPropertyMap(givenMap) ? givenMap : {},
      isPropertyMap(beforeMap) ? beforeMap : undefined,
    );
  }
  return new Unknown();
}

function same(value: PropertyValue, other: PropertyValue | undefined): boolean {
  if (other === undefined) return false;
  return (
    value === other || (!hasUnknown(value) && sameJson(toWorldJson(plain(value), ''), toWorldJson(plain(other), '')))
  );
}

function hasUnknown(value: PropertyValue | undefined): boolean {
  const inner = plain(value);
  if (inner instanceof Unknown) return true;
  if (typeof inner !== 'object' || inner === null) return false;
  return Object.values(inner).some((member: PropertyValue) => hasUnknown(member));
}
