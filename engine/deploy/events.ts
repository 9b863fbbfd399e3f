import type { ChangeSummary, Step, StepOutcome } from './step.ts';

export type Severity = 'debug' | 'info' | 'info#err' | 'warning' | 'error';

export interface Diagnostic {
  readonly severity: Severity;
  readonly message: string;
  /** '' : of the stack as a whole. */
  readonly urn: string;
  readonly streamId?: number;
  /** Shown while the operation runs, not kept. */
  readonly ephemeral?: boolean;
  readonly prefix?: string;
  /** A program or a provider said it. The operation fails of what it cannot do, never of what was said (as the official engine). */
  readonly logged?: boolean;
}

/**
 * What happens in an operation, in order. `display/` turns these into the official JSON (sdk/go/common/apitype/events.go) and into
 * text. Values inside still carry `Secret` marks: whoever shows them masks them.
 */
export type EngineEvent =
  | { readonly kind: 'prelude'; readonly config: Readonly<Record<string, string>> }
  | { readonly kind: 'diagnostic'; readonly diagnostic: Diagnostic }
  /** Program output that is not a log call. */
  | { readonly kind: 'stdout'; readonly message: string }
  | { readonly kind: 'resource-pre'; readonly step: Step; readonly planning: boolean }
  | { readonly kind: 'resource-outputs'; readonly step: Step; readonly planning: boolean }
  | { readonly kind: 'resource-failed'; readonly step: Step; readonly outcome: StepOutcome; readonly message: string }
  | {
      readonly kind: 'policy-violation';
      readonly urn: string;
      readonly message: string;
      readonly policyName: string;
      readonly policyPackName: string;
      readonly policyPackVersion: string;
      readonly enforcementLevel: 'advisory' | 'mandatory' | 'remediate';
    }
  | {
      readonly kind: 'policy-remediation';
      readonly urn: string;
      readonly policyName: string;
      readonly policyPackName: string;
      readonly policyPackVersion: string;
      readonly before: Readonly<Record<string, unknown>>;
      readonly after: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'summary';
      readonly preview: boolean;
      readonly maybeCorrupt: boolean;
      readonly durationSeconds: number;
      readonly changes: ChangeSummary;
      readonly policyPacks: Readonly<Record<string, string>>;
      readonly result: 'succeeded' | 'failed';
    }
  /** Always last. */
  | { readonly kind: 'cancel' };

/** Where events go. Never throws, never waits. */
export type EventSink = (event: EngineEvent) => void;
