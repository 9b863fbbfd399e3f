import type { PlannedStep } from './planned-step.ts';
import type { Reason } from './reason.ts';

/**
 * `drift` is a look at what the world made of a stack; `correction` puts back what differs; `environment` makes or updates a preview environment and
 * `removal` destroys it.
 */
export type RunKind = 'preview' | 'update' | 'drift' | 'correction' | 'environment' | 'removal';

/**
 * The states of a run.
 *
 * queued → running → succeeded | failed | cancelled
 * running → waiting (for a person) → running
 * queued | running → superseded (a newer push or commit took its place)
 * failed | waiting → queued (retry)
 */
export type RunState = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'superseded';

/** One preview or update of one stack at one commit. */
export interface Run {
  readonly id: string;
  readonly repository: string;
  /** Id of the stack, `<project>/<stack>`. */
  readonly stack: string;
  readonly kind: RunKind;
  readonly state: RunState;
  /** Why the state is what it is, in words. */
  readonly summary: string;
  readonly change: string | undefined;
  readonly rollout: string | undefined;
  /** The commit that is checked out. */
  readonly commit: string;
  readonly reasons: readonly Reason[];
  readonly outcome: Outcome | undefined;
  /** From 1; a retry counts up. */
  readonly attempt: number;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** What a list shows of a run: everything but its outcome, which may be megabytes. */
export interface RunHead extends Omit<Run, 'outcome'> {
  readonly digest: string | undefined;
  readonly engine: string | undefined;
  readonly counts: Readonly<Record<string, number>>;
  readonly sandbox: boolean;
}

export const ENDED_STATES: readonly RunState[] = ['succeeded', 'failed', 'cancelled', 'superseded'];

/** Whether putting the old commit back would undo what a run does. */
export interface Undo {
  readonly answer: 'yes' | 'loses' | 'no' | 'unknown';
  readonly text: string;
  /** URNs that the answer is about. */
  readonly resources: readonly string[];
}

/** What an engine made of a stack. */
export interface Outcome {
  readonly result: 'succeeded' | 'failed';
  /** Resources by operation, as the engine counts them; `same` included. */
  readonly counts: Readonly<Record<string, number>>;
  readonly steps: readonly PlannedStep[];
  readonly diagnostics: readonly Diagnostic[];
  /** Set where the result is `failed`: what went wrong, first of all. */
  readonly problem: string | undefined;
  readonly digest: string;
  /** What the digest is made of, to compare two previews. */
  readonly fingerprints: readonly string[];
  /** Stacks whose outputs the program read, as it named them. */
  readonly references: readonly string[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly engine: string;
  /** Whether its resources live in the sandbox, as the stack's settings ask: such a result is never shown as a real one. */
  readonly sandbox: boolean;
  readonly milliseconds: number;
  /** Set where the revert was previewed. */
  readonly undo?: Undo;
}

export interface Diagnostic {
  readonly severity: 'info' | 'warning' | 'error';
  readonly urn: string | undefined;
  readonly message: string;
  /** Whose violation it is, where it is one: `<pack>: <policy>`. Mandatory ones are errors, advisory ones warnings. */
  readonly policy?: string;
}

/** One step of a run as it went. */
export interface RunStep {
  readonly run: string;
  readonly number: number;
  readonly name: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly detail: string;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
}
