import { createHash } from 'node:crypto';

/** One turn of a stack's schedule. */
export interface Slot {
  /** Counts up from 1970: the same wherever and whenever it is asked. */
  readonly number: number;
  /** Instant at which it began. */
  readonly beganAt: number;
}

/**
 * The turn that a stack is in. Turns are `every` milliseconds long and begin at a point of that time which the stack's name decides, so that stacks are
 * spread out, and evenly, without anybody keeping a list.
 */
export function slotAt(now: number, stack: string, every: number): Slot {
  const phase = phaseOf(stack, every);
  const number = Math.floor((now - phase) / every);
  return { number, beganAt: number * every + phase };
}

function phaseOf(stack: string, every: number): number {
  const part = createHash('sha256').update(stack).digest().readUInt32BE() / 2 ** 32;
  return Math.floor(part * every);
}

/**
 * Whether a stack is looked at now: once per turn, and not in a turn in which it was looked at or updated already. Of the turns that went by while
 * no runner was there only the last counts; times that have not come yet, as clocks were set back, count for nothing.
 */
export function isDue(
  now: number,
  slot: Slot,
  seen: { readonly lookedAt: Date | undefined; readonly appliedAt: Date | undefined },
): boolean {
  const past = [seen.lookedAt, seen.appliedAt].map((time) => time?.getTime() ?? 0).filter((time) => time <= now);
  return seen.appliedAt !== undefined && Math.max(0, ...past) < slot.beganAt;
}
