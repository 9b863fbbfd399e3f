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
import { secretSignature, signatureKey, unknownSentinels } from '../../protocol/signatures.ts';
import { type Json, type JsonObject, valueToJson } from '../state/property-json.ts';

/**
 * How a secret is shown: `marked` is the form of engine events, an encrypted value whose ciphertext is the word `[secret]`; `word` is
 * that word alone; `plain` is the value itself, for `--show-secrets`; `marked-plain` is the event form of that.
 */
export type SecretForm = 'marked' | 'word' | 'plain' | 'marked-plain';

/** JSON of property values for people and programs outside: secrets masked as asked, unknowns as the protocol's sentinels. */
export function maskedJson(value: PropertyValue, form: SecretForm): Json {
  if (value instanceof Secret) return maskedSecret(value.value, form);
  if (value instanceof Unknown) return unknownSentinels[value.kind];
  if (value instanceof Output) return maskedOutput(value, form);
  if (isPropertyArray(value)) return value.map((item) => maskedJson(item, form));
  if (value === null || typeof value !== 'object') return valueToJson(value, undefined);
  if (value instanceof Asset || value instanceof Archive || value instanceof ResourceReference)
    return valueToJson(value, undefined);
  return maskedMap(value as PropertyMap, form);
}

export function maskedMap(map: PropertyMap, form: SecretForm): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, maskedJson(value, form)]));
}

function maskedOutput(output: Output, form: SecretForm): Json {
  if (output.value === undefined) return unknownSentinels.string;
  return maskedJson(output.secret ? new Secret(output.value) : output.value, form);
}

function maskedSecret(value: PropertyValue, form: SecretForm): Json {
  switch (form) {
    case 'word':
      return '[secret]';
    case 'plain':
      return maskedJson(value, 'plain');
    case 'marked':
      return { [signatureKey]: secretSignature, ciphertext: '[secret]' };
    case 'marked-plain':
      return { [signatureKey]: secretSignature, ciphertext: JSON.stringify(maskedJson(value, 'plain')) };
  }
}
