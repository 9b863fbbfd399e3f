import type { TypeCheck } from './type-check.ts';

/**
 * What somebody proposes: a branch that is not in the base branch.
 *
 * open → merged (its head is in the base branch) | closed (its branch is gone). A new push keeps it open; one that conflicts with
 * the base stays open with a `problem` until either side moves.
 */
export type ChangeState = 'open' | 'merged' | 'closed';

export interface Change {
  /** `<repository>/<name>`. */
  readonly id: string;
  readonly repository: string;
  readonly name: string;
  readonly state: ChangeState;
  readonly head: string;
  /** The base commit that it was last merged onto for a preview. */
  readonly base: string | undefined;
  /** The commit that was previewed: head merged into base. */
  readonly merge: string | undefined;
  /** Why it cannot be previewed: a conflict, an unreadable file. */
  readonly problem: string | undefined;
  /** The account that proposed it; undefined where that is not known, as in plain Git. */
  readonly author?: string;
  /** Whether it waits for a maintainer to allow this head: nothing of it runs meanwhile. */
  readonly held?: boolean;
  /** Whether somebody who may write pushed this head: its preview environments may be at it. */
  readonly allowed?: boolean;
  /** When this head was first seen. */
  readonly pushedAt?: Date;
  /** What the check of its programs' types came to, for the commit that was previewed. */
  readonly types?: TypeCheck;
  readonly updatedAt: Date;
}
