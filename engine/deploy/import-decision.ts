import { decideChecked } from './checked-decision.ts';
import type { Decision } from './decision.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { Goal } from './goal.ts';
import { stateOfGoal } from './goal-state.ts';
import { makeStep, type PlannedStep } from './planned-step.ts';
import type { CheckedRegistration } from './registration.ts';
import { replaceStep } from './replace-decision.ts';
import type { ResourceState } from './resource-state.ts';

/** Whether the program asks to adopt something that the state does not have: some ids are given in another form than they get. */
export function isImport(goal: Goal, old: ResourceState | undefined): boolean {
  if (!goal.custom || goal.importId === '') return false;
  return !old || old.external || (old.importId || old.id) !== goal.importId;
}

/** Adopts the resource; what differs from the program is then changed as if it had been in the state (facts 3.7). */
export function decideImport(context: DeploymentContext, registration: CheckedRegistration): Decision {
  const { urn, goal, old, fresh, recreating, randomSeed } = registration;
  context.ledger.imports.add(urn);
  context.plans.expectDelete(urn);
  const original = old && !recreating ? old : undefined;
  const importing: PlannedStep = {
    step: makeStep({
      op: original ? 'import-replacement' : 'import',
      new: fresh,
      logical: !original,
    }),
    action: { kind: 'import', original, requested: undefined, randomSeed },
  };
  return {
    steps: original ? [importing, replaceStep(original, fresh)] : [importing],
    answer: fresh,
    next: async ([ended]) => {
      const imported = ended!.new!;
      // The imported state belongs to the recorder now; what it is to become needs one of its own.
      const next = stateOfGoal(goal, { urn, alias: fresh.aliases[0] ?? '', old: imported });
      next.replacementTrigger = undefined;
      return decideChecked(context, { ...registration, old: imported, fresh: next, imported: true });
    },
  };
}
