/** Something that happened in a repository, whichever forge or poll told of it. */
export type RepositoryEvent = BaseMoved | ChangePushed | ChangeRemoved | CommentMade | QueueEntered | LookWanted;

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
  /** The account that proposed it, where the forge has accounts. */
  readonly author?: string;
  /** Why nothing of it may run before a maintainer allows this head: it is a stranger's. */
  readonly held?: string;
}

/** The branch was deleted or the pull request closed. */
export interface ChangeRemoved extends EventOrigin {
  readonly kind: 'change-removed';
  readonly change: string;
  /** `merged` where the forge says so: by a squash its head is not in the base branch. Default: closed. */
  readonly end?: 'merged' | 'closed';
}

/** A delivery that says only that something may have changed. It is stored so that the same one is counted once. */
export interface LookWanted extends EventOrigin {
  readonly kind: 'look-wanted';
}

/** Somebody wrote a comment on a change. */
export interface CommentMade extends EventOrigin {
  readonly kind: 'comment-made';
  readonly change: string;
  /** The forge's id of the comment. */
  readonly comment: string;
  readonly author: string;
  readonly text: string;
  /** When it was written, as ISO 8601, where nobody told us then: a sweep found it. What it was about may be another thing now. */
  readonly at?: string;
}

/** A merge queue asks about the commit that it would make the head of the base branch. */
export interface QueueEntered extends EventOrigin {
  readonly kind: 'queue-entered';
  readonly head: string;
  readonly base: string;
  /** The queue's own branch. */
  readonly branch: string;
}
