export type RecordType = 'A' | 'AAAA' | 'CAA' | 'CNAME' | 'MX' | 'NS' | 'SRV' | 'TXT';

/** A record without its values. */
export interface RecordSettings {
  /** `www`, or `@` for the domain itself. */
  readonly name: string;
  /** What kind of value it has. */
  readonly type: RecordType;
  /** As Route 53 takes them. */
  readonly values: readonly string[];
  /** Seconds. Default 300. */
  readonly ttl?: number;
}

/** `www` in `shop.example` is `www.shop.example`; `@` is the domain; what ends with the domain is whole already. */
export function fullName(name: string, domain: string): string {
  if (name === '@' || name === domain) return domain;
  return name.endsWith(`.${domain}`) ? name : `${name}.${domain}`;
}

/** What tells a record from others of its zone, as part of a resource's name. */
export function recordKey({ name, type }: Pick<RecordSettings, 'name' | 'type'>): string {
  return `${name === '@' ? 'apex' : name.replaceAll('*', 'any')}-${type.toLowerCase()}`;
}

/** Values as Route 53 takes them: TXT in parts of 255 characters (its provider adds the outer quotes). */
export function recordValues(type: RecordType, values: readonly string[]): readonly string[] {
  if (type !== 'TXT') return values;
  return values.map((value) => (value.match(/[\s\S]{1,255}/g) ?? ['']).join('""'));
}
