import type { ChangeSummary } from '../deploy/step.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import type { Snapshot, SnapshotRecorder } from './snapshot.ts';

/** `organization/<project>/<stack>` on the file backends. */
export interface StackIdentity {
  readonly project: string;
  readonly stack: string;
}

export interface StackSummary extends StackIdentity {
  /** RFC 3339; undefined: never updated. */
  readonly lastUpdate: string | undefined;
  readonly resourceCount: number | undefined;
  readonly updateInProgress: boolean;
}

export type UpdateKind = 'update' | 'preview' | 'refresh' | 'destroy' | 'import' | 'rename';

/** One entry of a stack's history. Times are Unix seconds. */
export interface UpdateInfo {
  readonly kind: UpdateKind;
  readonly startTime: number;
  readonly endTime: number;
  readonly message: string;
  readonly environment: Readonly<Record<string, string>>;
  /** As in the stack file; secrets encrypted. */
  readonly config: Readonly<
    Record<string, { readonly value: string; readonly secret: boolean; readonly objectValue?: boolean }>
  >;
  readonly result: 'in-progress' | 'succeeded' | 'failed';
  readonly resourceChanges: ChangeSummary;
}

/** The untouched deployment as JSON, with its checkpoint version. */
export interface RawDeployment {
  readonly version: number;
  readonly features?: readonly string[];
  readonly deployment: Readonly<Record<string, unknown>>;
}

/** Makes the secrets manager for a state's `secrets_providers`. */
export type SecretsManagerOpener = (type: string, state: Readonly<Record<string, unknown>>) => Promise<SecretsManager>;

/**
 * Where states live: Pulumi's "DIY" backend layout (pkg/backend/diy). Every method that names a stack rejects with
 * `StackNotFound` where there is none, unless said otherwise.
 */
export interface Backend {
  /** As given to `pulumi login`: `file:///...`, `s3://...`. */
  readonly url: string;
  exists(stack: StackIdentity): Promise<boolean>;
  /** Rejects with a user error if the stack exists. */
  createStack(stack: StackIdentity): Promise<void>;
  listStacks(project?: string): Promise<readonly StackSummary[]>;
  removeStack(
    stack: StackIdentity,
    options: { readonly force: boolean; readonly removeBackups: boolean },
  ): Promise<void>;
  renameStack(from: StackIdentity, to: StackIdentity): Promise<void>;
  /** Reads, migrates, folds the journal of a killed process, checks integrity. */
  readSnapshot(stack: StackIdentity, open: SecretsManagerOpener): Promise<Snapshot>;
  exportDeployment(stack: StackIdentity): Promise<RawDeployment>;
  importDeployment(stack: StackIdentity, raw: RawDeployment, options: { readonly force: boolean }): Promise<void>;
  /** Rejects with a conflict error that says who holds it, since when and how to cancel. */
  lock(stack: StackIdentity): Promise<{ release(): Promise<void> }>;
  /** Deletes every lock of the stack; resolves to how many there were. */
  cancel(stack: StackIdentity): Promise<number>;
  /** Starts recording; the caller holds the lock. `secretsManager` encrypts what is written. */
  record(stack: StackIdentity, base: Snapshot, secretsManager: SecretsManager | undefined): Promise<SnapshotRecorder>;
  addHistory(stack: StackIdentity, update: UpdateInfo): Promise<void>;
  /** Newest first. Pages count from 1. */
  history(
    stack: StackIdentity,
    options: { readonly pageSize?: number; readonly page?: number },
  ): Promise<readonly UpdateInfo[]>;
  tags(stack: StackIdentity): Promise<Readonly<Record<string, string>>>;
  setTags(stack: StackIdentity, tags: Readonly<Record<string, string>>): Promise<void>;
}

/** `no stack named '...' found`: the Automation API matches this text (automation/errors.js). */
export class StackNotFound extends Error {
  constructor(name: string) {
    super(`no stack named '${name}' found`);
    this.name = 'StackNotFound';
  }
}
