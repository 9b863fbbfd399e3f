import { containsUnknowns, equalValues } from '../../protocol/property-equality.ts';
import type { DiffRequest, DiffResponse } from '../../protocol/provider.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import type { StepsDecision } from './decision.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { diffResource, noDiff, someDiff } from './diff-resource.ts';
import { mustReplace } from './operation-scope.ts';
import { makeStep } from './planned-step.ts';
import type { CheckedRegistration } from './registration.ts';
import { decideReplacement } from './replace-decision.ts';
import { applyReplaceOnChanges, isReplacement } from './replace-on-changes.ts';
import { triggerFires } from './replacement-trigger.ts';
import type { ResourceState } from './resource-state.ts';
import { urnName } from './urn.ts';

/** Same, update or replace: for a resource that exists and is targeted (facts 3.3). */
export async function decideByDiff(
  context: DeploymentContext,
  registration: CheckedRegistration,
  old: ResourceState,
): Promise<StepsDecision> {
  const { urn, fresh, goal } = registration;
  if (!context.options.preview && containsUnknowns(fresh.replacementTrigger ?? null)) {
    throw context.reporter.fatal(urn, `replacement trigger contains unknowns for ${urn}`);
  }
  const triggered = triggerFires(fresh.replacementTrigger, old.replacementTrigger);
  const found = triggered ? someDiff() : await findDifference(context, registration, old);
  if (found.changes === 'unknown') throw new Error(`unrecognized diff state for ${urn}: unknown`);
  const hasInitErrors = old.initErrors.length > 0;
  const diff = applyReplaceOnChanges(found, goal.replaceOnChanges, hasInitErrors);

  if (diff.changes === 'some' || old.pendingReplacement) {
    const replaces = isReplacement(diff) || triggered || old.pendingReplacement;
    return replaces ? decideReplacement(context, registration, old, diff) : update(context, registration, old, diff);
  }
  // An empty update waits once more for what failed to initialize.
  if (hasInitErrors) return update(context, registration, old, diff);
  return same(context, registration, old);
}

function update(
  { ledger }: DeploymentContext,
  { urn, fresh, goal }: CheckedRegistration,
  old: ResourceState,
  diff: DiffResponse,
): StepsDecision {
  ledger.updates.add(urn);
  const { diffs, detailedDiff } = diff;
  return {
    steps: [
      {
        step: makeStep({ op: 'update', old, new: fresh, logical: true, diffs, detailedDiff }),
        action: { kind: 'update', stables: diff.stables, ignoreChanges: goal.ignoreChanges },
      },
    ],
  };
}

function same({ ledger }: DeploymentContext, { urn, fresh }: CheckedRegistration, old: ResourceState): StepsDecision {
  // What was imported a moment ago and needs no change is answered with what was read.
  if (ledger.imports.has(urn)) return { steps: [], answer: old };
  ledger.sames.add(urn);
  return {
    steps: [
      {
        step: makeStep({ op: 'same', old, new: fresh, logical: true }),
        action: { kind: 'same', skippedCreate: false, untargeted: false },
      },
    ],
  };
}

/** The reasons for a change, the ones that need no provider first. */
async function findDifference(
  context: DeploymentContext,
  registration: CheckedRegistration,
  old: ResourceState,
): Promise<DiffResponse> {
  const { urn, fresh, provider, goal } = registration;
  const { ledger } = context;
  if (mustReplace(context, urn, old)) return someDiff('id');
  if (fresh.replaceWith.some((other) => ledger.replaces.has(other))) return someDiff('replaceWith');
  if (fresh.deletedWith !== '' && ledger.replaces.has(fresh.deletedWith)) return someDiff('deletedWith');
  if (await providerNeedsReplacement(context, old, fresh)) return someDiff('provider');
  if (!provider) return equalValues(old.inputs, fresh.inputs) ? noDiff : someDiff();
  const asking = { diff: (request: DiffRequest) => context.foresight.diff(provider, request) };
  return diffResource(context.reporter, asking, {
    urn,
    type: goal.type,
    id: old.id,
    oldInputs: old.inputs,
    oldOutputs: old.outputs,
    newInputs: fresh.inputs,
    ignoreChanges: goal.ignoreChanges,
  });
}

/**
 * A resource moves to another provider in place where the new provider says that its configuration manages the same things. The
 * same provider under a new name is no change; to or from no provider at all (a component) always replaces.
 */
async function providerNeedsReplacement(
  context: DeploymentContext,
  old: ResourceState,
  fresh: ResourceState,
): Promise<boolean> {
  if (old.provider === fresh.provider) return false;
  if (old.provider === '' || fresh.provider === '') return true;
  const oldReference = parseProviderReference(old.provider);
  const newReference = parseProviderReference(fresh.provider);
  if (context.ledger.claimedBy.get(oldReference.urn) === newReference.urn) return false;

  const provider = context.providers.find(fresh.provider);
  if (!provider) throw new Error(`failed to resolve provider reference: "${fresh.provider}"`);
  const oldResource = context.base.find(oldReference.urn);
  const newResource = context.ledger.providerResource(newReference, context.base);
  if (!oldResource || !newResource) throw new Error(`cannot compare providers ${old.provider} and ${fresh.provider}`);
  // The registry asks the new provider, and knows what the engine keeps beside the configuration (the sandbox's mark).
  const diff = await context.providers.registry.diff({
    urn: newReference.urn,
    name: urnName(newReference.urn),
    type: newResource.type,
    id: newReference.id,
    oldInputs: oldResource.inputs,
    oldOutputs: oldResource.outputs,
    newInputs: newResource.inputs,
    ignoreChanges: [],
  });
  return isReplacement(diff);
}
