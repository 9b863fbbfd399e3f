import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';

/** A property value for a message: as the official engine writes it (`{text}`, `[secret]`, `output<string>{}`). */
export function describeValue(value: PropertyValue | undefined): string {
  if (value === undefined || value === null) return '{<nil>}';
  if (value instanceof Secret || (value instanceof Output && value.secret)) return '[secret]';
  if (value instanceof Output) return value.value === undefined ? 'output<string>{}' : describeValue(value.value);
  if (value instanceof Unknown) return `output<${value.kind}>{}`;
  if (value instanceof Asset) return `asset:${value.hash.slice(0, 7)}`;
  if (value instanceof Archive) return `archive:${value.hash.slice(0, 7)}`;
  if (value instanceof ResourceReference) return `{${value.urn}}`;
  if (isPropertyArray(value)) return `{[${value.map(describeValue).join(' ')}]}`;
  if (isPropertyMap(value)) {
    const entries = Object.entries(value).map(([key, member]) => `${key}:${describeValue(member)}`);
    return `{map[${entries.sort().join(' ')}]}`;
  }
  return `{${String(value)}}`;
}
