import { dependenciesOf } from './dependencies.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { makeStep, type PlannedStep } from './planned-step.ts';
import { rebuildBase } from './rebuild-base.ts';
import type { ResourceState } from './resource-state.ts';
import type { StepExecutor } from './step-executor.ts';
import { TargetSet } from './target-set.ts';

/** Which resources a refresh reads, in the order of the state. */
export function resourcesToRefresh(context: DeploymentContext, onlyBeforeUpdate: boolean): ResourceState[] {
  const { base, options } = context;
  const candidates = base.resources.filter((resource) => !onlyBeforeUpdate || resource.refreshBeforeUpdate);
  // Dependents come after what they depend on, so that the sets are complete when they are asked.
  const targets = new TargetSet(options.targets);
  const excludes = new TargetSet(options.excludes);
  const needs = (resource: ResourceState, set: TargetSet): boolean =>
    dependenciesOf(resource).some(({ urn }) => set.names(urn));
  if (excludes.isConstrained) {
    return candidates.filter((resource) => {
      if (excludes.names(resource.urn)) return false;
      if (!options.excludeDependents || !needs(resource, excludes)) return true;
      excludes.add(resource.urn);
      return false;
    });
  }
  return candidates.filter((resource) => {
    if (targets.covers(resource.urn)) return true;
    if (!options.targetDependents || !needs(resource, targets)) return false;
    targets.add(resource.urn);
    return true;
  });
}

/** Reads the resources side by side and makes the result the base of what follows. */
export async function refreshBase(
  context: DeploymentContext,
  executor: StepExecutor,
  resources: readonly ResourceState[],
): Promise<void> {
  const { base, providers, recorder } = context;
  for (const resource of resources) await providers.ensure(resource.provider);
  const steps = resources.map(refreshStep);
  const ends = await executor.runAll(steps, { isolateErrors: true });
  const refreshed = new Map<ResourceState, ResourceState | undefined>();
  ends.forEach((end, index) => {
    if (end) refreshed.set(resources[index]!, end.step.new);
  });
  const rebuilt = rebuildBase(base.resources, refreshed);
  base.replaceWith(rebuilt);
  executor.merged.rebase(rebuilt);
  await recorder.rebase(rebuilt);
}

function refreshStep(resource: ResourceState): PlannedStep {
  return {
    step: makeStep({ op: 'refresh', old: resource, new: resource, logical: false }),
    action: { kind: 'refresh', internal: false, inPlace: false },
  };
}
