import { carriedForward } from './carried-forward.ts';
import { deleteScope, schedulingGraph } from './delete-scope.ts';
import { deleteStep, removePendingReplaceStep } from './delete-steps.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { PlannedStep } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';

/** What is left to do when the program has ended. */
export interface DeletePlan {
  /** Resources that a constrained operation leaves as they are: carried out first, one after the other. */
  readonly sames: readonly PlannedStep[];
  /** In no order; `scheduleDeletes` puts them into one. */
  readonly deletes: readonly PlannedStep[];
}

/** Deletes what the program did not register, and what replacements have left behind (facts 3.5). */
export async function planDeletes(context: DeploymentContext): Promise<DeletePlan> {
  const { ledger, base } = context;
  const inScope = await deleteScope(context);
  const sames: PlannedStep[] = [];
  const deletes: PlannedStep[] = [];
  for (const resource of base.resources) {
    if (!inScope(resource)) {
      if (!ledger.isKept(resource.urn)) sames.push(carriedForward(resource));
      continue;
    }
    const current = ledger.refreshed.get(resource) ?? resource;
    const step = deletionOf(context, current);
    if (step) deletes.push(step);
    if (ledger.deletes.has(current.urn)) await context.providers.ensure(current.provider);
  }
  for (const resource of ledger.toDelete.filter(inScope)) {
    ledger.deletes.add(resource.urn);
    deletes.push(deleteStep(resource, { replacing: false, awaitsReplacement: false }));
  }
  context.plans.applyToLast([...sames, ...deletes].map(({ step }) => step));
  refuseUntargeted(context, deletes);
  return { sames, deletes };
}

/**
 * Groups of deletes: those of a group can run at the same time, and a group starts when the one before it has ended. What nothing
 * condemned depends on goes first.
 */
export function scheduleDeletes(context: DeploymentContext, deletes: readonly PlannedStep[]): PlannedStep[][] {
  const graph = schedulingGraph(context);
  const waiting = new Map(deletes.map((planned) => [planned.step.old!, planned]));
  const needs = new Map([...waiting.keys()].map((resource) => [resource, graph.dependenciesOf(resource)]));
  const groups: PlannedStep[][] = [];
  while (waiting.size > 0) {
    const free = [...waiting].filter(
      ([resource]) =>
        !needs
          .get(resource)!
          .values()
          .some((other) => waiting.has(other)),
    );
    if (free.length === 0)
      throw new Error(`resources depend on each other: ${[...waiting.keys()].map(({ urn }) => urn)}`);
    for (const [resource] of free) waiting.delete(resource);
    groups.push(free.map(([, planned]) => planned));
  }
  // Up to here what others need came first; deletes go the other way round.
  return groups.reverse();
}

function deletionOf({ ledger }: DeploymentContext, resource: ResourceState): PlannedStep | undefined {
  if (resource.delete) {
    if (ledger.condemned.has(resource)) return undefined;
    ledger.deletes.add(resource.urn);
    return deleteStep(resource, { replacing: true, awaitsReplacement: false });
  }
  if (ledger.isKept(resource.urn)) return undefined;
  ledger.deletes.add(resource.urn);
  if (resource.pendingReplacement) return removePendingReplaceStep(resource);
  return deleteStep(resource, { replacing: false, awaitsReplacement: false });
}

/** Deletes that come with a target have to be named as well, or asked for by `--target-dependents`. */
function refuseUntargeted(
  { constraints, options, reporter, ledger }: DeploymentContext,
  deletes: readonly PlannedStep[],
): void {
  if (options.targetDependents) return;
  const unnamed = deletes.map(({ step }) => step.urn).filter((urn) => !constraints.targets.covers(urn));
  for (const urn of unnamed) {
    ledger.sawError = true;
    reporter.error(
      urn,
      `Resource '${urn}' will be destroyed but was not specified in --target list. Name it too, or pass --target-dependents.`,
    );
  }
  // A preview shows everything that is wrong at once.
  if (unnamed.length > 0 && !options.preview) throw reporter.alreadyReported('delete untargeted resource');
}
