/** Something that happened in a repository, whichever forge or poll told of it. */
export type RepositoryEvent = BaseMoved | ChangePushed | ChangeRemoved;

interface EventOrigin {
  /** Unique and the same for a delivery that is repeated: it is handled once. */
  readonly id: string;
  readonly repository: string;
}

/** The base branch has a new head. */
export interface BaseMoved extends EventOrigin {
  readonly kind: 'base-moved';
  readonly head: string;
}

/** A change (a branch, a pull request) is new or has a new head. */
export interface ChangePushed extends EventOrigin {
  readonly kind: 'change-pushed';
  /** Its name in the forge: the branch, or the pull request's number. */
  readonly change: string;
  readonly head: string;
  /** The head of the base branch at that time. */
  readonly base: string;
}

/** The branch was deleted or the pull request closed. */
export interface ChangeRemoved extends EventOrigin {
  readonly kind: 'change-removed';
  readonly change: string;
}
