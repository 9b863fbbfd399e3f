import { z } from 'zod';
import type { WebhookDialect } from '../../core/webhook.ts';
import { branchMoved } from '../hub-payload.ts';
import { isSame } from '../signature.ts';

const commit = z.string().regex(/^[0-9a-f]{40}$/);
const project = z.object({ path_with_namespace: z.string() });
const mergeRequest = z.object({
  project,
  object_attributes: z.object({
    iid: z.number().int().positive(),
    action: z.string().optional(),
    /** Set where an update brought a new head. */
    oldrev: z.string().optional(),
    target_branch: z.string(),
    source_branch: z.string().optional(),
    source_project_id: z.number().nullish(),
    target_project_id: z.number().optional(),
    last_commit: z.object({ id: commit }),
  }),
});
const noteMade = z.object({
  project,
  user: z.object({ username: z.string() }),
  object_attributes: z.object({
    id: z.number().int().positive(),
    note: z.string(),
    noteable_type: z.string(),
    action: z.string().optional(),
  }),
  merge_request: z.object({ iid: z.number().int().positive() }).optional(),
});
const push = z.object({ project, ref: z.string(), after: commit });
const any = z.object({ project: project.optional() });

/** https://docs.gitlab.com/user/project/integrations/webhook_events. GitLab sends the secret itself: use TLS. */
export const gitlabWebhooks: WebhookDialect = {
  eventHeader: 'x-gitlab-event',
  verify: (headers, _body, secret) => isSame(secret, headers.get('x-gitlab-token')),
  parse: (event, payload) => {
    if (event === 'Merge Request Hook') {
      const { project, object_attributes: change } = mergeRequest.parse(payload);
      const from = { repository: project.path_with_namespace };
      const moved = change.action === 'open' || change.action === 'reopen' || change.oldrev !== undefined;
      if (!moved) return { ...from, kind: 'look' };
      const { iid, last_commit, target_branch: base } = change;
      const branch = change.source_project_id === change.target_project_id ? change.source_branch : undefined;
      return { ...from, kind: 'change', change: String(iid), head: last_commit.id, base, branch };
    }
    if (event === 'Push Hook') {
      const { project, ref, after } = push.parse(payload);
      return { ...branchMoved(ref, after), repository: project.path_with_namespace };
    }
    if (event === 'Note Hook') return noteIn(noteMade.parse(payload));
    return { kind: 'look', repository: any.parse(payload).project?.path_with_namespace };
  },
};

/** Before GitLab 16.11 a note had no action and hooks told of new ones only. */
function noteIn({
  project,
  user,
  object_attributes: note,
  merge_request,
}: z.infer<typeof noteMade>): ReturnType<WebhookDialect['parse']> {
  const from = { repository: project.path_with_namespace };
  if (note.noteable_type !== 'MergeRequest' || !merge_request)
    return { ...from, kind: 'ignored', why: 'a comment on something else' };
  if (note.action === 'update') return { ...from, kind: 'ignored', why: 'a comment that was edited' };
  return {
    ...from,
    ...{ kind: 'comment', change: String(merge_request.iid), comment: String(note.id) },
    ...{ author: user.username, text: note.note },
  };
}
