import type { DriftLook } from '../core/drift.ts';
import type { Outcome } from '../core/run.ts';
import type { TypeMistake } from '../core/type-check.ts';
import type { RevertPreview } from '../core/undo.ts';
import type { RunWitness } from './record-events.ts';

export type EngineName = 'embedded' | 'official';

/** What of the runner's environment an operation may see. */
export interface StackAccess {
  /** Name of credentials in the runner's own file. */
  readonly credentials?: string | undefined;
  /** Names, with `*`, of passed variables. Default: none where there are credentials, else all. */
  readonly environment?: readonly string[] | undefined;
}

/** An operation that goes beyond one of these is ended, and has failed. */
export interface OperationLimits {
  /** Milliseconds. */
  readonly time: number;
  /** Bytes that the program and all that it starts hold. With the official engine: the engine and all that it starts. */
  readonly memory: number;
  /** Bytes of text that the program writes. With the official engine: that the engine writes. */
  readonly output: number;
  /** The settings in mainstay.yaml that say these. Default: `preview` of the stack. */
  readonly setBy?: string;
}

/** A policy pack, ready to be run. */
export interface PolicyPack {
  /** The folder of its PulumiPolicy.yaml. */
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** One stack in one checkout, for one operation. */
export interface StackWork {
  readonly repository: string;
  /** Id of the stack, `<project>/<stack>`: what processes and locks are recorded under. */
  readonly stack: string;
  /** The stack's name for Pulumi. */
  readonly stackName: string;
  /** The folder of its Pulumi.yaml. */
  readonly folder: string;
  /** The commit that is checked out: it is kept with the state. */
  readonly commit?: string;
  /** What it may see. Default: all that the runner passes. */
  readonly access?: StackAccess;
  /** What its program may use. Default: no limits. */
  readonly limits?: OperationLimits;
  /** What it has to come through. Default: nothing. */
  readonly policies?: readonly PolicyPack[];
  /** Ends the operation: what runs is finished, nothing new is begun. */
  readonly signal?: AbortSignal;
  /** Is told what happens while it happens. */
  readonly witness?: RunWitness;
}

/** What an interrupted update left behind and what became of it. */
export interface Recovery {
  /** Lines for people: processes that were ended, a lock that was cancelled, operations that are repeated. */
  readonly done: readonly string[];
  /** Creates of which nobody can say whether they happened: URNs. A person has to look. */
  readonly unclear: readonly string[];
}

/** What came of destroying a stack. */
export interface Destruction {
  /** undefined where there was no state of it. */
  readonly outcome: Outcome | undefined;
  /** Resources that stay where they are as the program said so (`retainOnDelete`): URNs. Nobody looks after them any more. */
  readonly retained: readonly string[];
}

/** What a look found; `outcome` is the program's part, undefined where it did not have to be run. Fails where the outcome does. */
export interface StackLook extends DriftLook {
  readonly outcome: Outcome | undefined;
}

/**
 * Carries out operations on a stack through the Pulumi Automation API. A failed program or resource is an `Outcome` with the result `failed`; what
 * rejects is a MainstayError: `conflict` where somebody else holds the stack, `user` where the engine cannot run at all.
 */
export interface Engine {
  readonly name: EngineName;
  /** Whether the stack has a state where states are kept. Makes none. */
  exists(work: StackWork): Promise<boolean>;
  /**
   * The commit that the stack was updated to last, as its state's history says: undefined where it has none, or where the last that happened to the
   * stack was not a whole update of ours.
   */
  appliedCommit(work: StackWork): Promise<string | undefined>;
  /**
   * Checks the types of the program of `work.folder`, in a process of its own within the limits, when no preview waits: every mistake, with absolute paths;
   * undefined where no tsconfig says what to check. Absent where the engine has no such step.
   */
  checkTypes?(work: StackWork): Promise<readonly TypeMistake[] | undefined>;
  /** What the stack gives out, as its state says: secrets are `[secret]`. Nothing where it has no state. */
  outputs(work: StackWork): Promise<Readonly<Record<string, unknown>>>;
  /** Says what an update would do. Takes no lock. */
  preview(work: StackWork): Promise<Outcome>;
  /**
   * The same, where stacks whose outputs it reads are to change too: `upstreams`, in the order of their updates, are previewed first, and it reads what they
   * propose; what only their update would tell is unknown. An upstream that fails fails it. Absent where the engine cannot do that: it reads what is
   * applied.
   */
  previewBehind?(work: StackWork, upstreams: readonly StackWork[]): Promise<Outcome>;
  /**
   * Says what the program of `before` would do once that of `work` had been applied. Writes nothing and takes no lock. An engine that cannot start
   * from a state which is not there yet does not have this.
   */
  previewRevert?(work: StackWork, before: StackWork): Promise<RevertPreview>;
  /**
   * Reads the real resources into a copy of the state, and asks the program of this checkout what it would put back. Writes neither state nor
   * resources and takes no lock. The program is not run where nothing is different from the state.
   */
  look(work: StackWork): Promise<StackLook>;
  /** Puts the resources of these URNs back as the program says, whatever became of them meanwhile, and touches no other. */
  correct(work: StackWork, targets: readonly string[]): Promise<Outcome>;
  /** Updates the stack. May be called again after it was interrupted, once `recover` has been. */
  update(work: StackWork): Promise<Outcome>;
  /** The names of the project's stacks that have a state where states are kept. */
  stackNames(work: StackWork): Promise<readonly string[]>;
  /** What `mark` wrote last; undefined where it never did, or there is no state. */
  markOf(work: StackWork): Promise<string | undefined>;
  /** Writes onto the state of the stack, made where there is none, what it is for: a text of at most 256 characters, a tag to Pulumi. */
  mark(work: StackWork, text: string): Promise<void>;
  /**
   * Deletes all resources of the stack and, where that came through, its state and history. May be called again after it was interrupted, once
   * `recover` has been. What is protected fails it; what came before that is deleted.
   */
  destroy(work: StackWork): Promise<Destruction>;
  /**
   * Clears what an interrupted update of ours left: ends its processes, cancels its lock (never somebody else's), and looks at operations that
   * were begun and not ended. Does nothing, quickly, where nothing was left. `assumeNotCreated` drops creates that are unclear. `clearLock` sees to the
   * lock now, rather than with the update that comes: it rejects with a conflict where somebody else holds it.
   */
  recover(
    work: StackWork,
    options?: { readonly assumeNotCreated?: boolean; readonly clearLock?: boolean },
  ): Promise<Recovery>;
}
