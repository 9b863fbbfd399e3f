import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
  type UnknownKind,
} from './property-value.ts';
import {
  archiveSignature,
  assetSignature,
  byteStringSignature,
  outputSignature,
  resourceReferenceSignature,
  secretSignature,
  signatureKey,
  unknownSentinels,
} from './signatures.ts';

/**
 * What the peer understands. Everything is kept by default; what is not kept is replaced as pkg/resource/plugin/rpc.go does:
 * a secret by its value, a reference by its id (components: URN), an output by its value, secret or unknown.
 */
export interface StructOptions {
  readonly keepSecrets?: boolean;
  readonly keepResources?: boolean;
  readonly keepOutputs?: boolean;
  /** False: unknown values are left out. */
  readonly keepUnknowns?: boolean;
  /** True: nulls that are values of objects are left out. Nulls in arrays stay, as positions matter. */
  readonly skipNulls?: boolean;
  /** True: top-level keys that begin with `__` are left out. */
  readonly skipInternalKeys?: boolean;
  /** True: assets and archives travel as their hash alone. Only for encoding. */
  readonly elideAssetContents?: boolean;
}

/** What a marked value looks like on the wire, one level deep; undefined where it is left out. */
export type LoweredValue =
  | null
  | boolean
  | number
  | string
  | readonly PropertyValue[]
  | { readonly [key: string]: PropertyValue | undefined };

/** Turns a marked value into what stands for it on the wire. Nested values are still to be lowered. */
export function lowerMarked(value: PropertyValue, options: StructOptions): LoweredValue | undefined {
  if (value instanceof Secret) return lowerSecret(value, options);
  if (value instanceof Unknown) return options.keepUnknowns === false ? undefined : unknownSentinels[value.kind];
  if (value instanceof Output) return lowerOutput(value, options);
  if (value instanceof Asset) return lowerAsset(value, options);
  if (value instanceof Archive) return lowerArchive(value, options);
  if (value instanceof ResourceReference) return lowerReference(value, options);
  throw notAProperty(value);
}

/** The error for what the types should have kept away from a codec. */
export function notAProperty(value: unknown): TypeError {
  return new TypeError(
    `Cannot encode a property as its value is of no known kind: ${Object.prototype.toString.call(value)}`,
  );
}

function lowerValue(value: PropertyValue, options: StructOptions): LoweredValue | undefined {
  if (value === null || typeof value !== 'object' || isPropertyArray(value) || isPropertyMap(value)) return value;
  return lowerMarked(value, options);
}

function lowerSecret({ value }: Secret, options: StructOptions): LoweredValue | undefined {
  if (options.keepSecrets === false) return lowerValue(value, options);
  // A secret whose value is left out would be malformed: it is left out with it.
  if (options.keepUnknowns === false && lowerValue(value, options) === undefined) return undefined;
  return { [signatureKey]: secretSignature, value };
}

function lowerOutput(output: Output, options: StructOptions): LoweredValue | undefined {
  if (options.keepOutputs === false) {
    const value = output.value === undefined ? new Unknown() : output.value;
    return lowerValue(output.secret ? new Secret(value) : value, options);
  }
  return {
    [signatureKey]: outputSignature,
    value: output.value,
    secret: output.secret ? true : undefined,
    dependencies: output.dependencies.length > 0 ? output.dependencies : undefined,
  };
}

function lowerAsset(asset: Asset, options: StructOptions): LoweredValue {
  const source = options.elideAssetContents ? undefined : asset.source;
  return { [signatureKey]: assetSignature, hash: asset.hash || undefined, ...source };
}

function lowerArchive(archive: Archive, options: StructOptions): LoweredValue {
  const source = options.elideAssetContents ? undefined : archive.source;
  return { [signatureKey]: archiveSignature, hash: archive.hash || undefined, ...source };
}

function lowerReference(reference: ResourceReference, options: StructOptions): LoweredValue | undefined {
  const { urn, id, packageVersion } = reference;
  if (options.keepResources === false) return id === undefined ? urn : lowerValue(id, options);
  return {
    [signatureKey]: resourceReferenceSignature,
    urn,
    // The empty id is the wire's word for an unknown one.
    id: id instanceof Unknown ? '' : id,
    packageVersion: packageVersion || undefined,
  };
}

const kindsOfSentinels = new Map<string, UnknownKind>(
  Object.entries(unknownSentinels).map(([kind, sentinel]) => [sentinel, kind as UnknownKind]),
);

/** The unknown value that a text stands for; undefined for a plain text. */
export function unknownOf(text: string): Unknown | undefined {
  if (text.length !== 36) return undefined;
  const kind = kindsOfSentinels.get(text);
  return kind === undefined ? undefined : new Unknown(kind);
}

/**
 * Turns a decoded object that has a signature into the value it stands for; undefined where the options leave it out. Throws a
 * `MalformedValue` on an unknown signature or one whose parts are missing.
 */
export function raiseMarked(object: PropertyMap, options: StructOptions): PropertyValue | undefined {
  switch (object[signatureKey]) {
    case secretSignature:
      // A secret whose unknown value was left out is left out with it.
      if (object.value === undefined && options.keepUnknowns === false) return undefined;
      return raiseSecret(required(object, 'value', 'secret'), options);
    case outputSignature:
      return raiseOutput(object, options);
    case resourceReferenceSignature:
      return raiseReference(object, options);
    case assetSignature:
      return raiseAsset(object);
    case archiveSignature:
      return raiseArchive(object);
    case byteStringSignature:
      throw new MalformedValue('a text that is not UTF-8, which this engine does not support');
    default:
      throw new MalformedValue(`an object with the unknown signature ${JSON.stringify(object[signatureKey])}`);
  }
}

