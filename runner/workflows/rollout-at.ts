import type { Rollout } from '../core/rollout.ts';

/** A commit of a base branch on its way. */
export interface RolloutAt {
  readonly repository: string;
  readonly commit: string;
  /** Set where the branch came back to a commit that was rolled out before: which head of the branch it is. */
  readonly turn?: number;
  /** Which head of the branch it is: whoever has the larger one is newer. */
  readonly position?: number;
}

/** Also the id of its workflow: a commit is rolled out once, each time that the branch comes to it. */
export function rolloutId({ repository, commit, turn }: RolloutAt): string {
  return `${repository}@${commit.slice(0, 12)}${turn === undefined ? '' : `.${turn}`}`;
}

/** Of a rollout that is there. */
export function rolloutAtOf({ id, repository, commit }: Pick<Rollout, 'id' | 'repository' | 'commit'>): RolloutAt {
  const turn = /\.(\d+)$/.exec(id.slice(rolloutId({ repository, commit }).length))?.[1];
  return { repository, commit, ...(turn === undefined ? {} : { turn: Number(turn) }) };
}
