import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { contains, formatCidr, overlaps, parseCidr, part } from './cidr';
import { planSubnets, type SubnetTier } from './subnet-plan';

const TIERS: readonly SubnetTier[] = ['public', 'private', 'isolated'];

const network = fc
  .tuple(fc.integer({ min: 16, max: 22 }), fc.nat(0xffff))
  .map(([prefix, seed]) =>
    formatCidr({ first: 10 * 2 ** 24 + (seed % 2 ** (prefix - 8)) * 2 ** (32 - prefix), prefix }),
  );
const zones = fc
  .integer({ min: 1, max: 8 })
  .map((count) => Array.from({ length: count }, (_, index) => `zone-${index}`));
const tiers = fc.subarray([...TIERS], { minLength: 1 });

describe('planSubnets', () => {
  it('makes subnets that lie within the network and never overlap', () => {
    fc.assert(
      fc.property(network, zones, tiers, (cidr, names, some) => {
        const plans = planSubnets({ cidr, zones: names, tiers: some });
        assert.equal(plans.length, names.length * some.length);
        const blocks = plans.map((plan) => parseCidr(plan.cidr));
        for (const [index, block] of blocks.entries()) {
          assert.ok(contains(parseCidr(cidr), block));
          assert.ok(!blocks.slice(index + 1).some((other) => overlaps(block, other)));
        }
        assert.equal(new Set(plans.map((plan) => plan.ipv6Index)).size, plans.length);
      }),
    );
  });

  it('moves no subnet when a zone or a tier is added', () => {
    fc.assert(
      fc.property(network, zones, tiers, (cidr, names, some) => {
        const before = planSubnets({ cidr, zones: names.slice(0, -1), tiers: some });
        const after = planSubnets({ cidr, zones: names, tiers: TIERS });
        for (const plan of before) assert.ok(after.some((other) => JSON.stringify(other) === JSON.stringify(plan)));
      }),
    );
  });

  it('leaves an eighth of each zone free', () => {
    const plans = planSubnets({ cidr: '10.0.0.0/16', zones: ['a'], tiers: TIERS });
    assert.deepEqual(
      plans.map(({ tier, cidr }) => [tier, cidr]),
      [
        ['public', '10.0.16.0/21'],
        ['private', '10.0.0.0/20'],
        ['isolated', '10.0.24.0/22'],
      ],
    );
  });

  it('refuses what does not fit, saying how wide the network must be', () => {
    assert.throws(() => planSubnets({ cidr: '10.0.0.0/24', zones: ['a'], tiers: TIERS }), /may be 22 at most/);
    assert.throws(
      () => planSubnets({ cidr: '10.0.0.0/16', zones: ['a', 'b', 'c'], tiers: TIERS, zoneSlots: 2 }),
      /3 zones/,
    );
    assert.throws(() => planSubnets({ cidr: '10.0.0.0/16', zones: ['a', 'a'], tiers: TIERS }), /named twice/);
    assert.throws(() => planSubnets({ cidr: '10.0.0.0/16', zones: ['a'], tiers: TIERS, zoneSlots: 3 }), /power of two/);
  });
});

describe('parseCidr', () => {
  it('reads back what formatCidr wrote', () => {
    fc.assert(
      fc.property(network, fc.nat(7), (cidr, index) => {
        const block = part(parseCidr(cidr), 3, index);
        assert.deepEqual(parseCidr(formatCidr(block)), block);
      }),
    );
  });

  it('says what is wrong', () => {
    assert.throws(() => parseCidr('10.0.0.0/33'), /"10\.0\.0\.0\/33" is not a CIDR block/);
    assert.throws(() => parseCidr('10.0.0.256/24'), /is not a CIDR block/);
    assert.throws(() => parseCidr('10.0.5.0/16'), /begins at 10\.0\.0\.0\/16/);
  });
});
