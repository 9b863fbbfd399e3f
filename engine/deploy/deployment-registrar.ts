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
import { validateSteps } from './validate-steps.ts';

interface Parts {
  readonly context: DeploymentContext;
  readonly executor: StepExecutor;
  readonly outputs: OutputsRegistry;
  readonly stop: AbortController;
}

/** A step, or what comes of it, does not run as something that it needs has failed (`continueOnError`). */
type Submission = { readonly ends: Promise<readonly StepEnd[] | undefined>; readonly skipped: readonly string[] };

/**
 * Takes the program's registrations: decides about one at a time, in the order in which they come, and lets the steps run side by
 * side. A decision that fails stops the deployment, and so does a step unless errors are to be lived with.
 */
export class DeploymentRegistrar implements Registrar {
  readonly #parts: Parts;
  /** URNs of steps that were left out, so that what needs them is left out as well. */
  readonly #skipped = new Set<string>();
  #decisions: Promise<unknown> = Promise.resolve();
  /** Registrations that have been taken and not answered. */
  #open = new Set<Promise<unknown>>();
  decisionFailed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  registerResource(goal: Goal): Promise<RegisterResult> {
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
        const steps = decision.next ? decision.steps : validateSteps(this.#parts.context, decision.steps);
        return { decision, submission: this.#submit(steps) };
      } catch (error) {
        this.#abandon(this.#urnFor(goal), error);
        throw new DeploymentAborted(messageOf(error));
      }
    });
    this.#decisions = turn.catch(() => {});
    return turn;
  }

  #submit(steps: readonly PlannedStep[]): Submission {
    const { executor } = this.#parts;
    for (const failed of executor.failed) this.#skipped.add(failed.step.urn);
    const skipped: string[] = [];
    const runnable = steps.filter((planned) => {
      const subject = subjectOf(planned.step);
      if (!neededUrnsBeyondProvider(subject).some((urn) => this.#skipped.has(urn))) return true;
      this.#skipped.add(subject.urn);
      skipped.push(subject.urn);
      return false;
    });
    return { ends: executor.runChain(runnable), skipped };
  }

  #answer(decision: Decision, submission: Submission, ends: readonly StepEnd[] | undefined): RegisterResult {
    const state = decision.answer;
    if (!state) throw new Error('a decision without an answer');
    if (!ends) {
      this.#refuseWhenStopped();
      return toResult(state, { result: 'fail' });
    }
    if (submission.skipped.includes(state.urn)) return toResult(state, { result: 'skip' });
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

function toResult(
  state: ResourceState,
  how: { readonly result: RegisterResult['result']; readonly stables?: readonly string[]; readonly unknown?: boolean },
): RegisterResult {
  const { urn, id, outputs } = state;
  return { urn, id, outputs, stables: how.stables ?? [], result: how.result, unknown: how.unknown ?? false };
}
