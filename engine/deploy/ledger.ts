import type { BaseState } from './base-state.ts';
import type { Goal } from './goal.ts';
import type { PlannedStep } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import { TargetSet } from './target-set.ts';

/** What has been decided so far in one deployment. Only the step generator's decisions write here, one at a time. */
export class Ledger {
  /** Every URN that was registered or read. */
  readonly urns = new Set<string>();
  readonly creates = new Set<string>();
  readonly sames = new Set<string>();
  readonly updates = new Set<string>();
  readonly replaces = new Set<string>();
  readonly reads = new Set<string>();
  readonly deletes = new Set<string>();
  readonly refreshes = new Set<string>();
  readonly imports = new Set<string>();
  /** Resources that do not exist and that this operation leaves out. */
  readonly skippedCreates = new Set<string>();
  /** States (not URNs) whose deletion was decided ahead of a replacement. */
  readonly condemned = new Set<ResourceState>();
  /** From an old URN to the registered resource that claims it. */
  readonly claimedBy = new Map<string, string>();
  /** From a registered URN to the old one that it claims. */
  readonly formerUrn = new Map<string, string>();
  /** Providers registered so far, also by their former URNs. */
  readonly providers = new Map<string, ResourceState>();
  readonly goals = new Map<string, Goal>();
  /** Why a dependent of a delete-before-replace was deleted: shown when it comes back. */
  readonly dependentReplaceKeys = new Map<string, readonly string[]>();
  /** New states that a destroy that runs the program deletes at the end. */
  readonly toDelete: ResourceState[] = [];
  /** From a state to what a refresh in place made of it. */
  readonly refreshed = new Map<ResourceState, ResourceState>();
  /** Resources of the old state that a constrained operation needs although nothing registers them. */
  readonly queuedSames: PlannedStep[] = [];
  readonly queuedSameUrns = new Set<string>();
  /** The targets with the dependents found so far. */
  readonly targets: TargetSet;
  readonly excludes: TargetSet;
  /** A decision failed but decisions go on (previews). */
  sawError = false;
  policyViolated = false;
  /** A hook failed after its step had succeeded: the deployment stops and fails, the step does not. */
  afterHookFailed = false;

  constructor(constraints: { readonly targets: readonly string[]; readonly excludes: readonly string[] }) {
    this.targets = new TargetSet(constraints.targets);
    this.excludes = new TargetSet(constraints.excludes);
  }

  /** Whether any step was decided for this URN, deletes included. */
  hasStep(urn: string): boolean {
    return [this.creates, this.sames, this.updates, this.deletes, this.replaces, this.reads].some((set) =>
      set.has(urn),
    );
  }

  /**
   * Whether a step keeps the resource that had this URN in the old state. Deletes do not count: one URN may be deleted several
   * times as replaced resources may be left over.
   */
  isKept(urn: string): boolean {
    const current = this.claimedBy.get(urn) ?? urn;
    return [this.sames, this.updates, this.replaces, this.reads, this.refreshes].some((set) => set.has(current));
  }

  /** URNs that were dealt with already and so cannot depend on something that is decided now. */
  settledUrns(): Set<string> {
    return [this.creates, this.sames, this.updates, this.deletes, this.replaces, this.reads].reduce(
      (all, set) => all.union(set),
      new Set<string>(),
    );
  }

  /** The provider resource behind a URN and id: registered in this run, or in the old state. */
  providerResource(
    reference: { readonly urn: string; readonly id: string },
    base: BaseState,
  ): ResourceState | undefined {
    const registered = this.providers.get(reference.urn);
    if (registered) return registered;
    const old = base.find(reference.urn);
    return old?.id === reference.id ? old : undefined;
  }
}
