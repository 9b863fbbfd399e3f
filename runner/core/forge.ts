import type { RunState } from './run.ts';

/** The state of a commit for one stack, or for all (`mainstay`). */
export interface CommitStatus {
  readonly commit: string;
  /** `mainstay/<stack>`, or `mainstay` for all. */
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

/**
 * Where a repository lives. Reading is by sweep: a notice (webhook, hook of a bare repository) only says *look now*, so a lost notice costs a
 * moment and a forged one nothing.
 */
export interface Forge {
  /** What people call it: `plain Git`, `Gitea`. */
  readonly name: string;
  /** Address for `git fetch`. */
  readonly cloneUrl: string;
  /** Calls `notice` whenever something may have changed. Returns a function that stops. */
  watch(notice: () => void): () => void;
  /** Sets the status of a commit; the last one of a context counts. */
  setStatus(status: CommitStatus): Promise<void>;
  /** Makes or replaces our one comment on a change. `commit` is the change's head. */
  putComment(comment: { readonly change: string; readonly commit: string; readonly text: string }): Promise<void>;
}

/** How a run's state shows on a commit. */
export function statusStateOf(state: RunState): CommitStatus['state'] {
  if (state === 'succeeded') return 'success';
  return state === 'failed' || state === 'cancelled' ? 'failure' : 'pending';
}
