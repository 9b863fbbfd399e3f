import { randomBytes } from 'node:crypto';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import { matchOldResource } from './aliases.ts';
import { decideChecked } from './checked-decision.ts';
import type { Decision } from './decision.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { Goal } from './goal.ts';
import { stateOfGoal } from './goal-state.ts';
import { claimUrn } from './identity.ts';
import { decideImport, isImport } from './import-decision.ts';
import { decideWithoutChange } from './observe-decision.ts';
import { isIncluded, isTargeted } from './operation-scope.ts';
import { makeStep } from './planned-step.ts';
import type { CheckedRegistration, Registration } from './registration.ts';
import type { ResourceState } from './resource-state.ts';
import { queueProvider } from './untargeted-sames.ts';
import { isProviderType } from './urn.ts';

/** Decides what one registration leads to (facts 3.2). Decisions are made one at a time, in the order of the registrations. */
export async function decideRegistration(context: DeploymentContext, goal: Goal): Promise<Decision> {
  const { ledger } = context;
  const urn = claimUrn(context, goal);
  const { old, alias, conflict } = matchOldResource(context, { ...goal, urn });
  const fresh = stateOfGoal(goal, { urn, alias, old });
  ledger.goals.set(urn, goal);
  if (isProviderType(goal.type)) {
    ledger.providers.set(urn, fresh);
    if (alias !== '') ledger.providers.set(alias, fresh);
  }
  const registration: Registration = { goal, urn, old, fresh, invalid: conflict };
  if (old && context.refreshInPlace && isIncluded(context, old)) return refreshFirst(context, registration, old);
  return decideRefreshed(context, registration);
}

/** The resource as it is now is what everything else is decided by. */
async function refreshFirst(
  context: DeploymentContext,
  registration: Registration,
  old: ResourceState,
): Promise<Decision> {
  const { goal, urn, fresh } = registration;
  // The one that it was made with reads it, also where the program names another one.
  await context.providers.ensure(old.provider);
  context.ledger.refreshes.add(urn);
  return {
    steps: [
      {
        step: makeStep({ op: 'refresh', old, new: fresh, logical: false }),
        action: { kind: 'refresh', internal: !goal.custom || isProviderType(goal.type), inPlace: true },
      },
    ],
    answer: fresh,
    next: async ([refresh]) => {
      const refreshed = refresh!.new;
      if (refreshed) context.ledger.refreshed.set(old, refreshed);
      return decideRefreshed(context, { ...registration, old: refreshed });
    },
  };
}

async function decideRefreshed(context: DeploymentContext, registration: Registration): Promise<Decision> {
  const { urn, goal, old, fresh } = registration;
  const settled = decideWithoutChange(context, registration);
  if (settled) return settled;
  const checked: CheckedRegistration = {
    ...registration,
    provider: await servingProvider(context, fresh),
    recreating: context.ledger.deletes.has(urn),
    randomSeed: context.foresight.seedOf(urn) ?? context.plans.seed(urn) ?? randomBytes(32),
    autonaming: undefined,
    deleteBeforeReplace: goal.deleteBeforeReplace,
    imported: false,
  };
  // What is not targeted is not adopted either.
  if (isImport(goal, old) && isTargeted(context, fresh)) return decideImport(context, checked);
  return decideChecked(context, checked);
}

/** A provider that only the old state has is loaded from there, and kept. */
async function servingProvider(
  context: DeploymentContext,
  fresh: ResourceState,
): Promise<CheckedRegistration['provider']> {
  const { providers, base, reporter } = context;
  if (!fresh.custom || isProviderType(fresh.type) || providers.find(fresh.provider)) return providers.serving(fresh);
  const { urn, id } = parseProviderReference(fresh.provider);
  const known = base.find(urn);
  if (known?.id !== id) {
    throw reporter.fatal(fresh.urn, `unknown provider '${fresh.provider}' for resource '${fresh.urn}'`);
  }
  await providers.ensure(fresh.provider);
  queueProvider(context, known);
  return providers.serving(fresh);
}
