import type { RolloutWait } from './gate.ts';
import type { Stage } from './stack-order.ts';

/**
 * One commit of the base branch on its way through the environments.
 *
 * running → succeeded | overtaken (a newer commit carries its rest)
 * running → waiting (for approvals, or for a decision after a failure) → running
 * running | waiting → failed (given up)
 */
export type RolloutState = 'running' | 'waiting' | 'succeeded' | 'failed' | 'overtaken';

export interface Rollout {
  readonly id: string;
  readonly repository: string;
  readonly commit: string;
  readonly state: RolloutState;
  /** What it waits for, or what became of it. */
  readonly summary: string;
  /** Set while it waits. */
  readonly waits: RolloutWait | undefined;
  readonly stages: readonly Stage[];
  /** Ids of the changes that this commit merged. */
  readonly changes: readonly string[];
  readonly createdAt: Date;
  readonly endedAt: Date | undefined;
}

/** `break-glass` goes past every gate of one environment, with a reason that everybody sees. */
export type DecisionKind = 'approve' | 'reject' | 'retry' | 'give-up' | 'break-glass';

/** Names who approved and what: an approval counts for one environment of one rollout, or for one update that grew. */
export interface Decision {
  readonly kind: DecisionKind;
  readonly by: string;
  /** Which way it came; see `Actor`. */
  readonly via?: string;
  readonly reason: string | undefined;
  /** What the person saw, to be refused where it is not that any more. */
  readonly digest?: string;
}
