import { messageOf } from '../../foundation/errors.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Decision } from './decision.ts';
import { neededUrnsBeyondProvider } from './dependencies.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { DeploymentAborted, type Goal, type ReadGoal, type RegisterResult, type Registrar } from './goal.ts';
import { urnOf } from './identity.ts';
import type { PlannedStep } from './planned-step.ts';
import { subjectOf } from './planned-step.ts';
import { decideRead } from './read-decision.ts';
import { decideRegistration } from './register-decision.ts';
import type { OutputsRegistry } from './registered-outputs.ts';
import type { ResourceState } from './resource-state.ts';
import type { StepEnd } from './step-end.ts';
import type { StepExecutor } from './step-executor.ts';
import { makeUrn } from './urn.ts';
import { refuseMissingCreates, validateSteps } from './validate-steps.ts';

interface Parts {
  readonly context: DeploymentContext;
  readonly executor: StepExecutor;
  readonly outputs: OutputsRegistry;
  readonly stop: AbortController;
}

interface Submission {
  readonly ends: Promise<readonly StepEnd[] | undefined>;
  /** URNs of steps that are left out as something that they need has failed (`continueOnError`); complete when `ends` is settled. */
  readonly skipped: ReadonlySet<string>;
}

/**
 * Takes the program's registrations: decides about one at a time, in the order in which they come, and lets the steps run side by
 * side. A decision that fails stops the deployment, and so does a step unless errors are to be lived with.
 */
export class DeploymentRegistrar implements Registrar {
  readonly #parts: Parts;
  /** URNs of steps that were left out, so that what needs them is left out as well. */
  readonly #skipped = new Set<string>();
  /** Chains that delete a resource ahead of a replacement, by its URN. */
  readonly #deletes = new Map<string, Promise<unknown>>();
  #decisions: Promise<unknown> = Promise.resolve();
  /** Registrations that have been taken and not answered. */
  #open = new Set<Promise<unknown>>();
  decisionFailed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  registerResource(goal: Goal): Promise<RegisterResult> {
    if (!this.#parts.stop.signal.aborted) this.#parts.context.foresight.ask(goal);
    return this.#take(goal, (context) => decideRegistration(context, goal));
  }

  readResource(goal: ReadGoal): Promise<RegisterResult> {
    return this.#take(goal, (context) => decideRead(context, goal));
  }

  async registerResourceOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    this.#refuseWhenStopped();
    try {
      await this.#parts.outputs.register(urn, outputs);
    } catch (error) {
      this.#abandon(urn, error);
      throw new DeploymentAborted(messageOf(error));
    }
  }

  abandon(message: string): DeploymentAborted {
    // Whoever waits for a registration hears of its end; what the first failure stopped needs no second one.
    if (!this.#parts.stop.signal.aborted) this.#abandon('', new Error(message));
    return new DeploymentAborted(message);
  }

  urnOf(type: string, name: string, parent: string): string {
    return urnOf(this.#parts.context, { type, name, parent });
  }

  /** When every registration taken so far has been answered. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
  }

  #take(goal: Goal | ReadGoal, decide: (context: DeploymentContext) => Promise<Decision>): Promise<RegisterResult> {
    const answer = this.#orAborted(this.#carryOut(goal, decide));
    this.#open.add(answer);
    answer.then(
      () => this.#open.delete(answer),
      () => this.#open.delete(answer),
    );
    return answer;
  }

  async #carryOut(
    goal: Goal | ReadGoal,
    decide: (context: DeploymentContext) => Promise<Decision>,
  ): Promise<RegisterResult> {
    const { context } = this.#parts;
    let deciding = (): Promise<Decision> => decide(context);
    for (;;) {
      const { decision, submission } = await this.#decideAndSubmit(goal, deciding);
      const ends = await submission.ends;
      if (decision.next && ends) {
        const { next } = decision;
        deciding = () => next(ends.map(({ step }) => step));
        continue;
      }
      return this.#answer(decision, submission, ends);
    }
  }

  /** Decisions and the start of their steps are one: a later decision builds on the earlier one's steps being under way. */
  #decideAndSubmit(
    goal: Goal | ReadGoal,
    deciding: () => Promise<Decision>,
  ): Promise<{ readonly decision: Decision; readonly submission: Submission }> {
    const turn = this.#decisions.then(async () => {
      this.#refuseWhenStopped();
      try {
        const decision = await deciding();
        return { decision, submission: this.#submit(this.#validated(decision)) };
      } catch (error) {
        this.#abandon(this.#urnFor(goal), error);
        throw new DeploymentAborted(messageOf(error));
      }
    });
    this.#decisions = turn.catch(() => {});
    return turn;
  }

