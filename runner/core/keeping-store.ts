import type { Correction, DriftFinding } from './drift.ts';
import type { EnvironmentStore } from './environment-store.ts';
import type { Seen } from './run-store.ts';

/**
 * How a stack stands to the world: `none` (nothing differs that matters); `drifted`; `flapping` (what was put back came again: nothing is put back any
 * more until the difference is gone or another commit is applied); `unknown` (the last look failed, or there was none).
 */
export type DriftState = 'none' | 'drifted' | 'flapping' | 'unknown';

/** What the last look at a stack found. */
export interface DriftRecord {
  readonly repository: string;
  readonly stack: string;
  readonly state: DriftState;
  /** One line for people. */
  readonly summary: string;
  readonly lookedAt: Date | undefined;
  /** The commit whose program was asked. */
  readonly commit: string | undefined;
  /** The run that shows the last finding, if there was one. */
  readonly run: string | undefined;
  readonly finding: DriftFinding;
  /** Since when there is a difference. */
  readonly since: Date | undefined;
  /** What was put back last. */
  readonly correction: Correction | undefined;
  /** The forge's name of the open issue about it. */
  readonly issue: string | undefined;
}

export interface DriftStore {
  get(repository: string, stack: string): Promise<DriftRecord | undefined>;
  list(repository: string | undefined): Promise<readonly DriftRecord[]>;
  /** Creates or replaces. */
  put(record: DriftRecord): Promise<void>;
  /** Forgets what was found: nobody looks any more. */
  remove(repository: string, stack: string): Promise<void>;
}

/** What people and the runner decided: written once, never changed. */
export interface AuditEntry {
  readonly kind:
    | 'approve'
    | 'reject'
    | 'retry'
    | 'give-up'
    | 'approval-void'
    | 'refused'
    | 'break-glass'
    | 'gate'
    | 'verification'
    | 'overtaken'
    | 'drift'
    | 'correction'
    | 'rollback'
    | 'promotion'
    | 'recovery'
    | 'cancel'
    | 'unlock'
    | 'look'
    | 'sync'
    | 'access'
    | 'environment'
    | 'command';
  readonly repository: string;
  /** Id of the run, rollout, change or stack that it is about. */
  readonly subject: string;
  /** A person, or `mainstay`. */
  readonly by: string;
  /** Which way a person came; see `Actor`. Kept with the details, so that the hash covers it. */
  readonly via?: string;
  /** One line. */
  readonly text: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Makes an entry that is added again the same one: whoever does a step again after a crash gives it. */
  readonly key?: string;
}

export interface RecordedEntry extends Omit<AuditEntry, 'key'> {
  /** Counts up from 1 without a gap. */
  readonly number: number;
  readonly at: Date;
  /** Over this entry and the hash before it: a trail that was touched does not add up. */
  readonly hash: string;
}

export interface AuditStore {
  add(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  list(filter: {
    readonly repository?: string;
    readonly subject?: string;
    /** Only those with a smaller number. */
    readonly before?: number;
    /** Default 50. */
    readonly limit?: number;
    /** Only what is about one of these stacks. Default: everything. */
    readonly seen?: Seen | undefined;
  }): Promise<readonly RecordedEntry[]>;
  /** The number of the first entry that does not add up; undefined where all do. */
  verify(): Promise<number | undefined>;
}

/** One person's yes to one environment of one rollout, for what its stacks' previews said. */
export interface Approval {
  readonly rollout: string;
  readonly environment: string;
  readonly by: string;
  /** Of all previews of the environment's stacks together. */
  readonly digest: string;
  readonly at: Date;
  readonly void: boolean;
}

export interface ApprovalStore {
  /** Adds or renews. */
  put(approval: Omit<Approval, 'at' | 'void'>): Promise<void>;
  list(rollout: string): Promise<readonly Approval[]>;
  /** Those for another digest count no more. Returns whose. */
  voidOthers(of: Pick<Approval, 'rollout' | 'environment' | 'digest'>): Promise<readonly string[]>;
}

/** A commit that somebody took back. */
export interface Rollback {
  /** `<repository>@<commit>` of what was taken back. */
  readonly id: string;
  readonly repository: string;
  /** What was taken back: no stack gets it again unasked. */
  readonly commit: string;
  /** The change that reverts it, and its head. */
  readonly change: string;
  readonly head: string;
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
}

export interface RollbackStore {
  /** Creates or replaces. */
  put(rollback: Omit<Rollback, 'at'>): Promise<void>;
  /** Forgets that a commit was taken back. */
  remove(id: string): Promise<void>;
  /** Newest first. */
  list(repository: string): Promise<readonly Rollback[]>;
}

/** A version on its way from one stack's file to the next one's. */
export interface Promotion {
  readonly id: string;
  readonly repository: string;
  /** The rule's name. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** queued → written (to the base branch) | proposed (as a change) | nothing (it was there already) | failed */
  readonly state: 'queued' | 'written' | 'proposed' | 'nothing' | 'failed';
  readonly values: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[];
  /** What was written, and the change where there is one. */
  readonly commit: string | undefined;
  readonly change: string | undefined;
  readonly summary: string;
  readonly by: string;
  readonly at: Date;
}

export interface PromotionStore {
  /** Adds it; false if it was there. */
  add(promotion: Pick<Promotion, 'id' | 'repository' | 'name' | 'from' | 'to' | 'by'>): Promise<boolean>;
  get(id: string): Promise<Promotion | undefined>;
  /** Newest first. */
  list(repository: string | undefined, state?: Promotion['state']): Promise<readonly Promotion[]>;
  set(
    id: string,
    patch: { readonly [K in 'state' | 'values' | 'commit' | 'change' | 'summary']?: Promotion[K] },
  ): Promise<void>;
}

/** What was last found in the registry of an image that is built elsewhere. */
export interface ImageLook {
  readonly repository: string;
  /** The promotion's name. */
  readonly name: string;
  readonly lookedAt: Date;
  /** The newest version that counts, as it is written; undefined where there is none, or none was found out yet. */
  readonly newest: string | undefined;
  /** Why it could not be found out the last time; '' where it could. */
  readonly problem: string;
}

export interface ImageStore {
  /** Whether it is our turn to ask: nobody has for `every` milliseconds. The same turn is never given twice. */
  claim(
    look: Pick<ImageLook, 'repository' | 'name'>,
    turn: { readonly now: Date; readonly every: number },
  ): Promise<boolean>;
  /** What was found. Without `newest` what was known before stays. */
  found(
    look: Pick<ImageLook, 'repository' | 'name' | 'problem'> & { readonly newest?: string | undefined },
  ): Promise<void>;
  /** Forgets those of a repository that are not among `names`. */
  keep(repository: string, names: readonly string[]): Promise<void>;
  /** By repository and name. */
  list(repository: string | undefined): Promise<readonly ImageLook[]>;
}

/** What the runner remembers to keep stacks true. Every call is one transaction and may be repeated. */
export interface KeepingStore {
  readonly drift: DriftStore;
  readonly audit: AuditStore;
  readonly approvals: ApprovalStore;
  readonly rollbacks: RollbackStore;
  readonly promotions: PromotionStore;
  readonly images: ImageStore;
  readonly environments: EnvironmentStore;
}
