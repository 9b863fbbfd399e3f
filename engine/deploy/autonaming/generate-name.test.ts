// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of Pulumi.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { ChaCha8Random } from './chacha8-random.ts';
import { generateName } from './generate-name.ts';

const seed = Buffer.from('test seed');
const random = (): ChaCha8Random => new ChaCha8Random(createHash('sha256').update(seed).digest());

describe('names drawn from a pattern', () => {
  // What the official engine gives for the same seed.
  const official = [
    ['${name}-${hex(4)}', 'myresource-f93c'],
    ['${name}-${alphanum(5)}', 'myresource-3ufv0'],
    ['${name}-${string(6)}', 'myresource-xgtfme'],
    ['${num(7)}_${name}', '5657624_myresource'],
    ['${uuid}', 'f93c359b-82a2-9def-ec84-776cd822c95a'],
  ] as const;
  for (const [pattern, name] of official) {
    it(`are those of the official engine: ${pattern}`, () => {
      assert.deepEqual(generateName(pattern, 'myresource', seed), { name, random: true });
    });
  }

  it('go on with the bytes that the last draw left over', () => {
    const { name } = generateName('${hex(5)}${hex(3)}', 'a', seed);
    assert.equal(name, 'f93c3' + '9b8', 'three bytes for the first, the next two for the second');
  });

  it('are not random without a drawn part, and take the resource name as it is', () => {
    assert.deepEqual(generateName('x-${name}', 'a$&b', seed), { name: 'x-a$&b', random: false });
  });

  it('differ without a seed', () => {
    assert.notEqual(
      generateName('${uuid}', 'a', Buffer.alloc(0)).name,
      generateName('${uuid}', 'a', Buffer.alloc(0)).name,
    );
  });
});

describe('the generator of names', () => {
  it('gives the published values for its test key, across a change of keys', () => {
    // From Go's math/rand/v2. After 124 values the generator makes itself a new key.
    const published = new ChaCha8Random(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ123456'));
    const values = Array.from({ length: 130 }, () => published.nextValue());
    assert.deepEqual(values.slice(0, 2), [0xb773b6063d4616a5n, 0x1160af22a66abc3cn]);
    assert.deepEqual(values.slice(123, 126), [0x861d6c139c06c871n, 0x5f41df72e05e0487n, 0x25bd7e1e1ae26b1dn]);
    assert.equal(values[129], 0x1a6663372c1bb36n);
  });

  it('draws evenly below a limit', () => {
    const source = random();
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 3000; draw += 1) {
      const value = source.nextBelow(3);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].sort(), [0, 1, 2]);
    for (const count of counts.values()) assert.ok(count > 850 && count < 1150, String(count));
  });
});
