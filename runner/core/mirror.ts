import type { Head } from './forge.ts';
import type { SourceTree } from './source-tree.ts';

/** What came of merging a head into a base. */
export type Merge =
  | { readonly kind: 'merged'; readonly commit: string }
  | { readonly kind: 'conflict'; readonly files: readonly string[] };

/** A commit of a history. */
export interface HistoryEntry {
  readonly commit: string;
  /** The first one; undefined for the first commit of a repository. */
  readonly parent: string | undefined;
  readonly subject: string;
  readonly body: string;
  /** Name and address of who wrote it. */
  readonly authors: readonly string[];
}

/** What came of taking commits back. */
export type Revert =
  | { readonly kind: 'reverted'; readonly commit: string }
  | { readonly kind: 'conflict'; readonly commit: string; readonly files: readonly string[] }
  /** They were taken back already. */
  | { readonly kind: 'nothing' };

/** A commit to be made. */
export interface WrittenCommit {
  readonly parent: string;
  /** Whole texts by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly message: string;
}

/** A repository as we have it on this machine. Rejects with a transient error where its origin cannot be reached. */
export interface Mirror {
  /** Fetches all branches and lists their heads. */
  fetch(): Promise<readonly Head[]>;
  /** Fetches the head of a change that is in none of the branches: `refs/pull/12/head`. Rejects with a conflict where it is not `commit` any more. */
  fetchChange(change: { readonly ref: string; readonly commit: string }): Promise<void>;
  tree(commit: string): Promise<SourceTree>;
  /**
   * The commit that merging `head` into `base` makes: `head` itself where base is in it. The same two always make the same
   * commit. Touches no branch.
   */
  merge(base: string, head: string): Promise<Merge>;
  /** Whether merging `head` into `onto` would change anything: a conflict would. False for what was squashed or rebased onto it. */
  brings(onto: string, head: string): Promise<boolean>;
  /** Whether `commit` is in the history of `of`. A commit is in its own. */
  contains(of: string, commit: string): Promise<boolean>;
  /** Subject line and author of a commit. */
  describe(commit: string): Promise<{ readonly subject: string; readonly author: string; readonly at: Date }>;
  /** The whole hash of a commit that is named by at least four letters of it; undefined where there is none, or several. */
  resolve(hash: string): Promise<string | undefined>;
  /** The commits in `to` that are not in `from`, newest first: those of the first line, or `all`. Without `from` just `to`. */
  history(range: {
    readonly from: string | undefined;
    readonly to: string;
    readonly all: boolean;
  }): Promise<readonly HistoryEntry[]>;
  /** One commit on top of `onto` that takes `commits` back, given newest first. The same always makes the same commit. Touches no branch. */
  revert(options: {
    readonly onto: string;
    readonly commits: readonly HistoryEntry[];
    readonly message: string;
  }): Promise<Revert>;
  /** A commit with other texts of some files. The same always makes the same commit. Touches no branch. */
  write(commit: WrittenCommit): Promise<string>;
  /** Makes `commit` the head of a branch of the origin. Rejects with a conflict error where the branch has moved meanwhile. */
  push(branch: string, commit: string): Promise<void>;
  /** Checks `commit` out at `folder`, ready to run the program at `program`: its dependencies are linked. What was there before is replaced. */
  checkout(commit: string, place: { readonly folder: string; readonly program: string }): Promise<Checkout>;
}

export interface Checkout {
  readonly folder: string;
  /** How the dependencies came: `linked`, `installed`, or `none` where there is no lock file. */
  readonly dependencies: 'linked' | 'installed' | 'none';
  remove(): Promise<void>;
}
