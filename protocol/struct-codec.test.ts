import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryProperties } from './arbitrary-properties.ts';
import { Archive, Asset, Output, type PropertyMap, ResourceReference, Secret, Unknown } from './property-value.ts';
import { signatureKey } from './signatures.ts';
import { decodeProperties, encodeProperties, type StructOptions } from './struct-codec.ts';
import { Struct } from './struct-messages.ts';

const overTheWire = (properties: PropertyMap, encoding?: StructOptions, decoding?: StructOptions) =>
  decodeProperties(Struct.deserializeBinary(encodeProperties(properties, encoding).serializeBinary()), decoding);

describe('struct codec', () => {
  it('gives back whatever it encodes', () => {
    fc.assert(
      fc.property(arbitraryProperties, (properties) => assert.deepEqual(overTheWire(properties), properties)),
      { numRuns: 400 },
    );
  });

  it('leaves no mark for peers that accept none', () => {
    const bare = { keepSecrets: false, keepResources: false, keepOutputs: false, keepUnknowns: false };
    fc.assert(
      fc.property(arbitraryProperties, (properties) => {
        const text = JSON.stringify(encodeProperties(properties, { ...bare, elideAssetContents: true }).toObject());
        assert.doesNotMatch(text, /1b47061264138c4ac30d75fd1eb44270|d0e6a833031e9bbcd3f4e8bde6ca49a4/);
        assert.doesNotMatch(text, /5cf8f73096256a8f31e491e813e4eb8e|04da6b54-80e4-46f7-96ec-b56ff0331ba9/);
      }),
    );
  });

  it('strips alike when it encodes and when it decodes', () => {
    const bare = { keepSecrets: false, keepResources: false, keepOutputs: false };
    fc.assert(
      fc.property(arbitraryProperties, (properties) =>
        assert.deepEqual(overTheWire(properties, bare), overTheWire(properties, {}, bare)),
      ),
    );
  });

  const tables: readonly [string, PropertyMap, StructOptions, PropertyMap][] = [
    ['a secret by its value', { a: new Secret([new Secret('x')]) }, { keepSecrets: false }, { a: ['x'] }],
    ['a reference by its id', { a: new ResourceReference('u', 'id') }, { keepResources: false }, { a: 'id' }],
    ['a component reference by its URN', { a: new ResourceReference('u') }, { keepResources: false }, { a: 'u' }],
    [
      'a reference to something unknown by an unknown',
      { a: new ResourceReference('u', new Unknown()) },
      { keepResources: false },
      { a: new Unknown() },
    ],
    ['a secret output by a secret', { a: new Output(1, true, ['u']) }, { keepOutputs: false }, { a: new Secret(1) }],
    [
      'an unknown secret output by a secret unknown',
      { a: new Output(undefined, true) },
      { keepOutputs: false },
      { a: new Secret(new Unknown()) },
    ],
    [
      'an asset by its hash',
      { a: new Asset({ text: 'x' }, 'h') },
      { elideAssetContents: true },
      { a: new Asset(undefined, 'h') },
    ],
    [
      'an archive by its hash',
      { a: new Archive({ assets: { f: new Asset({ text: 'x' }, 'i') } }, 'h') },
      { elideAssetContents: true },
      { a: new Archive(undefined, 'h') },
    ],
    ['null values in objects only', { a: null, b: { c: null }, d: [null] }, { skipNulls: true }, { b: {}, d: [null] }],
    ['internal keys at the top only', { __a: 1, b: { __c: 2 } }, { skipInternalKeys: true }, { b: { __c: 2 } }],
    ['unknown properties', { a: new Unknown(), b: 1 }, { keepUnknowns: false }, { b: 1 }],
  ];
  for (const [name, properties, options, expected] of tables) {
    it(`replaces or drops ${name}`, () => assert.deepEqual(overTheWire(properties, options), expected));
  }

  it('keeps a secret null where nulls are skipped', () => {
    const properties = { a: new Secret(null), b: new Output(null) };
    assert.deepEqual(overTheWire(properties, {}, { skipNulls: true }), properties);
  });

  const malformed: readonly [PropertyMap, RegExp][] = [
    [{ a: { [signatureKey]: 'nonsense' } }, /^MalformedValue: "a": an object with the unknown signature "nonsense"$/],
    [{ a: { b: [{ [signatureKey]: '1b47061264138c4ac30d75fd1eb44270' }] } }, /"a": "b": a secret without "value"/],
    [{ a: { [signatureKey]: '5cf8f73096256a8f31e491e813e4eb8e' } }, /a resource reference without "urn"/],
    [{ a: { [signatureKey]: '803fd3297a5875dc03ca845dda5d2a98', value: 'AA==' } }, /not UTF-8/],
    [{ a: { [signatureKey]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4', secret: 'x' } }, /"secret" is not a boolean/],
    [{ a: { [signatureKey]: '0def7320c3a5731c473e5ecbe6d01bc7', assets: { f: 1 } } }, /entry "f" is neither/],
  ];
  for (const [properties, message] of malformed) {
    it(`refuses ${message.source}`, () => assert.throws(() => overTheWire(properties), message));
  }

  it('refuses a key that google-protobuf would lose', () => {
    assert.throws(() => encodeProperties(JSON.parse('{"a": {"__proto__": 1}}')), /a property named "__proto__"/);
  });

  it('refuses to encode what is no property value', () => {
    assert.throws(() => encodeProperties({ a: (() => 1) as never }), /no known kind/);
  });
});