  /** Plans count the steps of a whole decision, not those that it is only prepared by. */
  #validated(decision: Decision): readonly PlannedStep[] {
    const { context } = this.#parts;
    if (!decision.next) return validateSteps(context, decision.steps);
    refuseMissingCreates(
      context,
      decision.steps.filter(({ action }) => action.kind === 'import'),
    );
    return decision.steps;
  }

  #submit(steps: readonly PlannedStep[]): Submission {
    for (const failed of this.#parts.executor.failed) this.#skipped.add(failed.step.urn);
    const skipped = new Set<string>();
    const isBlocked = ({ step }: PlannedStep): boolean =>
      neededUrnsBeyondProvider(subjectOf(step)).some((urn) => this.#skipped.has(urn));
    // The steps after one that is left out build on it: a replacement must not be made when its delete was left out.
    const from = steps.findIndex(isBlocked);
    const runnable = from < 0 ? steps : steps.slice(0, from);
    this.#skip(steps.slice(runnable.length), skipped);
    const ends = this.#afterDeletes(runnable, skipped);
    for (const { step, action } of runnable) {
      if (action.kind === 'delete') this.#deletes.set(step.urn, ends);
    }
    return { ends, skipped };
  }

  /**
   * A resource may have been deleted for the sake of another one, in the other one's chain. It is made again when that is done,
   * and not at all when it failed: there would be two of it.
   */
  async #afterDeletes(steps: readonly PlannedStep[], skipped: Set<string>): Promise<readonly StepEnd[] | undefined> {
    const { executor, context } = this.#parts;
    const recreated = steps.filter(isRecreation).map(({ step }) => step);
    const formerUrns = recreated.flatMap(({ urn, old }) => [urn, ...(old ? [old.urn] : [])]);
    const deletes = formerUrns.flatMap((urn) => this.#deletes.get(urn) ?? []);
    await Promise.all(deletes);
    const condemned = [...context.ledger.condemned].filter(({ urn }) => deletes.length > 0 && formerUrns.includes(urn));
    if (!condemned.every(({ pendingReplacement, delete: isLeftOver }) => pendingReplacement || isLeftOver)) {
      this.#skip(steps, skipped);
      return [];
    }
    const ends = await executor.runChain(steps);
    // What needs any part of a broken chain must not be made, and what the chain has not come to is still there.
    if (!ends) this.#skip(steps, new Set());
    return ends;
  }

  #skip(steps: readonly PlannedStep[], skipped: Set<string>): void {
    this.#parts.executor.leftOut.push(...steps);
    for (const { step } of steps) {
      this.#skipped.add(step.urn);
      skipped.add(step.urn);
    }
  }

  #answer(decision: Decision, submission: Submission, ends: readonly StepEnd[] | undefined): RegisterResult {
    const state = decision.answer;
    if (!ends) {
      this.#refuseWhenStopped();
      return toResult(state, { result: 'fail' });
    }
    if (submission.skipped.has(state.urn)) return toResult(state, { result: 'skip' });
    const stables = ends.flatMap((end) => end.stables ?? []);
    const last = decision.steps.at(-1);
    const unknown = last?.action.kind === 'same' && last.action.skippedCreate;
    return toResult(state, { result: 'success', stables, unknown });
  }

  /** The program must not wait for what will never come. */
  async #orAborted<Result>(work: Promise<Result>): Promise<Result> {
    const { signal } = this.#parts.stop;
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(new DeploymentAborted());
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([work, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      work.catch(() => {});
      aborted.promise.catch(() => {});
    }
  }

  #refuseWhenStopped(): void {
    if (this.#parts.stop.signal.aborted) throw new DeploymentAborted();
  }

  #abandon(urn: string, error: unknown): void {
    const { context, stop } = this.#parts;
    if (error instanceof DeploymentAborted) return;
    context.reporter.failure(urn, error);
    this.decisionFailed = true;
    stop.abort();
  }

  /** For a message about a registration that may be wrong in itself. */
  #urnFor(goal: Goal | ReadGoal): string {
    const { project, stack } = this.#parts.context.options;
    try {
      return makeUrn({ stack, project, parent: goal.parent, type: goal.type, name: goal.name });
    } catch {
      return '';
    }
  }
}

/** Made again after a delete in another chain: in a chain with a delete of its own the order is right by itself. */
function isRecreation({ action }: PlannedStep, _index: number, chain: readonly PlannedStep[]): boolean {
  return action.kind === 'create' && !action.condemnOld && !chain.some((other) => other.action.kind === 'delete');
}

function toResult(
  state: ResourceState,
  how: { readonly result: RegisterResult['result']; readonly stables?: readonly string[]; readonly unknown?: boolean },
): RegisterResult {
  const { urn, id, outputs } = state;
  return { urn, id, outputs, stables: how.stables ?? [], result: how.result, unknown: how.unknown ?? false };
}
