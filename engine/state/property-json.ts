import { mapParts, withoutSecrets } from '../../protocol/property-equality.ts';
import {
  Archive,
  Asset,
  type AssetSource,
  isPropertyArray,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';
import {
  archiveSignature,
  assetSignature,
  outputSignature,
  resourceReferenceSignature,
  secretSignature,
  signatureKey,
} from '../../protocol/signatures.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';

/** JSON data as `JSON.parse` gives it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Marks a number that JSON cannot hold; its bits follow in hexadecimal (pkg/resource/stack/deployment.go, `floatSignature`). */
const floatSignature = '8ad145fe-0d11-4827-bfd7-1abcbf086f5c';

/** How secrets are written: encrypted, or in the clear for `--show-secrets`. */
export type SecretWriter =
  | { readonly kind: 'encrypt'; readonly manager: SecretsManager }
  | { readonly kind: 'plaintext' };

/** The ciphertext that a secret was read from or written as: an unchanged secret keeps it, so that states differ only where values do. */
const ciphertexts = new WeakMap<Secret, { readonly manager: SecretsManager; readonly ciphertext: string }>();

/**
 * The checkpoint form of a value (pkg/resource/stack/deployment.go, `SerializePropertyValue`). Throws on an unknown value, as those must
 * never reach a state, and on a secret where there is no `secrets`.
 */
export function valueToJson(value: PropertyValue, secrets: SecretWriter | undefined): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : { [signatureKey]: floatSignature, value: bitsOf(value) };
  if (isPropertyArray(value)) return value.map((item) => valueToJson(item, secrets));
  if (value instanceof Secret) return secretToJson(value, secrets);
  if (value instanceof Unknown) throw new Error('an unknown value cannot be kept in a state');
  if (value instanceof Output) return outputToJson(value, secrets);
  if (value instanceof Asset)
    return { [signatureKey]: assetSignature, ...(value.hash && { hash: value.hash }), ...value.source };
  if (value instanceof Archive) return archiveToJson(value);
  if (value instanceof ResourceReference) return referenceToJson(value);
  return mapToJson(value, secrets);
}

export function mapToJson(map: PropertyMap, secrets: SecretWriter | undefined): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, valueToJson(value, secrets)]));
}

function secretToJson(secret: Secret, writer: SecretWriter | undefined): Json {
  if (!writer) throw new Error('a secret cannot be written without a secrets provider');
  // Secrets inside a secret are not encrypted again.
  const plaintext = () => JSON.stringify(valueToJson(withoutSecrets(secret.value), undefined));
  if (writer.kind === 'plaintext') return { [signatureKey]: secretSignature, plaintext: plaintext() };
  const known = ciphertexts.get(secret);
  if (known?.manager === writer.manager) return { [signatureKey]: secretSignature, ciphertext: known.ciphertext };
  const ciphertext = writer.manager.encrypt(plaintext());
  ciphertexts.set(secret, { manager: writer.manager, ciphertext });
  return { [signatureKey]: secretSignature, ciphertext };
}

function outputToJson(output: Output, secrets: SecretWriter | undefined): Json {
  if (output.value === undefined) throw new Error('an unknown output cannot be kept in a state');
  return valueToJson(output.secret ? new Secret(output.value) : output.value, secrets);
}

function archiveToJson(archive: Archive): Json {
  const marks = { [signatureKey]: archiveSignature, ...(archive.hash && { hash: archive.hash }) };
  if (!archive.source || !('assets' in archive.source)) return { ...marks, ...archive.source };
  const assets = Object.entries(archive.source.assets).map(([name, part]) => [name, valueToJson(part, undefined)]);
  return { ...marks, assets: Object.fromEntries(assets) };
}

function referenceToJson(reference: ResourceReference): Json {
  const id = reference.id instanceof Unknown ? '' : reference.id;
  return {
    [signatureKey]: resourceReferenceSignature,
    urn: reference.urn,
    ...(id !== undefined && { id }),
    ...(reference.packageVersion && { packageVersion: reference.packageVersion }),
  };
}

function bitsOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16);
}

function numberOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

/** The value of its checkpoint form. `manager` decrypts; throws a user error if it cannot, and an `Error` on an unknown signature. */
export function valueFromJson(json: Json | undefined, manager: SecretsManager | undefined): PropertyValue {
  if (json === undefined || json === null || typeof json !== 'object') return json ?? null;
  if (Array.isArray(json)) return json.map((item: Json) => valueFromJson(item, manager));
  const object = json as JsonObject;
  const signature = object[signatureKey];
  if (signature === undefined) return mapFromJson(object, manager);
  switch (signature) {
    case secretSignature:
      return secretFromJson(object, manager);
    case assetSignature:
      return new Asset(sourceOf(object), textOf(object.hash));
    case archiveSignature:
      return new Archive(archiveSourceOf(object), textOf(object.hash));
    case resourceReferenceSignature:
      return new ResourceReference(textOf(object.urn), referenceId(object.id), textOf(object.packageVersion));
    case outputSignature:
      return valueFromJson(object.value, manager);
    case floatSignature:
      return numberOf(textOf(object.value));
    default:
      throw new Error(
        `the state holds a value of a kind that this engine does not know: signature ${JSON.stringify(signature)}`,
      );
  }
}

export function mapFromJson(json: JsonObject | undefined, manager: SecretsManager | undefined): PropertyMap {
  return Object.fromEntries(Object.entries(json ?? {}).map(([key, value]) => [key, valueFromJson(value, manager)]));
}

function secretFromJson(object: JsonObject, manager: SecretsManager | undefined): Secret {
  if (typeof object.plaintext === 'string')
    return new Secret(valueFromJson(JSON.parse(object.plaintext) as Json, manager));
  if (!manager) throw new Error('the state holds a secret but names no secrets provider');
  const ciphertext = textOf(object.ciphertext);
  const secret = new Secret(valueFromJson(JSON.parse(manager.decrypt(ciphertext)) as Json, manager));
  ciphertexts.set(secret, { manager, ciphertext });
  return secret;
}

function sourceOf(object: JsonObject): AssetSource | undefined {
  if (typeof object.text === 'string') return { text: object.text };
  if (typeof object.path === 'string') return { path: object.path };
  return typeof object.uri === 'string' ? { uri: object.uri } : undefined;
}

function archiveSourceOf(object: JsonObject): Archive['source'] {
  if (typeof object.assets === 'object' && object.assets !== null) {
    const parts = mapParts(mapFromJson(object.assets as JsonObject, undefined), (part) => part);
    return { assets: parts as unknown as Readonly<Record<string, Asset | Archive>> };
  }
  const source = sourceOf(object);
  return source && 'text' in source ? undefined : source;
}

/** An empty id stands for an unknown one. */
function referenceId(id: Json | undefined): string | Unknown | undefined {
  if (typeof id !== 'string') return undefined;
  return id === '' ? new Unknown() : id;
}

function textOf(json: Json | undefined): string {
  return typeof json === 'string' ? json : '';
}
