import { z } from 'zod';
import type { Notice } from '../core/webhook.ts';

const commit = z.string().regex(/^[0-9a-f]{40}$/);
const repository = z.object({ full_name: z.string() });

const pullRequest = z.object({
  action: z.string(),
  number: z.number().int().positive(),
  repository,
  pull_request: z.object({
    head: z.object({ sha: commit, ref: z.string().optional(), repo: repository.nullish() }),
    base: z.object({ ref: z.string() }),
  }),
});
const issueComment = z.object({
  action: z.string(),
  repository,
  issue: z.object({ number: z.number().int().positive(), pull_request: z.unknown().optional() }),
  comment: z.object({
    id: z.number().int().positive(),
    body: z.string().nullish(),
    user: z.object({ login: z.string() }).nullish(),
  }),
});
const push = z.object({ repository, ref: z.string(), after: commit });
const mergeGroup = z.object({
  action: z.string(),
  repository,
  merge_group: z.object({ head_sha: commit, base_sha: commit, head_ref: z.string() }),
});
const any = z.object({ repository: repository.optional() });

/** Actions that bring a new head, or bring a change back. Gitea says `synchronized`. */
const MOVES = new Set(['opened', 'reopened', 'synchronize', 'synchronized']);

type Parsed = Notice & { readonly repository?: string };

/** A delivery in the shape of GitHub's (https://docs.github.com/en/webhooks/webhook-events-and-payloads), which Gitea follows. */
export function parseHubPayload(event: string, payload: unknown): Parsed {
  switch (event) {
    case 'pull_request': {
      const { action, number, pull_request: pull, ...rest } = pullRequest.parse(payload);
      const from = { repository: rest.repository.full_name };
      if (!MOVES.has(action)) return { ...from, kind: 'look' };
      const { sha: head, ref, repo } = pull.head;
      const branch = repo?.full_name === from.repository ? ref : undefined;
      return { ...from, kind: 'change', change: String(number), head, base: pull.base.ref, branch };
    }
    case 'push': {
      const { ref, after: head, ...rest } = push.parse(payload);
      return { ...branchMoved(ref, head), repository: rest.repository.full_name };
    }
    case 'issue_comment':
      return commentIn(issueComment.parse(payload));
    case 'merge_group': {
      const { action, merge_group: group, ...rest } = mergeGroup.parse(payload);
      const from = { repository: rest.repository.full_name };
      if (action !== 'checks_requested') return { ...from, kind: 'look' };
      return {
        ...from,
        kind: 'queue',
        head: group.head_sha,
        base: group.base_sha,
        branch: group.head_ref.replace(/^refs\/heads\//, ''),
      };
    }
    case 'ping':
      return { kind: 'ignored', why: 'a ping', repository: any.parse(payload).repository?.full_name };
    default:
      return { kind: 'look', repository: any.parse(payload).repository?.full_name };
  }
}

/** A push of a tag, and of a branch that is gone, brings no head. */
export function branchMoved(ref: string, head: string): Notice {
  const [, branch] = /^refs\/heads\/(.+)$/.exec(ref) ?? [];
  return branch === undefined || /^0+$/.test(head) ? { kind: 'look' } : { kind: 'pushed', branch, head };
}

/** An edited comment is no new command, and a comment on an issue is none at all. */
function commentIn({ action, issue, comment, ...rest }: z.infer<typeof issueComment>): Parsed {
  const from = { repository: rest.repository.full_name };
  if (action !== 'created') return { ...from, kind: 'ignored', why: `a comment ${action}` };
  if (!issue.pull_request) return { ...from, kind: 'ignored', why: 'a comment on an issue' };
  if (!comment.user) return { ...from, kind: 'ignored', why: 'a comment of an account that is gone' };
  const { id, body, user } = comment;
  return {
    ...from,
    ...{ kind: 'comment', change: String(issue.number), comment: String(id), author: user.login, text: body ?? '' },
  };
}