/** A value that the protocol does not allow, or that this engine does not know. The text is a noun phrase. */
export class MalformedValue extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedValue';
  }
}

function required(object: PropertyMap, key: string, kind: string): PropertyValue {
  const value = object[key];
  if (value === undefined) throw new MalformedValue(`a ${kind} without "${key}"`);
  return value;
}

function optionalText(object: PropertyMap, key: string, kind: string): string | undefined {
  const value = object[key];
  if (value === undefined || typeof value === 'string') return value;
  throw new MalformedValue(`a ${kind} whose "${key}" is not a text`);
}

function raiseSecret(value: PropertyValue, options: StructOptions): PropertyValue {
  return options.keepSecrets === false ? value : new Secret(value);
}

function raiseOutput(object: PropertyMap, options: StructOptions): PropertyValue | undefined {
  const { value, secret = false, dependencies = [] } = object;
  if (typeof secret !== 'boolean') throw new MalformedValue('an output whose "secret" is not a boolean');
  if (!isPropertyArray(dependencies) || !dependencies.every((urn) => typeof urn === 'string')) {
    throw new MalformedValue('an output whose "dependencies" are not a list of URNs');
  }
  if (options.keepOutputs !== false) return new Output(value, secret, dependencies);
  if (value === undefined && options.keepUnknowns === false) return undefined;
  const plain = value === undefined ? new Unknown() : value;
  return secret ? raiseSecret(plain, options) : plain;
}

function raiseReference(object: PropertyMap, options: StructOptions): PropertyValue | undefined {
  const urn = optionalText(object, 'urn', 'resource reference');
  if (urn === undefined) throw new MalformedValue('a resource reference without "urn"');
  const id = referenceId(object.id);
  if (options.keepResources === false) {
    if (id instanceof Unknown && options.keepUnknowns === false) return undefined;
    return id === undefined ? urn : id;
  }
  return new ResourceReference(urn, id, optionalText(object, 'packageVersion', 'resource reference'));
}

function referenceId(id: PropertyValue | undefined): string | Unknown | undefined {
  if (id === undefined) return undefined;
  if (id === '' || id instanceof Unknown) return new Unknown();
  if (id instanceof Output) return referenceId(id.value === undefined ? '' : id.value);
  if (typeof id === 'string') return id;
  throw new MalformedValue('a resource reference whose "id" is not a text');
}

function raiseAsset(object: PropertyMap): Asset {
  const hash = optionalText(object, 'hash', 'asset');
  const text = optionalText(object, 'text', 'asset');
  const path = optionalText(object, 'path', 'asset');
  const uri = optionalText(object, 'uri', 'asset');
  // An empty path or address says nothing; an empty text is content.
  if (path) return new Asset({ path }, hash);
  if (uri) return new Asset({ uri }, hash);
  return new Asset(text === undefined ? undefined : { text }, hash);
}

function raiseArchive(object: PropertyMap): Archive {
  const hash = optionalText(object, 'hash', 'archive');
  const path = optionalText(object, 'path', 'archive');
  const uri = optionalText(object, 'uri', 'archive');
  if (object.assets !== undefined && object.assets !== null) {
    return new Archive({ assets: archiveEntries(object.assets) }, hash);
  }
  if (path) return new Archive({ path }, hash);
  return new Archive(uri ? { uri } : undefined, hash);
}

function archiveEntries(assets: PropertyValue): Record<string, Asset | Archive> {
  if (!isPropertyMap(assets)) throw new MalformedValue('an archive whose "assets" are not an object');
  const entries: Record<string, Asset | Archive> = {};
  for (const [name, entry] of Object.entries(assets)) {
    if (!(entry instanceof Asset || entry instanceof Archive)) {
      throw new MalformedValue(`an archive whose entry ${JSON.stringify(name)} is neither an asset nor an archive`);
    }
    setKey(entries, name, entry);
  }
  return entries;
}

/** Sets a key that may be any text, `__proto__` too. */
export function setKey<T>(object: Record<string, T>, key: string, value: T): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The object without the keys whose value is null. */
export function withoutNulls(object: Record<string, PropertyValue>): Record<string, PropertyValue> {
  for (const key of Object.keys(object)) if (object[key] === null) delete object[key];
  return object;
}

/** Puts the name of the property before the text of a `MalformedValue`. */
export function placedAt(key: string, error: unknown): unknown {
  return error instanceof MalformedValue ? new MalformedValue(`${JSON.stringify(key)}: ${error.message}`) : error;
}

/** A text, or the unknown value that it stands for; undefined where the options leave it out. */
export function decodeText(text: string, options: StructOptions): PropertyValue | undefined {
  const unknown = unknownOf(text);
  if (unknown === undefined) return text;
  return options.keepUnknowns === false ? undefined : unknown;
}

/** A decoded object, or the value that it stands for if it has a signature. */
export function finishObject(object: PropertyMap, options: StructOptions): PropertyValue | undefined {
  return signatureKey in object ? raiseMarked(object, options) : object;
}
