// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of Pulumi.
import { createHash, randomBytes } from 'node:crypto';
import { ChaCha8Random } from './chacha8-random.ts';

/** What a pattern makes for one resource. */
export interface GeneratedName {
  readonly name: string;
  /** Some part is drawn: another name next time. */
  readonly random: boolean;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';

/** What stands for a drawn text, in the order in which they are drawn: the order belongs to the format. */
const drawn: readonly (readonly [RegExp, (random: ChaCha8Random, length: number) => string])[] = [
  [
    /\$\{hex\((\d+)\)\}/g,
    (random, length) =>
      random
        .nextBytes(Math.floor(length / 2) + 1)
        .toString('hex')
        .slice(0, length),
  ],
  [/\$\{alphanum\((\d+)\)\}/g, (random, length) => characters(random, letters + digits, length)],
  [/\$\{string\((\d+)\)\}/g, (random, length) => characters(random, letters, length)],
  [/\$\{num\((\d+)\)\}/g, (random, length) => characters(random, digits, length)],
];

/**
 * The name that a pattern of `pulumi:autonaming` gives to a resource: `${name}`, `${hex(n)}`, `${alphanum(n)}`, `${string(n)}`, `${num(n)}`,
 * `${uuid}` (pkg/resource/autonaming/strategy.go). The same for the same seed, in both engines; an empty seed is no seed.
 */
export function generateName(pattern: string, resourceName: string, seed: Uint8Array): GeneratedName {
  const key = seed.length === 0 ? randomBytes(32) : createHash('sha256').update(seed).digest();
  const random = new ChaCha8Random(key);
  const named = pattern.replaceAll('${name}', () => resourceName);
  let name = named;
  for (const [expression, draw] of drawn) {
    name = name.replace(expression, (_, length: string) => draw(random, Number(length)));
  }
  if (name.includes('${uuid}')) {
    const uuid = random
      .nextBytes(16)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    name = name.replaceAll('${uuid}', uuid);
  }
  return { name, random: name !== named };
}

function characters(random: ChaCha8Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[random.nextBelow(alphabet.length)]).join('');
}
