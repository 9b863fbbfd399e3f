/** The event of a comment, whoever tells of it: a delivery or a sweep. */
export function commentEventId(of: {
  readonly repository: string;
  readonly change: string;
  readonly comment: string;
}): string {
  return `${of.repository}/comment/${of.change}/${of.comment}`;
}
