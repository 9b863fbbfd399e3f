/**
 * Property values as the engine and the providers hold them: plain JavaScript for plain values, one small class for each kind
 * that the protocol marks with a signature (sdk/go/common/resource/sig/sig.go in pulumi/pulumi). Values are never changed in
 * place: a new value is made.
 */
export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | readonly PropertyValue[]
  | PropertyMap
  | Secret
  | Output
  | Unknown
  | Asset
  | Archive
  | ResourceReference;

/** An object. A plain JavaScript object without prototype tricks; keys are any text. */
export interface PropertyMap {
  readonly [key: string]: PropertyValue;
}

/** A value that must never be shown, stored or logged in the clear. */
export class Secret {
  readonly value: PropertyValue;
  constructor(value: PropertyValue) {
    this.value = value;
  }
}

/** A value that is not known before an update, of a kind where the sender knew it. Only in previews; never in a state. */
export class Unknown {
  readonly kind: UnknownKind;
  constructor(kind: UnknownKind = 'string') {
    this.kind = kind;
  }
}

export type UnknownKind = 'string' | 'bool' | 'number' | 'array' | 'asset' | 'archive' | 'object';

/** A value with what is known about it: `value` is undefined when unknown; dependencies are URNs. */
export class Output {
  readonly value: PropertyValue | undefined;
  readonly secret: boolean;
  readonly dependencies: readonly string[];
  constructor(value: PropertyValue | undefined, secret = false, dependencies: readonly string[] = []) {
    this.value = value;
    this.secret = secret;
    this.dependencies = dependencies;
  }
}

/** Where an asset's or a file archive's content is; undefined where only the hash is known (values from a state). */
export type AssetSource = { readonly text: string } | { readonly path: string } | { readonly uri: string };

/** One file's content. `hash` is the hexadecimal SHA-256 of the content, '' where not computed yet. */
export class Asset {
  readonly source: AssetSource | undefined;
  readonly hash: string;
  constructor(source: AssetSource | undefined, hash = '') {
    this.source = source;
    this.hash = hash;
  }
}

/** Many files: a file or address of an archive, or named assets and archives. */
export class Archive {
  readonly source:
    | { readonly assets: Readonly<Record<string, Asset | Archive>> }
    | { readonly path: string }
    | { readonly uri: string }
    | undefined;
  readonly hash: string;
  constructor(source: Archive['source'], hash = '') {
    this.source = source;
    this.hash = hash;
  }
}

/** A resource passed by reference. `id` is undefined for components and an Unknown before an update. */
export class ResourceReference {
  readonly urn: string;
  readonly id: string | Unknown | undefined;
  readonly packageVersion: string;
  constructor(urn: string, id?: string | Unknown, packageVersion = '') {
    this.urn = urn;
    this.id = id;
    this.packageVersion = packageVersion;
  }
}

/** Whether `value` is an object in the sense of the protocol: neither array, nor null, nor one of the marked kinds. */
export function isPropertyMap(value: PropertyValue | undefined): value is PropertyMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Output) &&
    !(value instanceof Unknown) &&
    !(value instanceof Asset) &&
    !(value instanceof Archive) &&
    !(value instanceof ResourceReference)
  );
}

/** The property of that name; undefined where there is none, also for the names that every object of JavaScript has. */
export function memberOf(map: PropertyMap, key: string): PropertyValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Narrowing that TypeScript's own Array.isArray does not do for readonly arrays. */
export function isPropertyArray(value: PropertyValue | undefined): value is readonly PropertyValue[] {
  return Array.isArray(value);
}
