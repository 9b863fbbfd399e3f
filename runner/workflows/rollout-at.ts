/** A commit of a base branch on its way. */
export interface RolloutAt {
  readonly repository: string;
  readonly commit: string;
}

/** Also the id of its workflow: a commit is rolled out once. */
export function rolloutId({ repository, commit }: RolloutAt): string {
  return `${repository}@${commit.slice(0, 12)}`;
}
