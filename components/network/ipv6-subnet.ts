/** AWS gives a network a /56, which has room for this many subnets of /64. */
const SUBNETS = 256;

/**
 * The `index`-th /64 of a /56, in any notation of it, as AWS writes it: `2001:db8:12:3400::/56` -> `2001:db8:12:3405::/64`.
 * Throws where the block is no /56, or has no such part.
 */
export function ipv6Subnet(block: string, index: number): string {
  const [address = '', prefix] = block.split('/');
  const groups = groupsOf(address);
  if (prefix !== '56' || !groups || (groups[3]! & 0xff) !== 0 || groups.slice(4).some((group) => group !== 0)) {
    throw new Error(`Cannot divide an IPv6 block as it is not a /56: "${block}".`);
  }
  if (!Number.isInteger(index) || index < 0 || index >= SUBNETS) {
    throw new Error(`Cannot take subnet ${index} of ${block} as it has those from 0 to ${SUBNETS - 1}.`);
  }
  return `${compressed([...groups.slice(0, 3), groups[3]! + index, 0, 0, 0, 0])}/64`;
}

/** The eight groups of an address; undefined where it is none. `::` stands for as many zero groups as are missing. */
function groupsOf(address: string): readonly number[] | undefined {
  const sides = address.split('::');
  if (sides.length > 2) return undefined;
  const [before = [], after = []] = sides.map((side) => (side === '' ? [] : side.split(':')));
  const written = [...before, ...after];
  const missing = 8 - written.length;
  if (sides.length === 1 ? missing !== 0 : missing < 1) return undefined;
  if (!written.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return [...before, ...Array<string>(missing).fill('0'), ...after].map((group) => Number.parseInt(group, 16));
}

/** RFC 5952: the longest run of zero groups, the first of equals, is written `::`. A /64 ends with four of them. */
function compressed(groups: readonly number[]): string {
  const runs = groups.map((_, start) => {
    const end = groups.findIndex((group, index) => index >= start && group !== 0);
    return (end < 0 ? groups.length : end) - start;
  });
  const longest = Math.max(...runs);
  const text = (some: readonly number[]) => some.map((group) => group.toString(16)).join(':');
  const start = runs.indexOf(longest);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + longest))}`;
}
