import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ipv6Subnet } from './ipv6-subnet';

/** The address as a number, by way of the URL parser: another reading of the same notation. */
function asNumber(address: string): bigint {
  const host = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = '', after] = host.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after ? after.split(':') : [];
  const groups = after === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.reduce((sum, group) => sum * 65536n + BigInt(Number.parseInt(group, 16)), 0n);
}

// Zeros often, as they are what notations leave out.
const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(0xffff) });
const network = fc.tuple(group, group, group, fc.nat(0xff)).map(([a, b, c, d]) => [a, b, c, d * 256, 0, 0, 0, 0]);
const index = fc.nat(255);

describe('ipv6Subnet', () => {
  it('numbers the networks of a /56', () => {
    assert.equal(ipv6Subnet('2001:db8:12:3400::/56', 5), '2001:db8:12:3405::/64');
    assert.equal(ipv6Subnet('2001:db8:12:3400::/56', 31), '2001:db8:12:341f::/64');
  });

  it('reads blocks that are written short, and writes short ones', () => {
    assert.equal(ipv6Subnet('2600:1f14:abc::/56', 5), '2600:1f14:abc:5::/64');
    assert.equal(ipv6Subnet('2600:1f14::/56', 0), '2600:1f14::/64');
    assert.equal(ipv6Subnet('2600::ab00:0:0:0:0/56', 1), '2600:0:0:ab01::/64');
    assert.equal(ipv6Subnet('2600:0:0:ff00:0:0:0:0/56', 255), '2600:0:0:ffff::/64');
  });

  it('lies within its block, at its place, in whatever notation the block comes', () => {
    fc.assert(
      fc.property(network, index, fc.boolean(), (groups, place, short) => {
        const long = groups.map((part) => part.toString(16).padStart(short ? 1 : 4, '0')).join(':');
        const written = short ? new URL(`http://[${long}]`).hostname.slice(1, -1) : long;
        const subnet = ipv6Subnet(`${written}/56`, place);
        const [address = '', prefix] = subnet.split('/');
        assert.equal(prefix, '64');
        assert.ok(isIPv6(address), address);
        assert.equal(asNumber(address), asNumber(long) + (BigInt(place) << 64n));
        assert.equal(new URL(`http://[${address}]`).hostname, `[${address}]`, 'as RFC 5952 writes it');
      }),
    );
  });

  it('refuses what is no /56, and places that it does not have', () => {
    const wrong = [
      '2001:db8::/48',
      '2001:db8:0:1::/56',
      '2001:db8::1/56',
      'fe80:::/56',
      '10.0.0.0/56',
      '',
      '1:2:3:4::5::/56',
    ];
    for (const block of wrong) assert.throws(() => ipv6Subnet(block, 0), /not a \/56/, block);
    for (const place of [-1, 256, 1.5]) assert.throws(() => ipv6Subnet('2001:db8::/56', place), /from 0 to 255/);
  });
});
