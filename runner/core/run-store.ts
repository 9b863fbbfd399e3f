import type { ProcessIdentity } from '../../foundation/processes.ts';
import type { Change } from './change.ts';
import type { KeepingStore } from './keeping-store.ts';
import type { KnownStack, Unproven } from './known-stack.ts';
import type { ReportStore } from './report-store.ts';
import type { RepositoryEvent } from './repository-event.ts';
import type { Rollout } from './rollout.ts';
import type { Run, RunHead, RunStep } from './run.ts';
import type { NumberedEvent, RunEvent, RunResource } from './run-event.ts';

/** What is set of a record; what is left out stays. */
export type Patch<T> = { readonly [K in keyof T]?: T[K] };

/** A run as it is created. */
export type NewRun = Pick<Run, 'id' | 'repository' | 'stack' | 'kind' | 'change' | 'rollout' | 'commit' | 'reasons'>;

/** The head of a branch as it was last handled, and how many heads there were before. */
export interface KnownHead {
  readonly commit: string;
  readonly version: number;
}

/**
 * The runner's memory. Every call is one transaction; every `add` and `ensure` may be repeated with the same id and changes nothing then.
 * Rejects with a transient error while the database cannot be reached.
 */
export interface RunStore extends KeepingStore {
  readonly reports: ReportStore;
  readonly events: {
    /** Stores a delivery. False if it was there already. */
    add(event: RepositoryEvent): Promise<boolean>;
    heads(repository: string): Promise<ReadonlyMap<string, KnownHead>>;
    /** Sets the head of a branch; an undefined commit forgets it but keeps counting. */
    setHead(
      repository: string,
      branch: string,
      head: { readonly commit: string | undefined; readonly version: number },
    ): Promise<void>;
    /** Whether the base branch was at a commit at a head before that one, as its events (`…#<head>:<commit>`) tell. */
    wasBase(repository: string, at: { readonly head: string; readonly before: number }): Promise<boolean>;
    /** The time up to which comments were read; undefined where none ever were. */
    commentsRead(repository: string): Promise<Date | undefined>;
    setCommentsRead(repository: string, at: Date): Promise<void>;
  };
  readonly changes: {
    get(id: string): Promise<Change | undefined>;
    list(repository: string | undefined, state?: Change['state']): Promise<readonly Change[]>;
    page(filter: PageFilter & { readonly state?: Change['state'] }): Promise<Page<Change>>;
    /** Creates or replaces; with `at` only where there is none, or it is open and its head is that: then `allowed` stays what it is. Returns whether it is this one now. */
    put(change: Omit<Change, 'updatedAt' | 'pushedAt'>, at?: { readonly head: string }): Promise<boolean>;
    set(id: string, patch: Patch<Pick<Change, 'state' | 'base' | 'merge' | 'problem' | 'types'>>): Promise<void>;
  };
  readonly runs: {
    add(run: NewRun): Promise<void>;
    get(id: string): Promise<Run | undefined>;
    /** Newest first. */
    list(filter: RunFilter): Promise<readonly Run[]>;
    set(
      id: string,
      patch: Patch<Pick<Run, 'state' | 'summary' | 'outcome' | 'attempt' | 'startedAt' | 'endedAt'>>,
    ): Promise<void>;
    /** Heads of runs, newest first; `after` is the `next` of the page before. Throws a user error where it is none. */
    page(filter: RunFilter & Pick<PageFilter, 'after' | 'seen'>): Promise<Page<RunHead>>;
    /** The newest update of each stack of a repository. */
    latest(repository: string): Promise<readonly RunHead[]>;
    /**
     * The commits of which a stack may have something without being at them: updates of it since the last that succeeded that were begun, and go on
     * or came to no good end. Those of the rollout `except` do not count.
     */
    unfinished(repository: string, except: string): Promise<readonly Pick<Run, 'stack' | 'commit'>[]>;
    /** Adds what happened, in order. The texts are redacted and no longer than `LONGEST_TEXT` already. */
    addEvents(run: string, events: readonly RunEvent[]): Promise<void>;
    /** What happened after the number given, oldest first. */
    events(run: string, after: number, limit: number): Promise<readonly NumberedEvent[]>;
    setGraph(run: string, resources: readonly RunResource[]): Promise<void>;
    graph(run: string): Promise<readonly RunResource[]>;
    /** How many runs there are by kind and state, and the seconds that they took. */
    totals(): Promise<readonly RunTotal[]>;
    steps(run: string): Promise<readonly RunStep[]>;
    /** Begins or begins again the step of that name. */
    beginStep(run: string, name: string): Promise<void>;
    endStep(run: string, name: string, end: Pick<RunStep, 'state' | 'detail'>): Promise<void>;
  };
  readonly rollouts: {
    /** `position` says which head of the base branch it is: a rollout of a later one is newer, whenever it was added. Default 0. */
    add(
      rollout: Pick<Rollout, 'id' | 'repository' | 'commit' | 'stages' | 'changes'> & {
        readonly position?: number | undefined;
      },
    ): Promise<void>;
    get(id: string): Promise<Rollout | undefined>;
    /** Newest first: by position within a repository, by time over all. */
    list(repository: string | undefined, limit?: number): Promise<readonly Rollout[]>;
    page(filter: PageFilter): Promise<Page<Rollout>>;
    set(
      id: string,
      patch: Patch<Pick<Rollout, 'state' | 'summary' | 'waits' | 'stages' | 'changes' | 'endedAt'>>,
    ): Promise<void>;
  };
  readonly stacks: {
    list(repository: string | undefined): Promise<readonly KnownStack[]>;
    /**
     * Adds what is new, updates name, environment and position of the others, and forgets those that are not given. `by` is the position of the rollout
     * that knows: what a later one has listed stays as that one says. Default 0.
     */
    ensure(
      repository: string,
      stacks: readonly Pick<KnownStack, 'id' | 'name' | 'environment' | 'position'>[],
      by?: number,
    ): Promise<void>;
    /**
     * Says that an update begins. False where a later rollout than the run's has decided about the stack: then it must not, as it would set the stack
     * back. Repeated, it says the same until such a decision.
     */
    begin(run: Pick<Run, 'repository' | 'stack' | 'rollout'>): Promise<boolean>;
    /**
     * Says which commit a stack is at, as `rollout` brought it there. With a `revision` only where it still has that one. Returns whether it was said.
     */
    setApplied(
      repository: string,
      stack: string,
      at: { readonly commit: string; readonly rollout?: string | undefined; readonly revision?: string },
    ): Promise<boolean>;
    /** Says that the checks of these stacks' environment have not come through, or undefined where they have. */
    setUnproven(repository: string, stacks: readonly string[], unproven: Unproven | undefined): Promise<void>;
    /**
     * Says of stacks which a commit leaves as they are that they are at it. False where one of them is not as it was listed any more: then it has to be
     * decided anew, and those that are were said. One that a later rollout has decided about stays as that one says.
     */
    settle(
      repository: string,
      stacks: readonly Pick<KnownStack, 'id' | 'revision'>[],
      at: { readonly commit: string; readonly position: number },
    ): Promise<boolean>;
    setReferences(repository: string, stack: string, references: readonly string[]): Promise<void>;
  };
  /** Processes that run for a stack, so that a later life can end them. */
  readonly processes: {
    /** Recorded as this worker's. */
    add(owner: ProcessOwner, identity: ProcessIdentity): Promise<void>;
    remove(owner: ProcessOwner, identity: ProcessIdentity): Promise<void>;
    /** Those of all machines. */
    list(owner: Pick<ProcessOwner, 'repository' | 'stack'>): Promise<readonly RecordedProcess[]>;
  };
}

/** A part of a list, and where the next one begins if there is one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** What somebody may see, where that is not everything. */
export interface Seen {
  /** Repositories of which they see everything. */
  readonly repositories: readonly string[];
  /** Stacks elsewhere, each as `<repository>:<id>`. */
  readonly stacks: readonly string[];
}

export interface PageFilter {
  readonly repository?: string;
  /** Only what one of these stacks is in. Default: everything. */
  readonly seen?: Seen | undefined;
  /** Default 50. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

/** All runs of one kind in one state. */
export interface RunTotal {
  readonly kind: Run['kind'];
  readonly state: Run['state'];
  readonly count: number;
  readonly seconds: number;
}

export interface RecordedProcess extends ProcessIdentity {
  readonly host: string;
  /** Whether another worker recorded it, and has a session with the database now. */
  readonly workerLives: boolean;
}

export interface ProcessOwner {
  readonly repository: string;
  readonly stack: string;
  /** The machine that the process runs on. */
  readonly host: string;
}

export interface RunFilter {
  readonly repository?: string;
  readonly stack?: string;
  readonly change?: string;
  readonly rollout?: string;
  readonly kind?: Run['kind'];
  readonly states?: readonly Run['state'][];
  /** Default 50. */
  readonly limit?: number;
}
