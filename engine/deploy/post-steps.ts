import { planDeletes, scheduleDeletes } from './delete-plan.ts';
import { DependencyGraph } from './dependency-graph.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { refreshBase, resourcesToRefresh } from './refresh-phase.ts';
import type { ResourceState } from './resource-state.ts';
import { type StepExecutor, statesOf } from './step-executor.ts';

/** What is left when every registration has been dealt with: deletes, or the refresh of what the program did not mention. */
export async function runPostSteps(context: DeploymentContext, executor: StepExecutor): Promise<void> {
  if (context.base.resources.length === 0) return;
  if (context.mode === 'refresh') return refreshRest(context, executor);
  const { sames, deletes } = await planDeletes(context);
  await executor.runChain(sames);
  for (const group of scheduleDeletes(context, deletes)) {
    const needed = neededByFailures(context, executor);
    await executor.runAll(group.filter(({ step }) => !needed.has(step.old!)));
  }
}

/** The registered resources were refreshed in place already; they only have to be put where they belong. */
async function refreshRest(context: DeploymentContext, executor: StepExecutor): Promise<void> {
  const { ledger } = context;
  const rest = resourcesToRefresh(context, false).filter(({ urn }) => {
    // Of one that lives and one that is condemned under its name only the first is read.
    if (ledger.isKept(urn)) return false;
    ledger.refreshes.add(urn);
    return true;
  });
  context.base.replaceWith(executor.merged.resources());
  await refreshBase(context, executor, rest);
}

/** What a resource needs that could not be made, changed or deleted, or was left out for that: it has to stay. */
function neededByFailures(context: DeploymentContext, executor: StepExecutor): Set<ResourceState> {
  const graphs = [context.base.graph, new DependencyGraph(context.ledger.toDelete)];
  const needed = new Set<ResourceState>();
  const note = (state: ResourceState): void => {
    const graph = graphs.find((candidate) => candidate.has(state));
    for (const dependency of graph?.transitiveDependenciesOf(state) ?? []) needed.add(dependency);
  };
  for (const planned of [...executor.failed, ...executor.leftOut]) for (const state of statesOf(planned)) note(state);
  return needed;
}
