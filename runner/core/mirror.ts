import type { Head } from './forge.ts';
import type { SourceTree } from './source-tree.ts';

/** What came of merging a head into a base. */
export type Merge =
  | { readonly kind: 'merged'; readonly commit: string }
  | { readonly kind: 'conflict'; readonly files: readonly string[] };

/** A repository as we have it on this machine. Rejects with a transient error where its origin cannot be reached. */
export interface Mirror {
  /** Fetches all branches and lists their heads. */
  fetch(): Promise<readonly Head[]>;
  tree(commit: string): Promise<SourceTree>;
  /**
   * The commit that merging `head` into `base` makes: `head` itself where base is in it. The same two always make the same
   * commit. Touches no branch.
   */
  merge(base: string, head: string): Promise<Merge>;
  /** Whether `commit` is in the history of `of`. A commit is in its own. */
  contains(of: string, commit: string): Promise<boolean>;
  /** Subject line and author of a commit. */
  describe(commit: string): Promise<{ readonly subject: string; readonly author: string; readonly at: Date }>;
  /** Checks `commit` out at `folder`, ready to run the program at `program`: its dependencies are linked. What was there before is replaced. */
  checkout(commit: string, place: { readonly folder: string; readonly program: string }): Promise<Checkout>;
}

export interface Checkout {
  readonly folder: string;
  /** How the dependencies came: `linked`, `installed`, or `none` where there is no lock file. */
  readonly dependencies: 'linked' | 'installed' | 'none';
  remove(): Promise<void>;
}
