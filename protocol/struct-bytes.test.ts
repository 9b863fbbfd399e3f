import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryProperties } from './arbitrary-properties.ts';
import type { PropertyMap } from './property-value.ts';
import { decodePropertyBytes, encodePropertyBytes } from './struct-bytes.ts';
import { decodeProperties, encodeProperties, type StructOptions } from './struct-codec.ts';
import { Struct } from './struct-messages.ts';

const arbitraryOptions: fc.Arbitrary<StructOptions> = fc.record(
  {
    keepSecrets: fc.boolean(),
    keepResources: fc.boolean(),
    keepOutputs: fc.boolean(),
    keepUnknowns: fc.boolean(),
    skipNulls: fc.boolean(),
    skipInternalKeys: fc.boolean(),
    elideAssetContents: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe('struct bytes', () => {
  it('writes what google-protobuf reads, with every option', () => {
    fc.assert(
      fc.property(arbitraryProperties, arbitraryOptions, (properties, options) => {
        const message = Struct.deserializeBinary(encodePropertyBytes(properties, options));
        assert.deepEqual(message.toObject(), encodeProperties(properties, options).toObject());
      }),
      { numRuns: 400 },
    );
  });

  it('reads what google-protobuf writes, with every option', () => {
    fc.assert(
      fc.property(arbitraryProperties, arbitraryOptions, (properties, options) => {
        const message = encodeProperties(properties);
        assert.deepEqual(decodePropertyBytes(message.serializeBinary(), options), decodeProperties(message, options));
      }),
      { numRuns: 400 },
    );
  });

  it('carries keys that google-protobuf would lose, and long texts of any script', () => {
    const properties: PropertyMap = JSON.parse('{"__proto__": {"constructor": [1.5, null, false]}}');
    assert.deepEqual(decodePropertyBytes(encodePropertyBytes(properties)), properties);
    const texts = { short: 'äöü', long: 'ünï'.repeat(40_000), emoji: '🚀'.repeat(30) };
    assert.deepEqual(decodePropertyBytes(encodePropertyBytes(texts)), texts);
  });

  it('refuses every message that is cut off, and never hangs on noise', () => {
    const bytes = encodePropertyBytes({ a: [1, 'two', { three: null }], b: 'x'.repeat(200) });
    for (let length = 1; length < bytes.length; length += 1) {
      const cut = bytes.subarray(0, length);
      let expected: unknown;
      try {
        expected = decodeProperties(Struct.deserializeBinary(cut));
      } catch {
        assert.throws(() => decodePropertyBytes(cut));
        continue;
      }
      assert.deepEqual(decodePropertyBytes(cut), expected);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        try {
          decodePropertyBytes(noise);
        } catch (error) {
          assert.match((error as Error).name, /^Malformed/);
        }
      }),
    );
  });
});
