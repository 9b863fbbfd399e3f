import { skippedCreate } from './carried-forward.ts';
import type { Decision } from './decision.ts';
import { neededUrns } from './dependencies.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { makeStep } from './planned-step.ts';
import type { Registration } from './registration.ts';
import type { ResourceState } from './resource-state.ts';
import { isProviderType } from './urn.ts';

/**
 * A refresh or destroy that runs the program neither creates nor changes what providers manage; components and providers are
 * carried out as ever (facts 3.2). Undefined: decide as in an update.
 */
export function decideWithoutChange(context: DeploymentContext, registration: Registration): Decision | undefined {
  if (context.mode === 'refresh') return decideInRefresh(context, registration);
  if (context.mode === 'destroy') return decideInDestroy(context, registration);
  return undefined;
}

function decideInRefresh(context: DeploymentContext, registration: Registration): Decision | undefined {
  const { urn, old, fresh } = registration;
  const { ledger } = context;
  if (!isManaged(fresh) && !needsSkipped(context, fresh)) return undefined;
  // It has been refreshed already.
  if (old) return { steps: [], answer: old };
  ledger.sames.add(urn);
  ledger.skippedCreates.add(urn);
  return { steps: [skippedCreate(fresh)], answer: fresh };
}

function decideInDestroy(context: DeploymentContext, registration: Registration): Decision | undefined {
  const { urn, old, fresh } = registration;
  const { ledger } = context;
  if (needsSkipped(context, fresh) || (isManaged(fresh) && !old)) {
    ledger.skippedCreates.add(urn);
    if (old) fresh.outputs = old.outputs;
    return { steps: [skippedCreate(fresh)], answer: fresh };
  }
  ledger.toDelete.push(fresh);
  if (!isManaged(fresh) || !old) return undefined;
  ledger.sames.add(urn);
  // It is deleted with the inputs that it was made with.
  fresh.inputs = old.inputs;
  return {
    steps: [
      {
        step: makeStep({ op: 'same', old, new: fresh, logical: true }),
        action: { kind: 'same', skippedCreate: false, untargeted: false },
      },
    ],
    answer: fresh,
  };
}

function isManaged(fresh: ResourceState): boolean {
  return fresh.custom && !isProviderType(fresh.type);
}

function needsSkipped({ ledger }: DeploymentContext, fresh: ResourceState): boolean {
  return neededUrns(fresh).some((urn) => ledger.skippedCreates.has(urn));
}
