import type { RunState, RunStep } from './run.ts';

/**
 * What happens in a run, as it happens. Redacted before it is stored. `sandbox`: on what the sandbox did, and on every event of a run from the moment
 * that its outcome is known to come from there.
 */
export type RunEvent =
  | { readonly kind: 'state'; readonly state: RunState; readonly summary: string; readonly sandbox?: true }
  | {
      readonly kind: 'step';
      readonly name: string;
      readonly state: RunStep['state'];
      readonly detail: string;
      readonly sandbox?: true;
    }
  | {
      readonly kind: 'resource';
      readonly urn: string;
      readonly type: string;
      readonly operation: string;
      readonly state: 'started' | 'done' | 'failed';
      readonly parent?: string;
      readonly milliseconds?: number;
      /** The sandbox served it: nothing real was touched. */
      readonly sandbox?: true;
    }
  | {
      readonly kind: 'log';
      readonly severity: 'info' | 'warning' | 'error';
      readonly urn?: string;
      readonly text: string;
      readonly sandbox?: true;
    };

/** An event with its place in its run: from 1, without a gap. */
export interface NumberedEvent {
  readonly number: number;
  readonly at: Date;
  readonly event: RunEvent;
}

/** Engine events that are kept of a run; steps and states always are. */
export const MOST_EVENTS = 20_000;

/** Characters that are kept of a text. */
export const LONGEST_TEXT = 8192;

/** Runs of a stack whose events are kept. */
export const RUNS_WITH_EVENTS = 50;

/** One resource of a run as its graph shows it. */
export interface RunResource {
  readonly urn: string;
  readonly type: string;
  readonly parent: string | undefined;
  /** URNs, without repeats and in order. */
  readonly dependencies: readonly string[];
  readonly operation: string;
  readonly health: 'healthy' | 'unhealthy' | 'failed' | 'unknown';
  readonly problem: string | undefined;
  readonly milliseconds: number | undefined;
}
