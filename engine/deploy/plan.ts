import type { PropertyMap } from '../../protocol/property-value.ts';
import type { CustomTimeouts } from '../../protocol/provider.ts';
import type { Alias } from './goal.ts';
import type { StepOp } from './step.ts';

/** Differences against the old properties; only these are compared, not whole inputs (facts 7). */
export interface PlanDiff {
  readonly adds: PropertyMap;
  readonly deletes: readonly string[];
  readonly updates: PropertyMap;
}

/** What a planned resource asked for. */
export interface GoalPlan {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly inputDiff: PlanDiff;
  readonly outputDiff: PlanDiff;
  readonly parent: string;
  readonly protect: boolean;
  readonly dependencies: readonly string[];
  readonly provider: string;
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly Alias[];
  /** Import id, '' for none. */
  readonly id: string;
  readonly customTimeouts: CustomTimeouts | undefined;
}

/** Planned steps of one resource, in order. No goal: it is only deleted. */
export interface ResourcePlan {
  readonly goal: GoalPlan | undefined;
  readonly steps: readonly StepOp[];
  readonly outputs: PropertyMap;
  /** The 32 bytes that Check got. */
  readonly seed: Uint8Array | undefined;
}

/** By URN. Manifest and configuration of the plan file belong to whoever reads and writes it (apitype.DeploymentPlanV1). */
export type Plan = Readonly<Record<string, ResourcePlan>>;
