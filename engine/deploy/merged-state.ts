import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';

/**
 * The state as it is while steps run (facts 4.4): new resources in the order in which their steps ended, then the old ones that no
 * step has dealt with. That is a dependency order as a step only starts when what it needs is done.
 */
export class MergedState {
  #base: readonly ResourceState[];
  #fresh: ResourceState[] = [];
  readonly #done = new Set<ResourceState>();

  constructor(base: readonly ResourceState[]) {
    this.#base = base;
  }

  /** Records a step that succeeded, or failed with the resource in existence. */
  record(step: Step): void {
    switch (step.op) {
      case 'same':
      case 'update':
      case 'read':
      case 'refresh':
        this.#retire(step.old);
        this.#add(step.new);
        return;
      case 'create':
      case 'create-replacement':
        this.#add(step.new);
        if (step.old?.pendingReplacement) this.#retire(step.old);
        return;
      case 'import':
      case 'import-replacement':
      case 'read-replacement':
        this.#add(step.new);
        return;
      case 'delete':
      case 'delete-replaced':
      case 'discard':
      case 'discard-replaced':
        if (!step.old?.pendingReplacement) this.#retire(step.old);
        return;
      case 'remove-pending-replace':
        this.#retire(step.old);
        return;
      case 'replace':
        return;
    }
  }

  /** After a refresh: these take the place of the old ones. */
  rebase(resources: readonly ResourceState[]): void {
    this.#base = resources;
    this.#fresh = [];
    this.#done.clear();
  }

  resources(): ResourceState[] {
    return [...this.#fresh, ...this.#base].filter((resource) => !this.#done.has(resource));
  }

  #add(resource: ResourceState | undefined): void {
    if (resource) this.#fresh.push(resource);
  }

  #retire(resource: ResourceState | undefined): void {
    if (resource) this.#done.add(resource);
  }
}
