/** A block of IPv4 addresses. */
export interface CidrBlock {
  /** The first address as a number, 0 to 2^32 - 1. */
  readonly first: number;
  /** Length of the prefix, 0 to 32. */
  readonly prefix: number;
}

/** Reads `10.0.0.0/16`. Throws, saying what is wrong, where it is no block or does not begin on its own boundary. */
export function parseCidr(text: string): CidrBlock {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const octets = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (!match || octets.some((octet) => octet > 255) || prefix > 32) {
    throw new Error(`"${text}" is not a CIDR block: write it as 10.0.0.0/16`);
  }
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const begin = first - (first % sizeOf(prefix));
  if (begin === first) return { first, prefix };
  throw new Error(
    `"${text}" is not a CIDR block: a /${prefix} that holds it begins at ${formatCidr({ first: begin, prefix })}`,
  );
}

export function formatCidr({ first, prefix }: CidrBlock): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${octets.join('.')}/${prefix}`;
}

/** The `index`-th of the equal parts that `block` has when its prefix gets `bits` longer. */
export function part(block: CidrBlock, bits: number, index: number): CidrBlock {
  const prefix = block.prefix + bits;
  return { first: block.first + index * sizeOf(prefix), prefix };
}

/** How many addresses a prefix leaves. */
export function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}

export function overlaps(a: CidrBlock, b: CidrBlock): boolean {
  return a.first < b.first + sizeOf(b.prefix) && b.first < a.first + sizeOf(a.prefix);
}

export function contains(outer: CidrBlock, inner: CidrBlock): boolean {
  return inner.prefix >= outer.prefix && inner.first >= outer.first && inner.first < outer.first + sizeOf(outer.prefix);
}
