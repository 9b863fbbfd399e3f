import { formatCidr, parseCidr, part } from './cidr';

/**
 * Who reaches a subnet: `public` has a way from the internet, `private` only a way out (through NAT), `isolated` neither.
 */
export type SubnetTier = 'public' | 'private' | 'isolated';

export interface SubnetPlan {
  readonly zone: string;
  readonly tier: SubnetTier;
  readonly cidr: string;
  /** Which /64 of the network's /56 this subnet takes. */
  readonly ipv6Index: number;
}

export interface SubnetPlanOptions {
  /** The whole network, /16 to /28. */
  readonly cidr: string;
  /** Zones in the order in which they were added. A zone's place here is its place in the address range. */
  readonly zones: readonly string[];
  readonly tiers: readonly SubnetTier[];
  /** How many zones the range is divided for, a power of two; fixed for the life of the network. Default 8. */
  readonly zoneSlots?: number;
}

/** AWS makes no subnet smaller than this. */
const SMALLEST_PREFIX = 28;

/**
 * Where each tier lies within its zone's block: bits added to the prefix, and which part. Half is for private, where most runs; a
 * quarter for public; an eighth for isolated; the last eighth is kept free for what comes later.
 */
const PLACES: Readonly<Record<SubnetTier, { readonly bits: number; readonly index: number; readonly ipv6: number }>> = {
  private: { bits: 1, index: 0, ipv6: 0 },
  public: { bits: 2, index: 2, ipv6: 1 },
  isolated: { bits: 3, index: 6, ipv6: 2 },
};

/**
 * The subnets of a network. Every zone owns one slot of the range and every tier one place in the slot, whether used or not:
 * no two subnets overlap, and a zone or tier that is added later moves none that is there.
 * Throws where the zones or the smallest subnet do not fit.
 */
export function planSubnets(options: SubnetPlanOptions): readonly SubnetPlan[] {
  const { cidr, zones, tiers, zoneSlots = 8 } = options;
  const slotBits = Math.log2(zoneSlots);
  if (!Number.isInteger(slotBits)) throw new Error(`zoneSlots is not a power of two: ${zoneSlots}`);
  if (zones.length > zoneSlots) {
    throw new Error(`${zones.length} zones do not fit into ${zoneSlots} slots of ${cidr}: name fewer zones`);
  }
  if (new Set(zones).size < zones.length) throw new Error(`a zone is named twice: ${zones.join(', ')}`);
  const network = parseCidr(cidr);
  const longest = network.prefix + slotBits + Math.max(...tiers.map((tier) => PLACES[tier].bits));
  if (longest > SMALLEST_PREFIX) {
    const widest = SMALLEST_PREFIX - (longest - network.prefix);
    throw new Error(`${cidr} is too small for ${zoneSlots} zones: the prefix may be ${widest} at most`);
  }
  return zones.flatMap((zone, slot) =>
    tiers.map((tier) => {
      const { bits, index, ipv6 } = PLACES[tier];
      const block = part(part(network, slotBits, slot), bits, index);
      return { zone, tier, cidr: formatCidr(block), ipv6Index: slot * 4 + ipv6 };
    }),
  );
}
