/** What is previewed: a head on a base. */
export interface ChangeAt {
  readonly repository: string;
  readonly name: string;
  readonly head: string;
  readonly base: string;
  /** The account that proposed it. */
  readonly author?: string;
  /** Set where no push asked for it: a newer head that has come meanwhile keeps its place. */
  readonly sameHead?: true;
  /** Set for the commit of a merge queue: it gets a status, and has no pull request to comment on. */
  readonly queue?: true;
}

export function changeId({ repository, name }: Pick<ChangeAt, 'repository' | 'name'>): string {
  return `${repository}/${name}`;
}
