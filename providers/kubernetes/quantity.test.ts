import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalQuantity } from './quantity.ts';

describe('canonicalQuantity', () => {
  for (const [given, expected] of [
    ['1000m', '1'],
    ['1', '1'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.5', '1500m'],
    ['1024Mi', '1Gi'],
    ['1536Mi', '1536Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['0.5Ki', '512'],
    ['100M', '100M'],
    ['1000M', '1G'],
    ['128974848', '128974848'],
    ['129e6', '129e6'],
    ['12e4', '120e3'],
    ['1E', '1E'],
    ['0', '0'],
    ['0Gi', '0'],
    ['-1000m', '-1'],
    ['250u', '250u'],
  ] as const)
    it(`writes ${given} as ${expected}`, () => assert.equal(canonicalQuantity(given), expected));

  for (const text of ['', 'a', '1 Gi', '1gi', '--1', '1.2.3', '.'])
    it(`leaves ${JSON.stringify(text)}, which is none, as it is`, () => assert.equal(canonicalQuantity(text), text));

  it('writes what it has written in the same way', () => {
    const quantity = fc.tuple(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'e0'),
    );
    fc.assert(
      fc.property(quantity, ([number, suffix]) => {
        const once = canonicalQuantity(`${number}${suffix}`);
        assert.equal(canonicalQuantity(once), once);
      }),
    );
  });
});
