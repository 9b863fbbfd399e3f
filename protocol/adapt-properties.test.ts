import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { adaptProperties, hasSecrets, hasUnknowns } from './adapt-properties.ts';
import { arbitraryProperties } from './arbitrary-properties.ts';
import { Archive, Asset, Output, ResourceReference, Secret, Unknown } from './property-value.ts';
import { remarkSecrets, restoreAssets } from './provider-remarks.ts';
import { decodePropertyBytes, encodePropertyBytes } from './struct-bytes.ts';
import type { StructOptions } from './struct-marks.ts';

const arbitraryOptions: fc.Arbitrary<StructOptions> = fc.record(
  {
    keepSecrets: fc.boolean(),
    keepResources: fc.boolean(),
    keepOutputs: fc.boolean(),
    keepUnknowns: fc.boolean(),
    elideAssetContents: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe('adapted properties', () => {
  it('are what a peer decodes that got them encoded with the same options', () => {
    fc.assert(
      fc.property(arbitraryProperties, arbitraryOptions, (properties, options) => {
        const decoded = decodePropertyBytes(encodePropertyBytes(properties, options));
        assert.deepEqual(adaptProperties(properties, options), decoded);
      }),
      { numRuns: 500 },
    );
  });

  it('are the same object where nothing changes', () => {
    fc.assert(
      fc.property(arbitraryProperties, (properties) => assert.equal(adaptProperties(properties, {}), properties)),
    );
  });

  it('know their secrets and unknowns at any depth', () => {
    const values = {
      secret: [{ a: new Secret(1) }, { a: [new Output(1, true)] }, new Output([new Secret(1)])],
      unknown: [
        [new Unknown()],
        new Output(undefined),
        new Secret(new Unknown()),
        new ResourceReference('u', new Unknown()),
      ],
      neither: [{ a: [1, null, 'x', new Output(1), new ResourceReference('u', 'i'), new Asset({ text: 'x' })] }],
    };
    for (const value of values.secret) assert.deepEqual([hasSecrets(value), hasUnknowns(value)], [true, false]);
    for (const value of values.unknown) assert.equal(hasUnknowns(value), true);
    for (const value of values.neither) assert.deepEqual([hasSecrets(value), hasUnknowns(value)], [false, false]);
  });
});

describe('marks put back', () => {
  it('are on namesakes: objects entered, all else whole', () => {
    const inputs = {
      a: new Secret('x'),
      list: [1, new Secret(2)],
      map: { in: new Secret(3), out: 4 },
      gone: new Secret(5),
    };
    const outputs = { a: 'y', list: [2, 1], map: { in: 3, out: 4, other: 6 }, extra: 'e' };
    assert.deepEqual(remarkSecrets(outputs, inputs), {
      a: new Secret('y'),
      list: new Secret([2, 1]),
      map: { in: new Secret(3), out: 4, other: 6 },
      extra: 'e',
    });
  });

  it('are never doubled, and never change what came', () => {
    const outputs = Object.freeze({ a: new Secret('y'), map: Object.freeze({ b: 'c' }) });
    assert.equal(remarkSecrets(outputs, { a: new Secret('x'), map: { z: new Secret(1) } }), outputs);
  });

  it('restore contents of assets that came back as hashes, in secrets and lists too', () => {
    const asset = new Asset({ path: './a' }, 'h1');
    const archive = new Archive({ path: './b' }, 'h2');
    const restored = restoreAssets(
      {
        one: new Asset(undefined, 'h1'),
        many: [new Secret(new Archive(undefined, 'h2'))],
        other: new Asset(undefined, 'h9'),
      },
      { x: { y: [asset] }, z: new Secret(archive) },
    );
    assert.deepEqual(restored, { one: asset, many: [new Secret(archive)], other: new Asset(undefined, 'h9') });
  });
});
