import { makeStep, type PlannedStep } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import type { StepOp } from './step.ts';

/** External resources are not ours to delete: they are discarded from the state. */
export function deleteStep(
  old: ResourceState,
  options: { readonly replacing: boolean; readonly awaitsReplacement: boolean },
): PlannedStep {
  return {
    step: makeStep({ op: deleteOp(old, options.replacing), old, logical: !options.replacing }),
    action: { kind: 'delete', ...options },
  };
}

/** The resource is gone, and so is the wish to replace it: only the state has to forget it. */
export function removePendingReplaceStep(old: ResourceState): PlannedStep {
  return {
    step: makeStep({ op: 'remove-pending-replace', old, logical: false }),
    action: { kind: 'remove-pending-replace' },
  };
}

function deleteOp(old: ResourceState, replacing: boolean): StepOp {
  if (old.external) return replacing ? 'discard-replaced' : 'discard';
  return replacing ? 'delete-replaced' : 'delete';
}
