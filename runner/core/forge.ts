import type { RunState } from './run.ts';

/** The state of a commit for one stack, or for all (`mainstay`). */
export interface CommitStatus {
  readonly commit: string;
  /** `mainstay/<stack>`, `mainstay` for all of a change, `mainstay/rollout` for what became of a merged commit. */
  readonly context: string;
  readonly state: 'pending' | 'success' | 'failure';
  readonly text: string;
  readonly link: string | undefined;
}

/** A branch of the forge and its head. */
export interface Head {
  readonly branch: string;
  readonly commit: string;
}

/** A pull request that is open. */
export interface OpenChange {
  /** Its number. */
  readonly name: string;
  readonly title: string;
  /** The account that proposed it. */
  readonly author: string;
  readonly head: string;
  /** The branch that it would be merged into. */
  readonly base: string;
  /** The ref of the repository itself that has the head, that of a fork included: `refs/pull/12/head`. */
  readonly ref: string;
  /** Whether the head lives in another repository. */
  readonly fork: boolean;
}

/** What an account may do with a repository. `write` is enough for commands. */
export type Permission = 'none' | 'read' | 'write' | 'admin';

/** What became of a change. */
export type ChangeEnd = 'open' | 'merged' | 'closed';

export type Reaction = 'seen' | 'done' | 'refused';

/** What somebody wrote on a change. */
export interface ChangeComment {
  readonly change: string;
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly at: Date;
}

export interface NewChange {
  /** A branch that is pushed already. */
  readonly branch: string;
  readonly title: string;
  /** Markdown. */
  readonly text: string;
}

/** One issue per key: made, or edited in place. */
export interface PutIssue {
  readonly key: string;
  readonly title: string;
  /** Markdown. */
  readonly text: string;
}

/** Our comment on a change. */
export interface PutComment {
  readonly change: string;
  /** The change's head. */
  readonly commit: string;
  /** Markdown. Holds the marker. */
  readonly text: string;
  /** The hidden text by which it is found again. Default: that of the report. */
  readonly marker?: string;
}

/**
 * Where a repository lives. Reading is by sweep: a notice (webhook, hook of a bare repository) only says *look now*, so a lost notice costs a
 * moment and a forged one nothing.
 *
 * Every call may be repeated. Each rejects with a transient error where the forge is down, slow or asks to wait longer than we do, and with a user error
 * that says what to do where it refuses: a token that is wrong (401), lacks a right (403), or a repository that is not there (404).
 */
export interface Forge {
  /** What people call it: `plain Git`, `Gitea`. */
  readonly name: string;
  /** Address for `git fetch`, without credentials. */
  readonly cloneUrl: string;
  /** Whether changes are pull requests; else every branch is one. Pull requests have `proposals`. */
  readonly proposals: Proposals | undefined;
  /** Calls `notice` whenever something may have changed. Returns a function that stops. */
  watch(notice: () => void): () => void;
  /** Sets the status of a commit; the last one of a context counts. */
  setStatus(status: CommitStatus): Promise<void>;
  /** Makes our comment on a change, or edits it where it is. */
  putComment(comment: PutComment): Promise<void>;
  /** Proposes a branch: the one open change of that branch, made at first. Returns its name. */
  openChange(change: NewChange): Promise<string>;
  /** Merges an open change where its head still is `head`. Rejects with a conflict where it moved or the forge does not let us. */
  mergeChange(change: string, head: string): Promise<void>;
  /** Puts the one open issue of a key; returns its name. Left out where there are no issues. */
  putIssue?(issue: PutIssue): Promise<string>;
  /** Says `text` on an issue and closes it. */
  closeIssue?(issue: string, text: string): Promise<void>;
}

/** What a forge with pull requests has. */
export interface Proposals {
  /** All that are open. */
  list(): Promise<readonly OpenChange[]>;
  endOf(change: string): Promise<ChangeEnd>;
  /** Names of the changes whose merge, squash or rebase put this commit of the base branch there. Empty where the forge knows of none, or not yet. */
  mergedBy(commit: string): Promise<readonly string[]>;
  /** `none` for an account that is not there. */
  permissionOf(account: string): Promise<Permission>;
  /**
   * Comments of others on changes that were written since then, oldest first: those of issues are left out, those of changes that are closed are not. A
   * few more that are older do no harm.
   */
  commentsSince(since: Date): Promise<readonly ChangeComment[]>;
  /** Answers a comment with an emoji. */
  react(comment: { readonly change: string; readonly id: string }, reaction: Reaction): Promise<void>;
}

/** How a run's state shows on a commit. */
export function statusStateOf(state: RunState): CommitStatus['state'] {
  if (state === 'succeeded') return 'success';
  return state === 'failed' || state === 'cancelled' ? 'failure' : 'pending';
}
