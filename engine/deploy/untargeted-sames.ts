import { parseProviderReference } from '../plugins/provider-registry.ts';
import { carriedForward } from './carried-forward.ts';
import { type Dependency, dependenciesOf } from './dependencies.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { PlannedStep } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';

/**
 * Same steps for a resource that the operation leaves out, after same steps for everything in the old state that it needs and that
 * no step has been decided for: what the program no longer registers would otherwise come after it in the new state (facts 3.2).
 */
export function untargetedSames(context: DeploymentContext, urn: string, old: ResourceState): PlannedStep[] {
  // A condemned resource and what only it needs are kept by the recorder.
  if (old.delete) return [];
  const { ledger, base } = context;
  // The old URN counts as registered, so that a child under a new name still finds its parent.
  ledger.urns.add(old.urn);
  ledger.sames.add(urn);
  ledger.sames.add(old.urn);
  const steps: PlannedStep[] = [];
  const provider = oldProvider(context, old);
  if (provider && !ledger.hasStep(provider.urn) && !ledger.isKept(provider.urn)) {
    steps.push(...untargetedSames(context, urn, provider));
  }
  for (const dependency of dependenciesOf(old)) {
    // By another name, too: what was renamed has its step under the new one.
    if (ledger.hasStep(dependency.urn) || ledger.isKept(dependency.urn)) continue;
    const needed = base.find(dependency.urn);
    if (!needed) throw context.reporter.fatal(urn, missing(dependency, urn));
    steps.push(...untargetedSames(context, urn, needed));
  }
  return [...steps, carriedForward(old)];
}

/** Queues same steps for what a targeted resource needs of the old state and nothing registers in this run. */
export function queueNeeded(context: DeploymentContext, fresh: ResourceState): void {
  if (!context.constraints.targets.isConstrained) return;
  for (const { urn } of dependenciesOf(fresh)) queue(context, urn);
}

/** The queued steps that are still needed; they run before whatever is decided next. */
export function takeQueued({ ledger }: DeploymentContext): PlannedStep[] {
  const taken = ledger.queuedSames.splice(0);
  return taken.filter(({ step }) => {
    if (ledger.hasStep(step.urn) || ledger.isKept(step.urn)) return false;
    ledger.urns.add(step.urn);
    ledger.sames.add(step.urn);
    return true;
  });
}

/** Queues the same step of a provider that only the old state has. */
export function queueProvider({ ledger }: DeploymentContext, provider: ResourceState): void {
  if (ledger.queuedSameUrns.has(provider.urn)) return;
  ledger.queuedSameUrns.add(provider.urn);
  ledger.queuedSames.push(carriedForward(provider));
}

function queue(context: DeploymentContext, urn: string): void {
  const { ledger, base } = context;
  if (ledger.hasStep(urn) || ledger.isKept(urn) || ledger.queuedSameUrns.has(urn)) return;
  const old = base.find(urn);
  if (!old) return;
  ledger.queuedSameUrns.add(urn);
  const provider = oldProvider(context, old);
  if (provider) queue(context, provider.urn);
  for (const dependency of dependenciesOf(old)) queue(context, dependency.urn);
  ledger.queuedSames.push(carriedForward(old));
}

function oldProvider({ base }: DeploymentContext, state: ResourceState): ResourceState | undefined {
  if (state.provider === '') return undefined;
  const { urn, id } = parseProviderReference(state.provider);
  const provider = base.find(urn);
  return provider?.id === id ? provider : undefined;
}

const dependencyNames: Readonly<Record<Dependency['kind'], string>> = {
  parent: 'parent',
  dependency: 'dependency',
  property: 'property dependency',
  deletedWith: 'deleted with dependency',
  replaceWith: 'replace with dependency',
};

function missing(dependency: Dependency, urn: string): string {
  return `${dependencyNames[dependency.kind]} ${dependency.urn} of untargeted resource ${urn} has no old state`;
}
