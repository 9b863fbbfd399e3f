import { availableParallelism } from 'node:os';
import { messageOf } from '../../foundation/errors.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { applyStep } from './apply-step.ts';
import { ChangeCounter } from './change-counter.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { MergedState } from './merged-state.ts';
import { isInternal, type PlannedStep, subjectOf } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import { markSecretOutputs } from './secret-outputs.ts';
import { DeleteProtected, type StepEnd } from './step-end.ts';
import { WorkerLimit } from './worker-limit.ts';

/**
 * Carries out steps: the steps of a chain one after the other, chains side by side up to the limit. Shows, counts and records each.
 *
 * A failed step stops everything that has not started, except where errors are to be lived with: `continueOnError`, deletes of
 * protected resources, and the steps of a refresh or `pulumi import`, which do not depend on each other.
 */
export class StepExecutor {
  readonly #context: DeploymentContext;
  readonly #limit: WorkerLimit;
  readonly #counter: ChangeCounter;
  readonly #stop: AbortController;
  readonly merged: MergedState;
  /** Logical steps by URN, waiting for outputs to be registered. */
  readonly awaitingOutputs = new Map<string, PlannedStep>();
  /** What failed while the deployment went on. */
  readonly failed: PlannedStep[] = [];
  /** What was not carried out as it needs something that failed. */
  readonly leftOut: PlannedStep[] = [];
  sawError = false;
  maybeCorrupt = false;

  constructor(context: DeploymentContext, stop: AbortController) {
    this.#context = context;
    this.#stop = stop;
    this.#limit = new WorkerLimit(context.options.parallel ?? 4 * availableParallelism());
    this.#counter = new ChangeCounter(context.options.kind === 'refresh');
    this.merged = new MergedState(context.base.resources);
  }

  get changes() {
    return this.#counter.summary();
  }

  /** The steps as they ended; undefined where one failed or the deployment was stopped first. */
  async runChain(
    chain: readonly PlannedStep[],
    options: { readonly isolateErrors?: boolean } = {},
  ): Promise<readonly StepEnd[] | undefined> {
    return this.#limit.run(async () => {
      try {
        return await this.#runSteps(chain, options.isolateErrors === true);
      } catch (error) {
        // What cannot be recorded must not be done: nothing more is started.
        this.#context.reporter.failure('', error);
        this.sawError = true;
        this.#stop.abort();
        return undefined;
      }
    });
  }

  /** Runs steps side by side, and waits for all. */
  async runAll(
    steps: readonly PlannedStep[],
    options: { readonly isolateErrors?: boolean } = {},
  ): Promise<readonly (StepEnd | undefined)[]> {
    return Promise.all(steps.map(async (step) => (await this.runChain([step], options))?.[0]));
  }

  /** When no step is running or waiting any more. */
  idle(): Promise<void> {
    return this.#limit.idle();
  }

  /** Shows that a step is complete. */
  showOutputs(end: Pick<StepEnd, 'step' | 'found'>): void {
    const { options } = this.#context;
    const step = { ...end.step, op: this.#counter.shownOp(end) };
    options.events({ kind: 'resource-outputs', step, planning: options.preview });
  }

  async #runSteps(chain: readonly PlannedStep[], isolateErrors: boolean): Promise<readonly StepEnd[] | undefined> {
    const ends: StepEnd[] = [];
    for (const planned of chain) {
      if (this.#stop.signal.aborted) return undefined;
      const end = await this.#runStep(planned);
      ends.push(end);
      if (end.outcome === 'success') continue;
      this.#fail(planned, end, isolateErrors);
      return undefined;
    }
    return ends;
  }

  async #runStep(planned: PlannedStep): Promise<StepEnd> {
    const { options, recorder } = this.#context;
    options.events({ kind: 'resource-pre', step: planned.step, planning: options.preview });
    if (isRecorded(planned)) await recorder.beginStep(planned.step);
    const end = await this.#apply(planned);
    this.#keepNewState(planned, end);
    // The resource is not what was asked for, and the next run has to see that. Outputs were marked by what was asked for.
    if (end.outcome === 'partial' && end.step.op === 'update') end.step.new!.inputs = end.step.old!.inputs;
    this.#tell(planned, end);
    // The recorder knows a step by its identity; a refresh is the only one whose new state is made while it runs.
    const recorded = planned.action.kind === 'refresh' ? end.step : planned.step;
    if (isRecorded(planned)) await recorder.endStep(recorded, end.outcome);
    if (end.outcome !== 'failure' && !isSkippedCreate(planned)) this.merged.record(end.step);
    if (this.#context.ledger.afterHookFailed && !options.continueOnError) this.#stop.abort();
    return end;
  }

  async #apply(planned: PlannedStep): Promise<StepEnd> {
    try {
      return await applyStep(this.#context, planned);
    } catch (error) {
      return { step: planned.step, outcome: 'failure', error };
    }
  }

  #keepNewState(planned: PlannedStep, end: StepEnd): void {
    const { step, outcome } = end;
    if (outcome === 'success' && step.logical && step.new) this.awaitingOutputs.set(step.urn, { ...planned, step });
    // A replace step shares its state with the create beside it, which has been through here.
    if (!step.new || step.op === 'replace') return;
    step.new.outputs = markSecretOutputs(this.#context.reporter, step.new);
    if (step.op !== 'read' && step.op !== 'read-replacement') this.#context.news.set(step.urn, step.new);
    this.#context.plans.noteOutputs(step.urn, step.new.outputs);
  }

  #tell(planned: PlannedStep, end: StepEnd): void {
    const { options, reporter } = this.#context;
    if (end.outcome === 'success') {
      this.#counter.count(planned, end);
      if (options.preview || this.#showsAtOnce(end)) this.showOutputs(end);
      return;
    }
    const message = messageOf(end.error);
    reporter.error(
      isInternal(planned) ? '' : planned.step.urn,
      options.preview ? `Preview failed: ${message}` : message,
    );
    if (!options.preview) {
      if (end.error instanceof ProviderError && end.error.status === 'unknown' && !end.error.partial) {
        this.maybeCorrupt = true;
      }
      options.events({ kind: 'resource-failed', step: end.step, outcome: end.outcome, message });
    }
  }

  /** Components are complete when their outputs are registered. */
  #showsAtOnce({ step }: StepEnd): boolean {
    const { options } = this.#context;
    const refreshes = options.refresh === true || options.kind === 'refresh';
    return subjectOf(step).custom || step.op === 'delete' || (refreshes && step.op === 'refresh');
  }

  #fail(planned: PlannedStep, end: StepEnd, isolated: boolean): void {
    this.sawError = true;
    if (isolated) return;
    if (this.#context.options.continueOnError || end.error instanceof DeleteProtected) this.failed.push(planned);
    else this.#stop.abort();
  }
}

/** Skipped creates are never written; a refresh of the whole base is written when all of it is done. */
function isRecorded({ action }: PlannedStep): boolean {
  if (action.kind === 'refresh') return action.inPlace;
  return !(action.kind === 'same' && action.skippedCreate);
}

function isSkippedCreate({ action }: PlannedStep): boolean {
  return action.kind === 'same' && action.skippedCreate;
}

/** States by which a failed or skipped step is known. */
export function statesOf({ step }: PlannedStep): ResourceState[] {
  return [step.new, step.old].filter((state) => state !== undefined);
}
