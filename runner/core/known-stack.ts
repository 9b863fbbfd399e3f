/** What the runner remembers of a stack between changes. */
export interface KnownStack {
  readonly id: string;
  readonly repository: string;
  readonly name: string;
  readonly environment: string;
  /** Place in the order of promotion, from 0. */
  readonly position: number;
  /** The commit that is applied, or that provably leaves it as it is. */
  readonly appliedCommit: string | undefined;
  readonly appliedAt: Date | undefined;
  /** Another one each time that an update of the stack begins or something is decided about which commit it is at. */
  readonly revision: string;
  /** Set where the checks of its environment have not shown yet that what was applied last is good. */
  readonly unproven: Unproven | undefined;
  /** Stacks whose outputs its program read last. */
  readonly references: readonly string[];
}

/** Why nobody may rely on a stack's environment yet. */
export interface Unproven {
  /** A check said so; else none has ended since the update. */
  readonly bad: boolean;
  readonly why: string;
}

/**
 * How a stack stands to the base branch: `aligned`; `behind` (a commit is on its way or waits); `failed` (its last update did); `new` (never
 * updated).
 */
export type Alignment = 'aligned' | 'behind' | 'failed' | 'new';

export function alignmentOf(
  stack: Pick<KnownStack, 'appliedCommit'>,
  base: string | undefined,
  lastUpdate: 'failed' | 'other' | undefined,
): Alignment {
  if (stack.appliedCommit !== undefined && stack.appliedCommit === base) return 'aligned';
  if (lastUpdate === 'failed') return 'failed';
  return stack.appliedCommit === undefined ? 'new' : 'behind';
}
