import type { PropertyDiff } from '../../protocol/provider.ts';
import type { ResourceState } from './resource-state.ts';

/** The official names of operations (pkg/resource/deploy/step.go, StepOp). */
export type StepOp =
  | 'same'
  | 'create'
  | 'update'
  | 'delete'
  | 'replace'
  | 'create-replacement'
  | 'delete-replaced'
  | 'read'
  | 'read-replacement'
  | 'refresh'
  | 'discard'
  | 'discard-replaced'
  | 'remove-pending-replace'
  | 'import'
  | 'import-replacement';

/** What a step generator decides and the executor does. One variant each, plain data. */
export interface Step {
  readonly op: StepOp;
  readonly urn: string;
  readonly type: string;
  /** `urn::id` of the provider that serves the step; '' for components and providers. */
  readonly provider: string;
  readonly old: ResourceState | undefined;
  readonly new: ResourceState | undefined;
  /** A change that the user sees (a `create-replacement` beside its `replace` is not). */
  readonly logical: boolean;
  /** Keys that force a replacement. */
  readonly keys: readonly string[];
  /** Keys that changed. */
  readonly diffs: readonly string[];
  readonly detailedDiff: Readonly<Record<string, PropertyDiff>> | undefined;
}

/** How a step ended. `partial`: the resource exists and carries `initErrors`. */
export type StepOutcome = 'success' | 'partial' | 'failure';

/** Counts by op, as the summary shows them. */
export type ChangeSummary = Partial<Record<StepOp, number>>;
