import type { AutonameRule, Plain, PlainMap } from './definition.ts';

/** `cidrBlock` is `CidrBlock` in most AWS APIs. */
export function pascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** `CidrBlock` is `cidrBlock`, and `ARN` is `arn`: a run of capitals at the beginning is one word. */
export function camelCase(name: string): string {
  return name.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (start) => start.toLowerCase());
}

/**
 * A name like `web-3f9a1c2`: the resource's own, a dash, and seven hexadecimal digits of the seed, cut to the limit. The same
 * seed gives the same name, so that an update makes what its preview said.
 */
export function autoname(
  rule: AutonameRule,
  name: string,
  options: { readonly seed: Uint8Array | undefined; readonly inputs: PlainMap },
): string {
  const seed = options.seed ?? crypto.getRandomValues(new Uint8Array(32));
  const digits = Buffer.from(seed).toString('hex').slice(0, 7);
  const suffix = rule.suffix?.(options.inputs) ?? '';
  const prefix = rule.prefix && !name.startsWith(rule.prefix) ? rule.prefix : '';
  const base = `${prefix}${rule.lowerCase ? name.toLowerCase() : name}`;
  return `${base.slice(0, rule.maxLength - digits.length - 1 - suffix.length)}-${digits}${suffix}`;
}

/** Values without those that are undefined or null: the API takes absence, not null. */
export function compact(values: PlainMap): Record<string, Plain> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Plain] => entry[1] !== undefined && entry[1] !== null),
  );
}

/** Keys to PascalCase, all the way down, as most APIs name the parts of a structure. */
export function toApi(value: Plain): unknown {
  if (Array.isArray(value)) return value.map(toApi);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(compact(value as PlainMap)).map(([key, part]) => [pascalCase(key), toApi(part)]),
  );
}

/** Keys to camelCase, all the way down; dates become RFC 3339 texts. */
export function fromApi(value: unknown): Plain {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(fromApi);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [camelCase(key), fromApi(part)]));
  return value as Plain;
}
