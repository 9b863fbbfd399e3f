import type { SnapshotRecorder } from '../state/snapshot.ts';
import type { BaseState } from './base-state.ts';
import type { DeploymentOptions } from './deployment-options.ts';
import type { Foresight } from './foresight.ts';
import type { Ledger } from './ledger.ts';
import type { PlanBook } from './plan-book.ts';
import type { ProviderAccess } from './provider-access.ts';
import type { Reporter } from './reporter.ts';
import type { ResourceState } from './resource-state.ts';
import { TargetSet } from './target-set.ts';

/** What registrations lead to: normal steps; with `refresh` and `destroy` the program only drives those operations. */
export type DecisionMode = 'update' | 'refresh' | 'destroy';

/** What every decision and every step of one deployment needs. */
export interface DeploymentContext {
  readonly options: DeploymentOptions;
  readonly mode: DecisionMode;
  /** Each registered resource is refreshed before anything else is decided about it. */
  readonly refreshInPlace: boolean;
  readonly base: BaseState;
  readonly ledger: Ledger;
  readonly constraints: Constraints;
  readonly providers: ProviderAccess;
  readonly foresight: Foresight;
  readonly reporter: Reporter;
  readonly plans: PlanBook;
  /** Of a preview: one that records nothing. */
  readonly recorder: SnapshotRecorder;
  /** Registered resources as their last step left them. */
  readonly news: Map<string, ResourceState>;
  /** RFC 3339. */
  readonly now: () => string;
}

/** The user's targets, excludes and replaces as they were given. */
export class Constraints {
  readonly targets: TargetSet;
  readonly excludes: TargetSet;
  readonly replaces: TargetSet;

  constructor(options: Pick<DeploymentOptions, 'targets' | 'excludes' | 'replaces'>) {
    this.targets = new TargetSet(options.targets);
    this.excludes = new TargetSet(options.excludes);
    this.replaces = new TargetSet(options.replaces);
  }
}
