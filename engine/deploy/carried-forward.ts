import { makeStep, type PlannedStep } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';

/** A same step for a resource that the operation does not touch; its provider is not started for it. */
export function carriedForward(resource: ResourceState): PlannedStep {
  return {
    step: makeStep({ op: 'same', old: resource, new: { ...resource, id: '' }, logical: true }),
    action: { kind: 'same', skippedCreate: false, untargeted: true },
  };
}

/** A resource that the operation leaves out and that does not exist: shown as unchanged, never written (facts 3.8). */
export function skippedCreate(fresh: ResourceState): PlannedStep {
  return {
    step: makeStep({ op: 'same', old: { ...fresh }, new: fresh, logical: true }),
    action: { kind: 'same', skippedCreate: true, untargeted: false },
  };
}
