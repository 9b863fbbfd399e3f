import { matchOldResource } from './aliases.ts';
import type { Decision } from './decision.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { ReadGoal } from './goal.ts';
import { stateOfRead } from './goal-state.ts';
import { claimUrn } from './identity.ts';
import { makeStep, type PlannedStep } from './planned-step.ts';
import { replaceStep } from './replace-decision.ts';

/**
 * A resource that the program looks up. If the state has one of ours under this URN with another id, ours has to go: it is
 * replaced by the one that is read (facts 3.6). With the same id it is ours no longer, but stays.
 */
export async function decideRead(context: DeploymentContext, goal: ReadGoal): Promise<Decision> {
  const { ledger } = context;
  const urn = claimUrn(context, goal);
  const { old, alias } = matchOldResource(context, { ...goal, urn, aliases: [] });
  const fresh = stateOfRead(goal, { urn, alias });
  if (fresh.id === '' && !goal.idUnknown) throw new Error(`Expected an ID for ${urn}`);

  if (context.mode === 'destroy') ledger.toDelete.push(fresh);
  if (old && !old.external && (goal.idUnknown || old.id !== goal.id)) {
    ledger.replaces.add(urn);
    const read: PlannedStep = {
      step: makeStep({ op: 'read-replacement', old, new: fresh, logical: false }),
      action: { kind: 'read', idUnknown: goal.idUnknown, condemnOld: true },
    };
    return { steps: [read, replaceStep(old, fresh)], answer: fresh };
  }
  ledger.reads.add(urn);
  const read: PlannedStep = {
    step: makeStep({ op: 'read', old, new: fresh, logical: true }),
    action: { kind: 'read', idUnknown: goal.idUnknown, condemnOld: false },
  };
  return { steps: [read], answer: fresh };
}
