import type { CommitStatus } from '../../core/forge.ts';
import type { ForgeCalls } from '../create-forge.ts';
import {
  changeComments,
  datedNote,
  endOfPull,
  HUB_EMOJI,
  isFork,
  issue,
  issueNotes,
  note,
  noteOf,
  openChangeOf,
  permission,
  permissionNamed,
  pull,
} from '../hub-shapes.ts';
import type { GiteaApi } from './gitea-api.ts';

/** Asks for the longest pages. */
const PAGES = 'limit=50';

export interface GiteaRepository {
  readonly api: GiteaApi;
  /** `/repos/<owner>/<name>`. */
  readonly place: string;
  readonly base: string;
}

/** Gitea's calls (https://docs.gitea.com/api) but for those of its own ways. */
export function createGiteaCalls(
  repository: GiteaRepository,
): Omit<ForgeCalls, 'name' | 'cloneUrl' | 'self' | 'merge' | 'mergedBy'> {
  const { api, place, base } = repository;
  const pulls = async () =>
    (await api.list(`${place}/pulls?state=open&${PAGES}`, pull)).filter((each) => each.base.ref === base);
  return {
    ...commentCalls(repository),
    ...issueCalls(repository),
    setStatus: ({ commit, state, text, context, link }: CommitStatus) =>
      api.do('POST', `${place}/statuses/${commit}`, {
        ...{ state, context, description: text },
        ...(link === undefined ? {} : { target_url: link }),
      }),
    changes: async () => (await pulls()).map(openChangeOf),
    changeOf: async (branch) => {
      const found = (await pulls()).find((each) => each.head.ref === branch && !isFork(each));
      return found && String(found.number);
    },
    addChange: async ({ branch, title, text }) => {
      const made = await api.send('POST', `${place}/pulls`, { title, body: text, head: branch, base }, pull);
      return String(made.number);
    },
    ended: async (change) => {
      const found = await api.find(`${place}/pulls/${change}`, pull);
      return found && { end: endOfPull(found), head: found.head.sha };
    },
    permissionOf: async (account) => {
      const path = `${place}/collaborators/${encodeURIComponent(account)}/permission`;
      return permissionNamed((await api.find(path, permission))?.permission);
    },
    react: ({ id }, reaction) =>
      api.do('POST', `${place}/issues/comments/${id}/reactions`, { content: HUB_EMOJI[reaction] }),
  };
}

function commentCalls({
  api,
  place,
}: GiteaRepository): Pick<ForgeCalls, 'comments' | 'commentsSince' | 'addComment' | 'editComment'> {
  return {
    comments: async (change) => (await api.list(`${place}/issues/${change}/comments?${PAGES}`, note)).map(noteOf),
    commentsSince: async (since) =>
      changeComments(
        await api.list(`${place}/issues/comments?since=${encodeURIComponent(since.toISOString())}&${PAGES}`, datedNote),
      ),
    addComment: async (change, text) =>
      String((await api.send('POST', `${place}/issues/${change}/comments`, { body: text }, note)).id),
    editComment: ({ id }, text) => api.do('PATCH', `${place}/issues/comments/${id}`, { body: text }),
  };
}

function issueCalls({
  api,
  place,
}: GiteaRepository): Pick<
  ForgeCalls,
  'openIssues' | 'addIssue' | 'editIssue' | 'issueComments' | 'commentIssue' | 'closeIssue'
> {
  const issues = `${place}/issues`;
  return {
    openIssues: async () => issueNotes(await api.list(`${issues}?state=open&type=issues&${PAGES}`, issue)),
    addIssue: async ({ title, text }) => String((await api.send('POST', issues, { title, body: text }, issue)).number),
    editIssue: (id, { title, text }) => api.do('PATCH', `${issues}/${id}`, { title, body: text }),
    issueComments: async (id) => (await api.list(`${issues}/${id}/comments?${PAGES}`, note)).map(noteOf),
    commentIssue: (id, text) => api.do('POST', `${issues}/${id}/comments`, { body: text }),
    closeIssue: (id) => api.do('PATCH', `${issues}/${id}`, { state: 'closed' }),
  };
}
