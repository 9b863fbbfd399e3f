import { type ErrorKind, isMainstayError, messageOf } from '../../foundation/errors.ts';
import { shownSteps } from './planned-step.ts';
import type { Outcome, RunKind, RunState } from './run.ts';

/** How a run ended, whatever way. */
export type RunEnd =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'error'; readonly error: { readonly kind: ErrorKind | 'bug'; readonly message: string } }
  | { readonly kind: 'superseded'; readonly by: string }
  | { readonly kind: 'rejected'; readonly by: string; readonly reason: string | undefined };

/** What an end means everywhere: the run's state, its line in lists and logs, the forge's status. */
export interface Summary {
  readonly state: RunState;
  /** One line. */
  readonly text: string;
}

/** The one place that turns an end into a state. */
export function summarise(kind: RunKind, end: RunEnd): Summary {
  switch (end.kind) {
    case 'outcome':
      return summariseOutcome(kind, end.outcome);
    case 'error':
      return { state: 'failed', text: firstLine(end.error.message) };
    case 'superseded':
      return { state: 'superseded', text: `superseded by ${end.by}` };
    case 'rejected':
      return { state: 'cancelled', text: `rejected by ${end.by}${end.reason ? `: ${end.reason}` : ''}` };
  }
}

function summariseOutcome(kind: RunKind, outcome: Outcome): Summary {
  if (outcome.result === 'failed')
    return { state: 'failed', text: firstLine(outcome.problem ?? 'failed without saying why') };
  return { state: 'succeeded', text: countsText(kind, outcome) };
}

const WORDS: readonly (readonly [operations: readonly string[], preview: string, update: string])[] = [
  [['delete'], 'to delete', 'deleted'],
  [['replace', 'create-replacement'], 'to replace', 'replaced'],
  [['create', 'import'], 'to create', 'created'],
  [['update'], 'to update', 'updated'],
];

/** `1 to delete, 2 to update`, dangerous first; `nothing to change`. */
export function countsText(kind: RunKind, outcome: Pick<Outcome, 'steps'>): string {
  const isLook = kind === 'preview' || kind === 'drift';
  const steps = shownSteps(outcome.steps);
  const parts = WORDS.flatMap(([operations, preview, update]) => {
    const count = steps.filter(({ operation }) => operations.includes(operation)).length;
    return count === 0 ? [] : [`${count} ${isLook ? preview : update}`];
  });
  if (parts.length > 0) return parts.join(', ');
  return isLook ? 'nothing to change' : 'nothing changed';
}

/** An error as data that a workflow can store. */
export function describeError(error: unknown): { readonly kind: ErrorKind | 'bug'; readonly message: string } {
  return isMainstayError(error)
    ? { kind: error.kind, message: error.message }
    : { kind: 'bug', message: messageOf(error) };
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 300);
}
