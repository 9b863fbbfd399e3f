import type { PropertyMap } from '../../protocol/property-value.ts';
import type { ProgramOutcome } from '../language/program-host.ts';
import type { ProviderRegistry } from '../plugins/provider-registry.ts';
import type { Snapshot, SnapshotRecorder } from '../state/snapshot.ts';
import type { EventSink } from './events.ts';
import type { Registrar } from './goal.ts';
import type { Plan } from './plan.ts';
import type { ResourceAnalyzer } from './resource-analyzer.ts';
import type { ResourceHookRunner } from './resource-hook-runner.ts';
import type { ResourceState } from './resource-state.ts';
import type { ChangeSummary } from './step.ts';

export type DeploymentKind = 'update' | 'refresh' | 'destroy' | 'import';

/**
 * Runs the program against the registrar; resolves when the program has ended (whatever way). Rejections are bugs. The signal
 * fires when the deployment no longer wants the program to go on.
 */
export type ProgramSource = (registrar: Registrar, signal: AbortSignal) => Promise<ProgramOutcome>;

/** Everything that one preview, update, refresh, destroy or import needs. Lists default to empty, flags to false. */
export interface DeploymentOptions {
  readonly kind: DeploymentKind;
  /** Decide and show only: no provider changes anything, nothing is recorded. */
  readonly preview: boolean;
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** The state to start from. */
  readonly base: Snapshot;
  /** `discardingRecorder` for previews. The caller closes it. */
  readonly recorder: SnapshotRecorder;
  /** The caller closes it. */
  readonly registry: ProviderRegistry;
  /** Gets diagnostics and resource events. Prelude, summary and cancel events are the caller's. */
  readonly events: EventSink;
  /** The program; needed for `update`, and for `refresh` and `destroy` with `runProgram`. */
  readonly source?: ProgramSource;
  /** Steps that run at the same time, at least 1. Default: 4 for each processor. */
  readonly parallel?: number;
  /** URNs, or globs where `*` is any text without `:` and `**` any text. Empty: everything. */
  readonly targets?: readonly string[];
  readonly targetDependents?: boolean;
  readonly excludes?: readonly string[];
  readonly excludeDependents?: boolean;
  /** `--replace`: URNs or globs of resources to replace whether they changed or not. They do not constrain the rest. */
  readonly replaces?: readonly string[];
  /** Update and destroy: refresh first. */
  readonly refresh?: boolean;
  readonly continueOnError?: boolean;
  /** Refresh and destroy: run the program for fresh providers and hooks. */
  readonly runProgram?: boolean;
  /** Import: what to adopt. */
  readonly imports?: readonly ImportRequest[];
  readonly analyzers?: readonly ResourceAnalyzer[];
  readonly hooks?: ResourceHookRunner;
  readonly autonamer?: Autonamer;
  /** Enforce these steps (`up --plan`). */
  readonly plan?: Plan;
  /** Record a plan (`preview --save-plan`). */
  readonly generatePlan?: boolean;
  /** Aborting it cancels: running steps end, nothing new starts. */
  readonly signal?: AbortSignal;
  /** RFC 3339 text of now, for created and modified. Default: the system's clock. */
  readonly now?: () => string;
}

/** What happened. */
export interface DeploymentResult {
  /** Logical steps by op that succeeded (in previews: that were decided), as the summary shows them. */
  readonly changes: ChangeSummary;
  readonly result: 'succeeded' | 'failed' | 'cancelled';
  /** Some failure was a mandatory policy violation (exit code 5). */
  readonly policyViolated: boolean;
  /** The resources as they are now (in previews: as they would be), in dependency order, without those deleted. */
  readonly resources: readonly ResourceState[];
  /** Outputs of the root stack. Unknowns and secrets are marked. */
  readonly outputs: PropertyMap;
  /** A step ended in a way that leaves the state in doubt. */
  readonly maybeCorrupt: boolean;
  /** Present with `generatePlan`. */
  readonly plan: Plan | undefined;
}

/** One resource for `pulumi import`. */
export interface ImportRequest {
  readonly type: string;
  readonly name: string;
  /** '' for components. */
  readonly id: string;
  readonly component?: boolean;
  /** A component that its provider makes: it has one. */
  readonly remote?: boolean;
  /** URN in the state or of another import; '' : the root stack. */
  readonly parent: string;
  /**
   * `urn::id` of an explicit provider, or what makes one; '' for components that are not remote. Of a provider (`pulumi:providers:...`): itself; it is
   * made, and not read.
   */
  readonly provider: string | ((registrar: Registrar) => Promise<string>);
  /** Properties to import; empty: those that the provider requires. */
  readonly properties: readonly string[];
  /** Default true. */
  readonly protect?: boolean;
  /** What the provider does not tell (`properties` it has are kept), or all inputs where there are `outputs`. Default: none. */
  readonly inputs?: PropertyMap | undefined;
  /** What it is: it is then not read. Default: it is read. */
  readonly outputs?: PropertyMap | undefined;
}

/** Answers what the `pulumi:autonaming` configuration says of one resource (pkg/resource/autonaming). */
export type Autonamer = (resource: {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly randomSeed: Uint8Array;
}) =>
  | {
      readonly proposedName: string;
      readonly mode: 'propose' | 'enforce' | 'disable';
      /** The name has no random part, so that old and new cannot exist side by side. */
      readonly deleteBeforeReplace: boolean;
      /** Asked for so expressly that a provider which cannot do it is worth a warning. */
      readonly warnIfUnsupported: boolean;
    }
  | undefined;
