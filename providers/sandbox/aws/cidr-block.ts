/** A block of IPv4 addresses: its first address and how many there are. */
interface Block {
  readonly first: number;
  readonly size: number;
}

/** Whether `text` is an IPv4 block that begins where its prefix says. */
export function isBlock(text: string): boolean {
  return parseBlock(text) !== undefined;
}

export function blocksOverlap(a: string, b: string): boolean {
  const [left, right] = [parseBlock(a), parseBlock(b)];
  if (!left || !right) return false;
  return left.first < right.first + right.size && right.first < left.first + left.size;
}

export function isInside(inner: string, outer: string): boolean {
  const [small, large] = [parseBlock(inner), parseBlock(outer)];
  if (!small || !large) return false;
  return small.first >= large.first && small.first + small.size <= large.first + large.size;
}

function parseBlock(text: string): Block | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [octets, prefix] = [match.slice(1, 5).map(Number), Number(match[5])];
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, size } : undefined;
}
