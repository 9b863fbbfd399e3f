import type { ResourceState } from '../deploy/resource-state.ts';
import type { StackIdentity } from '../state/backend.ts';

/** What previews propose of their stacks, for previews of stacks that read their outputs. In memory alone: secrets are in the clear, unknowns are unknown. */
export interface Proposals {
  add(stack: StackIdentity, resources: readonly ResourceState[]): void;
  resourcesOf(stack: StackIdentity): readonly ResourceState[] | undefined;
}

export function createProposals(): Proposals {
  const proposed = new Map<string, readonly ResourceState[]>();
  const keyOf = ({ project, stack }: StackIdentity) => `${project}/${stack}`;
  return {
    add: (stack, resources) => void proposed.set(keyOf(stack), resources),
    resourcesOf: (stack) => proposed.get(keyOf(stack)),
  };
}
