import { z } from 'zod';
import type { ChangeEnd, CommitStatus, OpenChange, Permission, Reaction } from '../core/forge.ts';
import type { ForgeCalls, Note } from './create-forge.ts';
import type { ForgeApi } from './forge-api.ts';

/** An account; the one of somebody who is gone is null at GitHub. */
const account = z.object({ login: z.string() }).nullish();
const side = z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.number() }).nullish() });

const pull = z.object({
  number: z.number().int(),
  title: z.string(),
  state: z.string(),
  merged: z.boolean().nullish(),
  merged_at: z.string().nullish(),
  user: account,
  head: side,
  base: side,
});
const note = z.object({ id: z.number().int(), body: z.string().nullish(), user: account });
const issue = z.object({
  number: z.number().int(),
  body: z.string().nullish(),
  user: account,
  pull_request: z.unknown().optional(),
});
const permission = z.object({ permission: z.string() });

/** The emoji that both have (https://docs.github.com/en/rest/reactions). */
const EMOJI: Readonly<Record<Reaction, string>> = { seen: 'eyes', done: '+1', refused: 'confused' };

/** Where GitHub's API and Gitea's, which follows it, differ. */
export interface HubDialect {
  readonly name: string;
  readonly cloneUrl: string;
  readonly api: ForgeApi;
  /** `/repos/<owner>/<name>`. */
  readonly repository: string;
  readonly base: string;
  /** Query of a list that asks for long pages: `per_page=100`. */
  readonly pages: string;
  self(): Promise<string>;
  merge(change: string, head: string): Promise<void>;
}

/** The calls of an API in the shape of GitHub's (https://docs.github.com/en/rest). */
export function createHubCalls(dialect: HubDialect): ForgeCalls {
  const { api, repository, base, pages } = dialect;
  const pulls = () => api.list(`${repository}/pulls?state=open&${pages}`, z.array(pull));
  return {
    name: dialect.name,
    cloneUrl: dialect.cloneUrl,
    self: () => dialect.self(),
    merge: (change, head) => dialect.merge(change, head),
    ...commentCalls(dialect),
    ...issueCalls(dialect),
    setStatus: ({ commit, state, text, context, link }: CommitStatus) =>
      api.do('POST', `${repository}/statuses/${commit}`, {
        ...{ state, context, description: text },
        ...(link === undefined ? {} : { target_url: link }),
      }),
    changes: async () => (await pulls()).filter((each) => each.base.ref === base).map(openChangeOf),
    changeOf: async (branch) => {
      const found = (await pulls()).find((each) => each.base.ref === base && each.head.ref === branch && !isFork(each));
      return found && String(found.number);
    },
    addChange: async ({ branch, title, text }) => {
      const made = await api.send('POST', `${repository}/pulls`, { title, body: text, head: branch, base }, pull);
      return String(made.number);
    },
    endOf: async (change) => endOfPull(await api.find(`${repository}/pulls/${change}`, pull)),
    permissionOf: async (login) => {
      const path = `${repository}/collaborators/${encodeURIComponent(login)}/permission`;
      return permissionNamed((await api.find(path, permission))?.permission);
    },
    react: ({ id }, reaction) =>
      api.do('POST', `${repository}/issues/comments/${id}/reactions`, { content: EMOJI[reaction] }),
  };
}

function commentCalls({
  api,
  repository,
  pages,
}: HubDialect): Pick<ForgeCalls, 'comments' | 'addComment' | 'editComment'> {
  return {
    comments: async (change) =>
      (await api.list(`${repository}/issues/${change}/comments?${pages}`, z.array(note))).map(noteOf),
    addComment: async (change, text) =>
      String((await api.send('POST', `${repository}/issues/${change}/comments`, { body: text }, note)).id),
    editComment: ({ id }, text) => api.do('PATCH', `${repository}/issues/comments/${id}`, { body: text }),
  };
}

function issueCalls({
  api,
  repository,
  pages,
}: HubDialect): Pick<ForgeCalls, 'openIssues' | 'addIssue' | 'editIssue' | 'commentIssue' | 'closeIssue'> {
  const place = `${repository}/issues`;
  return {
    openIssues: async () =>
      (await api.list(`${place}?state=open&type=issues&${pages}`, z.array(issue)))
        .filter(({ pull_request }) => pull_request === undefined || pull_request === null)
        .map((each) => noteOf({ ...each, id: each.number })),
    addIssue: async ({ title, text }) => String((await api.send('POST', place, { title, body: text }, issue)).number),
    editIssue: (id, { title, text }) => api.do('PATCH', `${place}/${id}`, { title, body: text }),
    commentIssue: (id, text) => api.do('POST', `${place}/${id}/comments`, { body: text }),
    closeIssue: (id) => api.do('PATCH', `${place}/${id}`, { state: 'closed' }),
  };
}

type Pull = z.infer<typeof pull>;

/** A fork that was deleted has no repository any more. */
function isFork({ head, base }: Pull): boolean {
  return !head.repo || head.repo.id !== base.repo?.id;
}

function openChangeOf(each: Pull): OpenChange {
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

function endOfPull(found: Pull | undefined): ChangeEnd {
  if (found?.merged || found?.merged_at) return 'merged';
  return found?.state === 'open' ? 'open' : 'closed';
}

function noteOf({ id, user, body }: z.infer<typeof note>): Note {
  return { id: String(id), author: user?.login ?? '', text: body ?? '' };
}

function permissionNamed(name: string | undefined): Permission {
  if (name === 'owner' || name === 'admin') return 'admin';
  if (name === 'write' || name === 'maintain') return 'write';
  return name === 'read' || name === 'triage' ? 'read' : 'none';
}
