import { neededUrns } from './dependencies.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { ResourceState } from './resource-state.ts';
import { isProviderType, isRootStack } from './urn.ts';

type Scope = Pick<DeploymentContext, 'options' | 'constraints' | 'ledger'>;

/** Whether `--target` and `--exclude` let this operation touch a resource. Targets win where both are given (facts 3.8). */
export function isIncluded(scope: Scope, state: ResourceState): boolean {
  if (scope.constraints.targets.isConstrained) return isTarget(scope, state);
  if (scope.constraints.excludes.isConstrained) return !isExcluded(scope, state);
  return true;
}

/** Providers and the root stack always take part: what is targeted cannot do without them. */
export function isTargeted(scope: Scope, state: ResourceState): boolean {
  return isProviderType(state.type) || isRootStack(state.urn) || isIncluded(scope, state);
}

/** Named by the targets, or with `--target-dependents` in need of something that is. */
export function isTarget({ constraints, options, ledger }: Scope, state: ResourceState): boolean {
  if (constraints.targets.names(state.urn)) return true;
  return options.targetDependents === true && neededUrns(state).some((urn) => ledger.targets.names(urn));
}

/** Named by the excludes, or with `--exclude-dependents` in need of something that is. */
export function isExcluded({ constraints, options, ledger }: Scope, state: ResourceState): boolean {
  if (constraints.excludes.names(state.urn)) return true;
  return options.excludeDependents === true && neededUrns(state).some((urn) => ledger.excludes.names(urn));
}

/** Remembers what a resource means for its dependents. Resources are seen after what they depend on. */
export function noteScope(scope: Scope, state: ResourceState, targeted: boolean): void {
  if (scope.constraints.excludes.isConstrained && !targeted && isExcluded(scope, state)) {
    scope.ledger.excludes.add(state.urn);
  } else if (targeted && isTarget(scope, state)) {
    scope.ledger.targets.add(state.urn);
  }
}

/** `--replace` names it, or its state says that it is tainted: it is replaced whether it changed or not. */
export function mustReplace({ constraints }: Scope, urn: string, old: ResourceState | undefined): boolean {
  return constraints.replaces.names(urn) || old?.taint === true;
}
