import { changesSomething, nameOf, type PlannedStep, shownSteps } from './planned-step.ts';
import type { Outcome, Undo } from './run.ts';

/** What keeps a revert from being carried out, where the engine said so. */
export type Hindrance =
  /** It would delete what is protected. */
  | { readonly kind: 'protected'; readonly resources: readonly string[] }
  /** Nobody would be there who can delete resources of the package. */
  | { readonly kind: 'provider'; readonly package: string };

/** The program of before, previewed against what the change would leave. */
export interface RevertPreview {
  readonly outcome: Outcome;
  readonly hindrance: Hindrance | undefined;
}

/** What is known of whether a run can be undone: previewed where it was, else judged from its steps. */
export function undoOf(outcome: Outcome | undefined): Undo {
  if (outcome?.undo) return outcome.undo;
  const undo = undoFromSteps(outcome);
  const isJudged = outcome?.engine === 'official' && undo.answer !== 'unknown';
  return isJudged ? { ...undo, text: `${undo.text} ${JUDGED}` } : undo;
}

/** What is said where nothing better comes. */
const JUDGED = '(Judged from its steps: the official engine cannot preview the revert.)';

/**
 * Judged by the steps alone: an update or a create is undone by the update back; what is deleted or replaced comes back empty. What is protected
 * cannot be deleted again.
 */
function undoFromSteps(outcome: Outcome | undefined): Undo {
  if (!outcome || outcome.result === 'failed')
    return { answer: 'unknown', text: 'Nobody knows: it did not come through.', resources: [] };
  const steps = shownSteps(outcome.steps).filter(changesSomething);
  const lost = steps.filter(({ operation }) => /delete|replace/.test(operation));
  const created = steps.filter(({ operation }) => operation === 'create').length;
  return undoText({ lost, changed: steps.length - created, deleted: created });
}

/** Judged by a preview of the revert. `forward` is what the change itself would do. */
export function undoFromRevert(forward: Outcome, { outcome, hindrance }: RevertPreview): Undo {
  if (hindrance) return hindered(forward, hindrance);
  if (outcome.result === 'failed')
    return {
      answer: 'unknown',
      text: `Nobody knows: the old program, previewed on what this would leave, fails: ${outcome.problem?.split('\n')[0] ?? 'it does not say why'}`,
      resources: [],
    };
  const steps = shownSteps(outcome.steps).filter(changesSomething);
  const made = new Set(forward.steps.filter(({ operation }) => operation === 'create').map(({ urn }) => urn));
  const taken = steps.filter(({ operation, urn }) => operation === 'delete' && made.has(urn));
  // Something comes back in the place of what was deleted, or goes that was there before: neither holds what it held.
  const lost = steps.filter((step) => !taken.includes(step) && step.operation !== 'update');
  return undoText({ lost, changed: steps.length - lost.length - taken.length, deleted: taken.length });
}

/** The program of before has no such stack: nobody would be told to take away what this makes. */
export const UNDONE_BY_DESTROY: Undo = {
  answer: 'no',
  text: 'No: the old commit has no such stack, so that its resources would stay. In two steps: destroy the stack, then put the old commit back.',
  resources: [],
};

function hindered(forward: Outcome, hindrance: Hindrance): Undo {
  if (hindrance.kind === 'protected')
    return {
      answer: 'no',
      text: `No: putting the old commit back would delete ${namesOf(hindrance.resources)}, which is protected. In two steps: first a change that takes the protection away, then the old commit.`,
      resources: hindrance.resources,
    };
  const { package: name } = hindrance;
  const resources = forward.steps
    .filter(({ operation, type }) => operation === 'create' && type.startsWith(`${name}:`))
    .map(({ urn }) => urn);
  const what = resources.length === 0 ? 'what it manages' : namesOf(resources);
  return {
    answer: 'no',
    text: `No: with the old commit the provider ${name} would be gone before ${what}, and nobody could delete it. In two steps: first a change that removes ${what} and keeps the provider, then the old commit.`,
    resources,
  };
}

function undoText({
  lost,
  changed,
  deleted,
}: {
  readonly lost: readonly PlannedStep[];
  readonly changed: number;
  readonly deleted: number;
}): Undo {
  if (lost.length > 0)
    return {
      answer: 'loses',
      text: `Not without loss: putting the old commit back makes ${namesOf(lost.map(({ urn }) => urn))} anew, without what ${lost.length === 1 ? 'it' : 'they'} held.`,
      resources: lost.map(({ urn }) => urn),
    };
  if (changed + deleted === 0) return { answer: 'yes', text: 'There is nothing to undo.', resources: [] };
  const parts = [
    ...(changed > 0 ? [`${changed} ${changed === 1 ? 'is' : 'are'} changed back`] : []),
    ...(deleted > 0 ? [`${deleted} ${deleted === 1 ? 'is' : 'are'} deleted again`] : []),
  ];
  return { answer: 'yes', text: `Yes, by putting the old commit back: ${parts.join(', ')}.`, resources: [] };
}

function namesOf(urns: readonly string[]): string {
  const all = urns.map(nameOf);
  return all.length <= 3 ? all.join(', ') : `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`;
}
