import { equalValues } from '../../protocol/property-equality.ts';
import type { PlannedStep } from './planned-step.ts';
import { isInternal } from './planned-step.ts';
import type { ChangeSummary, StepOp } from './step.ts';
import type { StepEnd } from './step-end.ts';

/** Counts steps as the summary shows them (facts 1.5). */
export class ChangeCounter {
  readonly #counts = new Map<StepOp, number>();
  /** In a refresh each resource counts under what was found. */
  readonly #isRefresh: boolean;

  constructor(isRefresh: boolean) {
    this.#isRefresh = isRefresh;
  }

  count(planned: PlannedStep, end: StepEnd): void {
    const op = this.shownOp(end);
    if (isInternal(planned) || !this.#isCounted(planned, end)) return;
    this.#counts.set(op, (this.#counts.get(op) ?? 0) + 1);
  }

  shownOp({ step, found }: Pick<StepEnd, 'step' | 'found'>): StepOp {
    return this.#isRefresh && step.op === 'refresh' ? (found ?? step.op) : step.op;
  }

  summary(): ChangeSummary {
    return Object.fromEntries(this.#counts);
  }

  #isCounted({ step }: PlannedStep, end: StepEnd): boolean {
    if (this.#isRefresh && step.op === 'refresh') return true;
    // A look-up is only worth telling where it found something else than last time.
    if (step.op === 'read')
      return step.old !== undefined && !equalValues(step.old.outputs, end.step.new?.outputs ?? {});
    return step.logical;
  }
}
