import type { DiffResponse } from '../../protocol/provider.ts';
import { checkReplacement } from './check-inputs.ts';
import type { StepsDecision } from './decision.ts';
import { deleteStep } from './delete-steps.ts';
import { cascadingReplacements, dependentReplacements } from './dependents.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { describeValue } from './describe-value.ts';
import { makeStep, type PlannedStep } from './planned-step.ts';
import type { CheckedRegistration } from './registration.ts';
import type { ResourceState } from './resource-state.ts';

/** Create-before-delete unless the provider, the program or automatic naming wants the old one gone first (facts 3.3). */
export async function decideReplacement(
  context: DeploymentContext,
  registration: CheckedRegistration,
  old: ResourceState,
  diff: DiffResponse,
): Promise<StepsDecision> {
  const { urn, fresh } = registration;
  refuseProtected(context, urn, old, fresh);
  refuseImportId(context, registration, old, diff);
  context.ledger.replaces.add(urn);
  fresh.inputs = await checkReplacement(context, registration);
  const deleteFirst = registration.deleteBeforeReplace ?? diff.deleteBeforeReplace;
  const reason = { keys: diff.replaces, diffs: diff.diffs, detailedDiff: diff.detailedDiff };
  if (!deleteFirst) return { steps: createBeforeDelete(old, fresh, reason) };
  const deletes = await deletesBeforeReplacement(context, urn, old);
  return { steps: [...deletes, ...createAfterDelete(old, fresh, reason)] };
}

type Reason = Pick<PlannedStep['step'], 'keys' | 'diffs' | 'detailedDiff'>;

/** The old one is deleted at the end of the deployment, when its dependents have moved to the new one. */
export function createBeforeDelete(old: ResourceState, fresh: ResourceState, reason?: Reason): PlannedStep[] {
  return [
    {
      step: makeStep({ op: 'create-replacement', old, new: fresh, logical: false, ...reason }),
      action: { kind: 'create', condemnOld: true },
    },
    replaceStep(old, fresh, reason),
  ];
}

/** The old one is gone already. */
export function createAfterDelete(old: ResourceState, fresh: ResourceState, reason?: Reason): PlannedStep[] {
  return [
    replaceStep(old, fresh, reason),
    {
      step: makeStep({ op: 'create-replacement', old, new: fresh, logical: false, ...reason }),
      action: { kind: 'create', condemnOld: false },
    },
  ];
}

/** It was deleted earlier in this run for the sake of another one (facts 3.4). */
export function recreate(old: ResourceState, fresh: ResourceState, keys: readonly string[]): PlannedStep[] {
  const [replace, create] = createAfterDelete(old, fresh);
  return [replace!, { ...create!, step: { ...create!.step, keys } }];
}

/** Changes nothing: it is what the user sees of a replacement. */
export function replaceStep(old: ResourceState, fresh: ResourceState, reason?: Reason): PlannedStep {
  return { step: makeStep({ op: 'replace', old, new: fresh, logical: true, ...reason }), action: { kind: 'replace' } };
}

/** Protection taken away in the same run does not count any more. A preview goes on, so that the reason can be seen. */
function refuseProtected(context: DeploymentContext, urn: string, old: ResourceState, fresh: ResourceState): void {
  if (!old.protect || !fresh.protect) return;
  const message =
    `unable to replace resource "${urn}" as it is protected. Remove the \`protect\` option from the program and run ` +
    '`pulumi up` first.';
  const error = context.reporter.fatal(urn, message);
  context.ledger.sawError = true;
  if (!context.options.preview) throw error;
}

function refuseImportId(
  context: DeploymentContext,
  { urn, goal, fresh }: CheckedRegistration,
  old: ResourceState,
  diff: DiffResponse,
): void {
  if (goal.importId === '') return;
  const changes = diff.replaces.map(
    (key) => `${key}: ${describeValue(old.inputs[key])} => ${describeValue(fresh.inputs[key])}`,
  );
  const message =
    `unable to replace imported resource "${urn}" as the program still says which id to import. Remove the \`import\` ` +
    `option.\n${changes.join('\n')}`;
  if (!context.options.preview) throw new Error(message);
  context.reporter.warning(urn, message);
}

/** Deletes of a resource and of everything that cannot outlive it, dependents first. */
async function deletesBeforeReplacement(
  context: DeploymentContext,
  urn: string,
  old: ResourceState,
): Promise<PlannedStep[]> {
  const { ledger, plans } = context;
  const dependents = [...(await dependentReplacements(context, old)), ...cascadingReplacements(context, urn)];
  const steps: PlannedStep[] = [];
  for (const { resource, keys } of dependents.reverse()) {
    // Another delete-before-replace has taken care of it.
    if (ledger.condemned.has(resource)) continue;
    plans.expectDelete(resource.urn);
    ledger.dependentReplaceKeys.set(resource.urn, keys);
    steps.push(deleteDependent(context, urn, resource));
    ledger.deletes.add(resource.urn);
    ledger.condemned.add(resource);
  }
  await context.providers.ensure(old.provider);
  // A resource that waits for its replacement was deleted by an earlier run.
  if (old.pendingReplacement) return steps;
  // Resources that are deleted with this one see from it that they need no call.
  ledger.deletes.add(old.urn);
  return [...steps, deleteStep(old, { replacing: true, awaitsReplacement: true })];
}

function deleteDependent(context: DeploymentContext, urn: string, resource: ResourceState): PlannedStep {
  if (resource.delete) return deleteStep(resource, { replacing: false, awaitsReplacement: false });
  if (resource.protect) {
    context.ledger.sawError = true;
    throw context.reporter.fatal(
      urn,
      `unable to replace resource "${resource.urn}" as part of replacing "${urn}" as it is protected. Remove the ` +
        `\`protect\` option from the program and run \`pulumi up\`, or run \`pulumi state unprotect '${resource.urn}'\`.`,
    );
  }
  return deleteStep(resource, { replacing: true, awaitsReplacement: true });
}
