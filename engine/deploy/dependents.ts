import { type PropertyMap, Unknown } from '../../protocol/property-value.ts';
import type { DiffResponse } from '../../protocol/provider.ts';
import { providerUrnOf } from './dependencies.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { diffResource } from './diff-resource.ts';
import { applyReplaceOnChanges, isReplacement } from './replace-on-changes.ts';
import type { ResourceState } from './resource-state.ts';
import { isProviderType } from './urn.ts';

/** A resource that has to go before another one can be replaced, and the keys to blame. */
export interface DependentReplacement {
  readonly resource: ResourceState;
  readonly keys: readonly string[];
}

/**
 * Which resources would be replaced by the deletion of `root` (facts 3.4): of everything that depends on it, what cannot take new
 * values for the properties that come from it. In dependency order.
 *
 * What has been registered in this run already cannot depend on `root`, whatever the old state says: it would have had to be
 * registered after it.
 */
export async function dependentReplacements(
  context: DeploymentContext,
  root: ResourceState,
): Promise<DependentReplacement[]> {
  const { graph } = context.base;
  if (!graph.has(root)) return [];
  const affected = new Set([root.urn]);
  const found: DependentReplacement[] = [];
  const ignored = context.ledger.settledUrns();
  for (const resource of graph.dependentsOf(root, { ignored, includeChildren: false })) {
    const keys = await keysToReplace(context, resource, affected);
    if (!keys) continue;
    affected.add(resource.urn);
    found.push({ resource, keys });
  }
  return found;
}

/** Resources that say that they are replaced, or deleted, together with this one. */
export function cascadingReplacements(context: DeploymentContext, urn: string): DependentReplacement[] {
  const candidates = new Map<string, ResourceState>();
  for (const state of context.base.live()) candidates.set(state.urn, state);
  for (const state of context.news.values()) candidates.set(state.urn, state);
  return [...candidates.values()]
    .filter((state) => state.replaceWith.includes(urn) || state.deletedWith === urn)
    .map((resource) => ({ resource, keys: [] }));
}

/** Undefined: the resource can stay. */
async function keysToReplace(
  context: DeploymentContext,
  resource: ResourceState,
  affected: ReadonlySet<string>,
): Promise<readonly string[] | undefined> {
  if (!resource.custom || resource.external) return undefined;
  if (affected.has(providerUrnOf(resource))) {
    // It has to be deleted with the provider's old configuration.
    await context.providers.ensure(resource.provider);
    return [];
  }
  if (resource.deletedWith !== '' && affected.has(resource.deletedWith)) return [];
  const inputs = inputsAfterLoss(resource, affected);
  if (!inputs) return undefined;
  const diff = await diffWithLoss(context, resource, inputs);
  return isReplacement(diff) ? diff.replaces : undefined;
}

/** The inputs with those that come from affected resources unknown; undefined where none does. */
function inputsAfterLoss(resource: ResourceState, affected: ReadonlySet<string>): PropertyMap | undefined {
  const lost = Object.keys(resource.inputs).filter((key) =>
    (resource.propertyDependencies[key] ?? []).some((urn) => affected.has(urn)),
  );
  if (lost.length === 0) return undefined;
  return { ...resource.inputs, ...Object.fromEntries(lost.map((key) => [key, new Unknown()])) };
}

async function diffWithLoss(
  context: DeploymentContext,
  resource: ResourceState,
  newInputs: PropertyMap,
): Promise<DiffResponse> {
  if (isProviderType(resource.type)) await context.providers.load(resource);
  else await context.providers.ensure(resource.provider);
  const diff = await diffResource(context.reporter, context.providers.serving(resource)!, {
    urn: resource.urn,
    type: resource.type,
    id: resource.id,
    oldInputs: resource.inputs,
    oldOutputs: resource.outputs,
    newInputs,
    ignoreChanges: resource.ignoreChanges,
  });
  return applyReplaceOnChanges(diff, resource.replaceOnChanges, false);
}
