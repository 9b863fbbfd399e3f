import type { PlannedStep } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';

/** What was decided about one registration: steps to run in this order, and possibly to decide further when they are done. */
export interface Decision {
  readonly steps: readonly PlannedStep[];
  /** Called with the steps as they ended when all have succeeded. */
  readonly next?: (ended: readonly Step[]) => Promise<Decision>;
  /** The state that answers the registration, also where a step fails. */
  readonly answer: ResourceState;
}

/** A decision about the steps of a checked registration: its own new state answers unless another one is given. */
export type StepsDecision = Pick<Decision, 'steps'> & Partial<Pick<Decision, 'answer'>>;
