import type { ResourceState } from '../resource-state.ts';
import type { Step, StepOp } from '../step.ts';

/** A step from one state to the other, one of which there has to be; without a diff. */
export function stepOf(op: StepOp, old: ResourceState | undefined, next: ResourceState | undefined): Step {
  const { urn, type, provider } = (next ?? old)!;
  return { op, urn, type, provider, old, new: next, logical: true, keys: [], diffs: [], detailedDiff: undefined };
}
