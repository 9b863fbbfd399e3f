import { z } from 'zod';
import type { ChangeComment, ChangeEnd, OpenChange, Permission, Reaction } from '../core/forge.ts';
import type { Note } from './create-forge.ts';

/** What we read of the answers of GitHub (https://docs.github.com/en/rest) and of Gitea, whose API follows it. */

/** An account; the one of somebody who is gone is null at GitHub. */
const account = z.object({ login: z.string() }).nullish();
const side = z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.number() }).nullish() });

export const pull = z.object({
  number: z.number().int(),
  title: z.string(),
  state: z.string(),
  merged: z.boolean().nullish(),
  merged_at: z.string().nullish(),
  user: account,
  head: side,
  base: side,
});
export const note = z.object({ id: z.number().int(), body: z.string().nullish(), user: account });
export const datedNote = note.extend({ html_url: z.string(), created_at: z.string() });
export const issue = z.object({
  number: z.number().int(),
  body: z.string().nullish(),
  user: account,
  pull_request: z.unknown().optional(),
});
export const permission = z.object({ permission: z.string() });
export const login = z.object({ login: z.string() });

type Pull = z.infer<typeof pull>;

/** The emoji that both have (https://docs.github.com/en/rest/reactions). */
export const HUB_EMOJI = { seen: 'eyes', done: '+1', refused: 'confused' } as const satisfies Readonly<
  Record<Reaction, string>
>;

/** A fork that was deleted has no repository any more. */
export function isFork({ head, base }: Pull): boolean {
  return !head.repo || head.repo.id !== base.repo?.id;
}

export function openChangeOf(each: Pull): OpenChange {
  const { number, title, user, head, base } = each;
  const ref = `refs/pull/${number}/head`;
  return {
    name: String(number),
    title,
    author: user?.login ?? '',
    head: head.sha,
    base: base.ref,
    ref,
    fork: isFork(each),
  };
}

export function endOfPull({ merged, merged_at, state }: Pull): ChangeEnd {
  if (merged || merged_at) return 'merged';
  return state === 'open' ? 'open' : 'closed';
}

export function noteOf({ id, user, body }: z.infer<typeof note>): Note {
  return { id: String(id), author: user?.login ?? '', text: body ?? '' };
}

/** Comments of the whole repository; the address of a page says whether one is on a pull request. */
export function changeComments(notes: readonly z.infer<typeof datedNote>[]): readonly ChangeComment[] {
  return notes.flatMap((each) => {
    const change = /\/pulls?\/(\d+)(#|$)/.exec(each.html_url)?.[1];
    return change === undefined ? [] : [{ ...noteOf(each), change, at: new Date(each.created_at) }];
  });
}

export type MergeStyle = 'merge' | 'squash' | 'rebase';

/**
 * How the repository lets changes be merged: a merge commit where it may be, as it keeps the commit that was reviewed. Who may not see the rules gets
 * the first, and is told by the forge where that is not allowed.
 */
export function mergeStyleOf(rules: Readonly<Record<MergeStyle, boolean | null | undefined>>): MergeStyle {
  const styles = ['merge', 'squash', 'rebase'] as const;
  return styles.find((style) => rules[style] !== false) ?? 'merge';
}

/** Both list pull requests among the issues. */
export function issueNotes(issues: readonly z.infer<typeof issue>[]): readonly Note[] {
  return issues
    .filter(({ pull_request }) => pull_request === undefined || pull_request === null)
    .map((each) => noteOf({ ...each, id: each.number }));
}

export function permissionNamed(name: string | undefined): Permission {
  if (name === 'owner' || name === 'admin') return 'admin';
  if (name === 'write' || name === 'maintain') return 'write';
  return name === 'read' || name === 'triage' ? 'read' : 'none';
}
