import type { Step, StepOp, StepOutcome } from './step.ts';

/** How a step ended, with the states as they are after it. */
export interface StepEnd {
  readonly step: Step;
  readonly outcome: StepOutcome;
  /** Set unless the outcome is success. */
  readonly error?: unknown;
  /** Output keys that the update did not change. */
  readonly stables?: readonly string[];
  /** What a refresh found: this is what is shown and counted instead of `refresh`. */
  readonly found?: StepOp;
}

export function succeeded(step: Step, more: Pick<StepEnd, 'stables' | 'found'> = {}): StepEnd {
  return { step, outcome: 'success', ...more };
}

/** A refusal to delete what is protected: other deletes go on, so that all of them can be reported. */
export class DeleteProtected extends Error {
  constructor(urn: string) {
    super(
      `resource "${urn}" cannot be deleted as it is protected. Remove the \`protect\` option from the program and run ` +
        `\`pulumi up\`, or run \`pulumi state unprotect '${urn}'\`.`,
    );
    this.name = 'DeleteProtected';
  }
}
