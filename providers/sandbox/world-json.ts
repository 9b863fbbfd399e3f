import { createHmac } from 'node:crypto';
import {
  Archive,
  Asset,
  isPropertyArray,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';

/** JSON as the world's file holds it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The member that marks a sealed secret: its value is a keyed hash, so that a change is seen and the text is not. */
const SEALED = 'sandbox:sealed';

/**
 * Property values to JSON. Secrets become keyed hashes: the world's file never holds one in the clear. Assets and archives are
 * kept by hash. Unknown values have no place in a world and become null.
 */
export function toWorldJson(value: PropertyValue | undefined, key: string): Json {
  if (value instanceof Secret) return { [SEALED]: seal(value.value, key) };
  if (value instanceof Output)
    return value.secret ? { [SEALED]: seal(value.value, key) } : toWorldJson(value.value, key);
  if (value === undefined || value === null || value instanceof Unknown) return null;
  if (value instanceof Asset || value instanceof Archive) return { 'sandbox:content': value.hash };
  if (value instanceof ResourceReference) return value.urn;
  if (typeof value !== 'object') return value;
  if (isPropertyArray(value)) return value.map((element) => toWorldJson(element, key));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toWorldJson(member, key)]));
}

/**
 * JSON of the world back to property values. Where it still is what the stack's state says (`known`), the state's own value is
 * given back, secrets included; what became different in the world since is given as the world has it.
 */
export function fromWorldJson(json: Json, known: PropertyValue | undefined, key: string): PropertyValue {
  if (known !== undefined && sameJson(toWorldJson(known, key), json)) return known;
  if (json === null || typeof json !== 'object') return known instanceof Secret ? new Secret(json) : json;
  if (Array.isArray(json)) {
    const elements = isPropertyArray(known) ? known : [];
    return json.map((element: Json, index) => fromWorldJson(element, elements[index], key));
  }
  if (SEALED in json) return new Secret('[changed in the sandbox]');
  const members: PropertyMap =
    typeof known === 'object' && known !== null && !isPropertyArray(known) ? (known as PropertyMap) : {};
  return Object.fromEntries(
    Object.entries(json).map(([name, member]) => [name, fromWorldJson(member, members[name], key)]),
  );
}

/** Deep equality of JSON, whatever the order of members. */
export function sameJson(a: Json, b: Json): boolean {
  return canonical(a) === canonical(b);
}

/** One text per value: members sorted. */
export function canonical(json: Json): string {
  if (json === null || typeof json !== 'object') return JSON.stringify(json);
  if (Array.isArray(json)) return `[${json.map(canonical).join(',')}]`;
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

function seal(value: PropertyValue | undefined, key: string): string {
  return createHmac('sha256', key)
    .update(canonical(toWorldJson(value, key)))
    .digest('hex');
}
