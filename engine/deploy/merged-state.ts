import { effectOf } from '../state/step-effects.ts';
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
    const { retire, add } = effectOf(step);
    if (retire) this.#done.add(retire);
    if (add) this.#fresh.push(add);
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
}
