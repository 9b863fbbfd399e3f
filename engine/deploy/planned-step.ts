import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';
import { isDefaultProvider } from './urn.ts';

/** How a step is carried out: what `Step`, which is for everybody, does not say. */
export type StepAction =
  | {
      readonly kind: 'same';
      /** A resource that is not targeted and does not exist: it is not written to the state. */
      readonly skippedCreate: boolean;
      /** Carried forward as it was as the operation leaves it out. */
      readonly untargeted: boolean;
    }
  | { readonly kind: 'create' /** The old resource is deleted at the end. */; readonly condemnOld: boolean }
  | { readonly kind: 'update'; readonly stables: readonly string[]; readonly ignoreChanges: readonly string[] }
  | { readonly kind: 'replace' }
  | {
      readonly kind: 'delete';
      /** Part of a replacement. */
      readonly replacing: boolean;
      /** A delete-before-replace: the state stays until the replacement exists. */
      readonly awaitsReplacement: boolean;
    }
  | { readonly kind: 'remove-pending-replace' }
  | { readonly kind: 'read'; readonly idUnknown: boolean; readonly condemnOld: boolean }
  | {
      readonly kind: 'refresh';
      /** Not shown: components and providers in a refresh that the program drives. */
      readonly internal: boolean;
      /** Recorded by itself. False: the whole base is rewritten when all refreshes are done. */
      readonly inPlace: boolean;
    }
  | {
      readonly kind: 'import';
      /** The resource of the state that the imported one takes the place of. */
      readonly original: ResourceState | undefined;
      /** Set for `pulumi import`: which properties to take, none: all. */
      readonly requested: readonly string[] | undefined;
      readonly randomSeed: Uint8Array;
    };

export interface PlannedStep {
  readonly step: Step;
  readonly action: StepAction;
}

type Optional = 'old' | 'new' | 'keys' | 'diffs' | 'detailedDiff';

/** A step with the parts that follow from its states filled in. */
export function makeStep(
  fields: Omit<Step, Optional | 'urn' | 'type' | 'provider'> & Partial<Pick<Step, Optional>>,
): Step {
  const subject = fields.new ?? fields.old;
  if (!subject) throw new Error(`a ${fields.op} step needs a resource`);
  return {
    urn: subject.urn,
    type: subject.type,
    provider: subject.provider,
    old: undefined,
    new: undefined,
    keys: [],
    diffs: [],
    detailedDiff: undefined,
    ...fields,
  };
}

/** Internal steps are carried out and shown as part of the machinery, but never counted (facts 1.5). */
export function isInternal({ step, action }: PlannedStep): boolean {
  return (
    action.kind === 'remove-pending-replace' ||
    (action.kind === 'refresh' && action.internal) ||
    isDefaultProvider(step.urn)
  );
}

/** The latest state of the resource that a step is about. */
export function subjectOf(step: Step): ResourceState {
  if (step.op === 'refresh') return step.old!;
  return (step.new ?? step.old)!;
}
