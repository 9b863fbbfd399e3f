import type { Goal, ReadGoal } from './goal.ts';
import { newResourceState, type ResourceState } from './resource-state.ts';

/** The state that a registration works towards. Id and outputs come from its steps. */
export function stateOfGoal(
  goal: Goal,
  known: { readonly urn: string; readonly alias: string; readonly old: ResourceState | undefined },
): ResourceState {
  return newResourceState({
    urn: known.urn,
    type: goal.type,
    custom: goal.custom,
    inputs: goal.inputs,
    parent: goal.parent,
    protect: goal.protect ?? false,
    dependencies: goal.dependencies,
    provider: goal.provider,
    propertyDependencies: goal.propertyDependencies,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    aliases: known.alias === '' ? [] : [known.alias],
    customTimeouts: goal.customTimeouts,
    importId: goal.importId,
    retainOnDelete: goal.retainOnDelete ?? false,
    deletedWith: goal.deletedWith,
    replaceWith: goal.replaceWith,
    replacementTrigger: goal.replacementTrigger,
    created: known.old?.created,
    modified: known.old?.modified,
    sourcePosition: goal.sourcePosition,
    stackTrace: goal.stackTrace,
    ignoreChanges: goal.ignoreChanges,
    hideDiff: goal.hideDiff,
    replaceOnChanges: goal.replaceOnChanges,
    refreshBeforeUpdate: known.old?.refreshBeforeUpdate ?? false,
    resourceHooks: goal.resourceHooks,
  });
}

/** The state of a resource that the program only looks up. */
export function stateOfRead(goal: ReadGoal, known: { readonly urn: string; readonly alias: string }): ResourceState {
  return newResourceState({
    urn: known.urn,
    type: goal.type,
    custom: true,
    id: goal.id,
    inputs: goal.inputs,
    parent: goal.parent,
    external: true,
    dependencies: goal.dependencies,
    provider: goal.provider,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    aliases: known.alias === '' ? [] : [known.alias],
    sourcePosition: goal.sourcePosition,
    stackTrace: goal.stackTrace,
  });
}
