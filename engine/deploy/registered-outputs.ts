import type { PropertyMap } from '../../protocol/property-value.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { PlannedStep } from './planned-step.ts';
import type { StepExecutor } from './step-executor.ts';
import { runAfterHooks } from './step-hooks.ts';
import { isRootStack } from './urn.ts';

/** Outputs that the program registers for components, and for the stack as a whole. */
export class OutputsRegistry {
  readonly #context: DeploymentContext;
  readonly #executor: StepExecutor;
  readonly #stop: AbortController;
  /** Set aside: what the stack's outputs become depends on how the deployment ends. */
  #ofStack: { readonly urn: string; readonly outputs: PropertyMap } | undefined;

  constructor(context: DeploymentContext, executor: StepExecutor, stop: AbortController) {
    this.#context = context;
    this.#executor = executor;
    this.#stop = stop;
  }

  async register(urn: string, outputs: PropertyMap): Promise<void> {
    if (isRootStack(urn)) this.#ofStack = { urn, outputs };
    else await this.#complete(urn, outputs);
  }

  /**
   * At the end: after a success the new outputs take the place of the old ones, after a failure they are laid over them, as the
   * absence of one may only mean that the program did not come that far (facts 2.2).
   */
  async completeStack(succeeded: boolean): Promise<void> {
    if (!this.#ofStack) return;
    const { urn, outputs } = this.#ofStack;
    const old = this.#context.base.find(urn)?.outputs ?? {};
    await this.#complete(urn, succeeded ? outputs : { ...old, ...outputs });
  }

  /** What was there before does not count: an output that is no longer registered is gone. */
  async #complete(urn: string, outputs: PropertyMap): Promise<void> {
    const { base, plans, options, recorder } = this.#context;
    const planned = this.#executor.awaitingOutputs.get(urn);
    const state = planned?.step.new;
    if (!planned || !state) {
      throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    }
    this.#executor.awaitingOutputs.delete(urn);
    // A component that is left out registers its outputs all the same.
    if (planned.action.kind === 'same' && planned.action.skippedCreate) return;
    plans.applyOutputs(urn, base.find(urn)?.outputs ?? {}, outputs);
    state.outputs = outputs;
    await this.#runComponentHooks(planned);
    this.#executor.showOutputs(planned);
    await recorder.recordOutputs(state);
    if (this.#context.ledger.afterHookFailed && !options.continueOnError) this.#stop.abort();
  }

  async #runComponentHooks({ step, action }: PlannedStep): Promise<void> {
    if (step.new!.custom) return;
    if (action.kind === 'create') await runAfterHooks(this.#context, 'AfterCreate', step);
    if (action.kind === 'update') await runAfterHooks(this.#context, 'AfterUpdate', step);
  }
}
