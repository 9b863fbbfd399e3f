import { changesSomething, nameOf, type PlannedStep, shownSteps } from './planned-step.ts';
import type { Outcome } from './run.ts';

/** Whether putting the old commit back would undo what a run does. */
export interface Undo {
  readonly answer: 'yes' | 'loses' | 'no' | 'unknown';
  readonly text: string;
  /** URNs that the answer is about. */
  readonly resources: readonly string[];
}

/**
 * Judged by the steps alone: an update or a create is undone by the update back; what is deleted or replaced comes back empty. What is protected
 * cannot be deleted again.
 */
export function undoOf(outcome: Outcome | undefined): Undo {
  if (!outcome || outcome.result === 'failed')
    return { answer: 'unknown', text: 'Nobody knows: it did not come through.', resources: [] };
  const steps = shownSteps(outcome.steps).filter(changesSomething);
  if (steps.length === 0) return { answer: 'yes', text: 'There is nothing to undo.', resources: [] };
  const lost = steps.filter(({ operation }) => /delete|replace/.test(operation));
  if (lost.length > 0)
    return {
      answer: 'loses',
      text: `Not without loss: putting the old commit back makes ${names(lost)} anew, without what ${lost.length === 1 ? 'it' : 'they'} held.`,
      resources: lost.map(({ urn }) => urn),
    };
  const created = steps.filter(({ operation }) => operation === 'create').length;
  const others = steps.length - created;
  const parts = [
    ...(others > 0 ? [`${others} ${others === 1 ? 'is' : 'are'} changed back`] : []),
    ...(created > 0 ? [`${created} ${created === 1 ? 'is' : 'are'} deleted again`] : []),
  ];
  return { answer: 'yes', text: `Yes, by putting the old commit back: ${parts.join(', ')}.`, resources: [] };
}

function names(steps: readonly PlannedStep[]): string {
  const all = steps.map(({ urn }) => nameOf(urn));
  return all.length <= 3 ? all.join(', ') : `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`;
}
