import { parseProviderReference } from '../plugins/provider-registry.ts';
import { skippedCreate } from './carried-forward.ts';
import { checkInputs, startsAfresh } from './check-inputs.ts';
import type { Decision, StepsDecision } from './decision.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { decideByDiff } from './diff-decision.ts';
import { isTargeted, noteScope } from './operation-scope.ts';
import { makeStep } from './planned-step.ts';
import { analyze, remediate } from './policy.ts';
import type { CheckedRegistration } from './registration.ts';
import { createBeforeDelete, recreate } from './replace-decision.ts';
import type { ResourceState } from './resource-state.ts';
import { queueNeeded, untargetedSames } from './untargeted-sames.ts';

/** From the inputs as the program gave them to the steps of a resource. */
export async function decideChecked(context: DeploymentContext, unnamed: CheckedRegistration): Promise<Decision> {
  const registration = withAutonaming(context, unnamed);
  const targeted = isTargeted(context, registration.fresh);
  await settleInputs(context, registration, targeted);
  const decision = await decideSteps(context, registration, targeted);
  return { answer: registration.fresh, ...decision };
}

/** Check, plan and policies: after this the inputs are final, or the registration has failed. */
async function settleInputs(
  context: DeploymentContext,
  registration: CheckedRegistration,
  targeted: boolean,
): Promise<void> {
  const { urn, goal, old, fresh, randomSeed } = registration;
  const { inputs, valid } = await checkInputs(context, registration, targeted);
  fresh.inputs = inputs;
  if (targeted) queueNeeded(context, fresh);
  const acceptable = valid && !registration.invalid;
  if (acceptable) {
    const oldInputs = startsAfresh(context, registration) ? undefined : old?.inputs;
    context.plans.applyGoal({ urn, goal, old, oldInputs, inputs, seed: randomSeed });
  }
  fresh.inputs = await remediate(context, fresh, goal);
  const allowed = await analyze(context, fresh, goal);
  if (!acceptable || !allowed) throw context.reporter.alreadyReported(`resource ${urn} is invalid`);
}

async function decideSteps(
  context: DeploymentContext,
  registration: CheckedRegistration,
  targeted: boolean,
): Promise<StepsDecision> {
  const { urn, old, fresh, recreating } = registration;
  const { ledger } = context;
  if (recreating && old) {
    ledger.deletes.delete(urn);
    ledger.replaces.add(urn);
    return { steps: recreate(old, fresh, ledger.dependentReplaceKeys.get(urn) ?? []) };
  }
  // The state knows it as somebody else's: ours is made, and theirs forgotten at the end.
  if (old?.external) {
    ledger.creates.add(urn);
    return { steps: createBeforeDelete(old, fresh) };
  }
  noteScope(context, fresh, targeted);
  if (old) return targeted ? decideByDiff(context, registration, old) : leave(context, registration, old);
  if (!targeted) {
    ledger.sames.add(urn);
    ledger.skippedCreates.add(urn);
    return { steps: [skippedCreate(fresh)] };
  }
  ledger.creates.add(urn);
  return {
    steps: [
      { step: makeStep({ op: 'create', new: fresh, logical: true }), action: { kind: 'create', condemnOld: false } },
    ],
  };
}

/** Not targeted: it stays as it was, and so does what it needs. */
function leave(context: DeploymentContext, { urn }: CheckedRegistration, old: ResourceState): StepsDecision {
  refuseProviderChange(context, urn, old);
  const steps = untargetedSames(context, urn, old);
  return { steps, answer: steps.at(-1)?.step.new ?? old };
}

/** What is left out keeps its provider, so that one has to be there. */
function refuseProviderChange({ providers, base }: DeploymentContext, urn: string, old: ResourceState): void {
  if (old.provider === '' || providers.find(old.provider)) return;
  const reference = parseProviderReference(old.provider);
  if (base.find(reference.urn)?.id !== reference.id) {
    throw new Error(`could not find provider ${old.provider} in old state`);
  }
  throw new Error(
    `provider ${old.provider} for resource ${urn} has not been registered yet, this is due to a change of providers ` +
      'mixed with --target. Change your program back to the original providers',
  );
}

/** A name without a random part cannot exist twice, so that the old one has to go first. */
function withAutonaming(context: DeploymentContext, registration: CheckedRegistration): CheckedRegistration {
  const { goal, urn, randomSeed } = registration;
  if (!goal.custom) return registration;
  const naming = context.options.autonamer?.({ urn, type: goal.type, name: goal.name, randomSeed });
  if (!naming) return registration;
  const { proposedName, mode, warnIfUnsupported } = naming;
  return {
    ...registration,
    autonaming: { proposedName, mode, warnIfUnsupported },
    deleteBeforeReplace: naming.deleteBeforeReplace || goal.deleteBeforeReplace,
  };
}
