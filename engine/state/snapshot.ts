import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step, StepOutcome } from '../deploy/step.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';

export type PendingOperationKind = 'creating' | 'updating' | 'deleting' | 'reading' | 'importing';

/** Something that was under way when the state was written. */
export interface PendingOperation {
  readonly kind: PendingOperationKind;
  readonly resource: ResourceState;
}

/** A stack's state in memory: a deployment of the checkpoint, decrypted. Resources are in dependency order. */
export interface Snapshot {
  readonly resources: readonly ResourceState[];
  readonly pendingOperations: readonly PendingOperation[];
  /** Undefined where the state has no secrets yet. */
  readonly secretsManager: SecretsManager | undefined;
  /** Parts of the deployment that we keep as they are (metadata, snippets, ...). */
  readonly preserved: Readonly<Record<string, unknown>>;
}

/**
 * Records what an operation does while it does it, so that a `kill -9` loses nothing (state/journal.ts). The deployment calls it
 * around each step; the order of calls for one resource is that of its steps.
 */
export interface SnapshotRecorder {
  /** Before the provider is called. Resolves when the intent is durable. */
  beginStep(step: Step): Promise<void>;
  /** After it, with the step's states as they are now. Resolves when the result is durable. */
  endStep(step: Step, outcome: StepOutcome): Promise<void>;
  /** The outputs of a component or of the stack were registered. */
  recordOutputs(state: ResourceState): Promise<void>;
  /** After a refresh: these take the place of the old resources, in this order. */
  rebase(resources: readonly ResourceState[]): Promise<void>;
  /** Writes the checkpoint, checks its integrity and ends. No call after it. */
  close(): Promise<Snapshot>;
}

/** For previews. */
export const discardingRecorder = (base: Snapshot): SnapshotRecorder => ({
  beginStep: async () => {},
  endStep: async () => {},
  recordOutputs: async () => {},
  rebase: async () => {},
  close: async () => base,
});
