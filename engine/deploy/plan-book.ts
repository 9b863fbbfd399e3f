import { diffProperties } from '../../protocol/property-diff.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Goal } from './goal.ts';
import type { Plan, PlanDiff, ResourcePlan } from './plan.ts';
import { checkGoal, checkOutputs, checkUnplanned } from './plan-check.ts';
import type { ResourceState } from './resource-state.ts';
import type { Step, StepOp } from './step.ts';

type Draft = { -readonly [Key in keyof ResourcePlan]: ResourcePlan[Key] } & { steps: StepOp[] };

/** The plan that a deployment has to keep to, and the one that it writes (facts 7). Either may be absent. */
export class PlanBook {
  /** Steps of the enforced plan that have not come yet. */
  readonly #expected: Map<string, StepOp[]> | undefined;
  readonly #enforced: Plan | undefined;
  readonly #drafts: Map<string, Draft> | undefined;
  /** The URN under which the plan knows a resource that an alias has renamed. */
  readonly #currentUrn: (urn: string) => string;

  constructor(options: {
    readonly plan: Plan | undefined;
    readonly record: boolean;
    readonly currentUrn: (urn: string) => string;
  }) {
    this.#enforced = options.plan;
    this.#expected =
      options.plan && new Map(Object.entries(options.plan).map(([urn, { steps }]) => [urn, [...steps]] as const));
    this.#drafts = options.record ? new Map() : undefined;
    this.#currentUrn = options.currentUrn;
  }

  /** The seed that Check got when the plan was made. */
  seed(urn: string): Uint8Array | undefined {
    return this.#enforced?.[urn]?.seed;
  }

  /** Before steps are decided for a resource: what it asks for must be what was planned. */
  applyGoal(registration: {
    readonly urn: string;
    readonly goal: Goal;
    readonly old: ResourceState | undefined;
    /** Undefined where the old inputs do not count. */
    readonly oldInputs: PropertyMap | undefined;
    readonly inputs: PropertyMap;
    readonly seed: Uint8Array;
  }): void {
    const { urn, goal, old, oldInputs, inputs, seed } = registration;
    const inputDiff = planDiff(oldInputs ?? {}, inputs);
    this.#draftGoal(urn, { goal, inputDiff, seed });
    if (!this.#enforced) return;
    const planned = this.#enforced[urn];
    const reason = planned
      ? checkGoal(planned, { goal, oldInputs: old?.inputs ?? {}, inputs })
      : old && checkUnplanned(old, inputs, goal);
    if (reason) throw new Error(`resource ${urn} violates plan: ${reason}`);
  }

  /** Throws if a step is not what the plan allows next for its resource. */
  apply(steps: readonly Step[]): void {
    for (const { op, urn } of steps) {
      this.#enforce(op, urn);
      const draft = this.#drafts?.get(this.#currentUrn(urn));
      if (draft) draft.steps.push(op);
      else if (this.#drafts && op !== 'same') throw new Error(`Expected a new resource plan for ${urn}`);
    }
  }

  /** As `apply`, for the steps at the end, which may be about resources that were never registered. */
  applyToLast(steps: readonly Step[]): void {
    for (const { op, urn } of steps) {
      this.#enforce(op, urn);
      this.#draftFor(urn)?.steps.push(op);
    }
  }

  /** A resource that is deleted before it is known whether it comes back. */
  expectDelete(urn: string): void {
    this.#draftFor(urn);
  }

  noteOutputs(urn: string, outputs: PropertyMap): void {
    const draft = this.#drafts?.get(urn);
    if (draft) draft.outputs = outputs;
  }

  /** Outputs that a component or the stack has registered. */
  applyOutputs(urn: string, oldOutputs: PropertyMap, outputs: PropertyMap): void {
    if (this.#enforced) {
      const planned = this.#enforced[urn];
      if (!planned) throw new Error(`no plan for resource ${urn}`);
      const reason = checkOutputs(planned, oldOutputs, outputs);
      if (reason) throw new Error(`resource violates plan: ${reason}`);
    }
    const draft = this.#drafts?.get(urn);
    if (!draft?.goal) return;
    draft.goal = { ...draft.goal, outputDiff: planDiff(oldOutputs, outputs) };
    draft.outputs = outputs;
  }

  /** URNs of which the plan expected more than has come. A lone delete of what is gone already is fine. */
  missing(exists: (urn: string) => boolean): string[] {
    return [...(this.#expected ?? [])]
      .filter(([urn, steps]) => steps.length > 0 && !(steps.length === 1 && steps[0] === 'delete' && !exists(urn)))
      .map(([urn]) => urn);
  }

  /** Undefined: no plan was asked for. */
  recorded(): Plan | undefined {
    return this.#drafts && Object.fromEntries(this.#drafts);
  }

  #enforce(op: StepOp, urn: string): void {
    if (!this.#expected) return;
    const steps = this.#expected.get(urn);
    if (!steps) {
      if (op === 'same') return;
      throw new Error(`${op} is not allowed by the plan: no steps were expected for this resource`);
    }
    const constraint = steps.shift();
    if (constraint === undefined) {
      throw new Error(`${op} is not allowed by the plan: no more steps were expected for this resource`);
    }
    if (!isAllowed(op, constraint)) {
      throw new Error(`${op} is not allowed by the plan: this resource is constrained to ${constraint}`);
    }
  }

  #draftGoal(
    urn: string,
    { goal, inputDiff, seed }: { readonly goal: Goal; readonly inputDiff: PlanDiff; readonly seed: Uint8Array },
  ): void {
    const draft = this.#draftFor(urn);
    if (!draft) return;
    draft.seed = seed;
    draft.goal = {
      ...goal,
      id: goal.importId,
      protect: goal.protect ?? false,
      inputDiff,
      outputDiff: { adds: {}, deletes: [], updates: {} },
    };
  }

  #draftFor(urn: string): Draft | undefined {
    if (!this.#drafts) return undefined;
    let draft = this.#drafts.get(urn);
    if (!draft) {
      draft = { goal: undefined, steps: [], outputs: {}, seed: undefined };
      this.#drafts.set(urn, draft);
    }
    return draft;
  }
}

const replacing: readonly StepOp[] = ['replace', 'create-replacement', 'delete-replaced'];

/** Whether a step is no more than what was planned (facts 7). */
function isAllowed(op: StepOp, planned: StepOp): boolean {
  if (op === planned) return true;
  if (planned === 'create') return op === 'same';
  if (planned === 'update') return op === 'same';
  return replacing.includes(planned) && (op === 'update' || op === 'same');
}

/** What changes, as a plan keeps it. */
export function planDiff(olds: PropertyMap, news: PropertyMap): PlanDiff {
  const difference = diffProperties(olds, news);
  if (!difference) return { adds: {}, deletes: [], updates: {} };
  return {
    adds: difference.adds,
    deletes: Object.keys(difference.deletes),
    updates: Object.fromEntries(Object.keys(difference.updates).map((key) => [key, news[key]!])),
  };
}
