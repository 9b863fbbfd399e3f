import { z } from 'zod';
import { isMainstayError } from '../../../foundation/errors.ts';
import type { ChangeEnd, CommitStatus, Forge, OpenChange, Permission, Reaction } from '../../core/forge.ts';
import { createForge, type ForgeCalls, type Note } from '../create-forge.ts';
import { ForgeApi } from '../forge-api.ts';
import type { ForgePlace } from '../gitea/forge.ts';
import { onceAsked } from '../once-asked.ts';

const account = z.object({ username: z.string() }).nullish();
const mergeRequest = z.object({
  iid: z.number().int(),
  title: z.string(),
  state: z.string(),
  sha: z.string().nullable(),
  author: account,
  target_branch: z.string(),
  source_project_id: z.number().nullable(),
  target_project_id: z.number(),
});
const note = z.object({ id: z.number().int(), body: z.string(), author: account });
const issue = z.object({ iid: z.number().int(), description: z.string().nullish(), author: account });

const EMOJI: Readonly<Record<Reaction, string>> = { seen: 'eyes', done: 'thumbsup', refused: 'confused' };
const STATES: Readonly<Record<CommitStatus['state'], string>> = {
  pending: 'pending',
  success: 'success',
  failure: 'failed',
};
const PAGES = 'per_page=100';

/** GitLab, over its API (https://docs.gitlab.com/api/rest). Its pull requests are merge requests. */
export function createGitLabForge(place: ForgePlace): Forge {
  const api = new ForgeApi({
    ...place,
    name: 'GitLab',
    url: `${place.url}/api/v4`,
    headers: async () => ({ 'private-token': place.token }),
  });
  const project = `/projects/${encodeURIComponent(place.repository)}`;
  return createForge({
    name: 'GitLab',
    cloneUrl: `${place.url}/${place.repository}.git`,
    self: onceAsked(async () => (await api.get('/user', z.object({ username: z.string() }))).username),
    setStatus: (status) => setStatus(api, project, status),
    permissionOf: (login) => permissionOf(api, project, login),
    ...noteCalls(api, project),
    ...issueCalls(api, project),
    ...mergeRequestCalls(api, project, place.base),
  });
}

/** GitLab refuses a status that is what it was (400, `Cannot transition status`): that is what was asked for. */
async function setStatus(api: ForgeApi, project: string, status: CommitStatus): Promise<void> {
  const { commit, state, context, text, link } = status;
  const body = {
    ...{ state: STATES[state], name: context, description: text },
    ...(link === undefined ? {} : { target_url: link }),
  };
  try {
    await api.do('POST', `${project}/statuses/${commit}`, body);
  } catch (error) {
    if (!(isMainstayError(error, 'user') && /Cannot transition status/.test(error.message))) throw error;
  }
}

/** https://docs.gitlab.com/api/members: 10 guest, 20 reporter, 30 developer, 40 maintainer, 50 owner. Those of groups count. */
async function permissionOf(api: ForgeApi, project: string, login: string): Promise<Permission> {
  const users = await api.get(`/users?username=${encodeURIComponent(login)}`, z.array(z.object({ id: z.number() })));
  const [user] = users;
  if (!user) return 'none';
  const member = await api.find(`${project}/members/all/${user.id}`, z.object({ access_level: z.number() }));
  const level = member?.access_level ?? 0;
  if (level >= 40) return 'admin';
  return level >= 30 ? 'write' : level >= 10 ? 'read' : 'none';
}

function noteCalls(
  api: ForgeApi,
  project: string,
): Pick<ForgeCalls, 'comments' | 'addComment' | 'editComment' | 'react'> {
  const notes = (change: string) => `${project}/merge_requests/${change}/notes`;
  return {
    comments: async (change) => (await api.list(`${notes(change)}?${PAGES}`, z.array(note))).map(noteOf),
    addComment: async (change, text) => String((await api.send('POST', notes(change), { body: text }, note)).id),
    editComment: ({ change, id }, text) => api.do('PUT', `${notes(change)}/${id}`, { body: text }),
    react: async ({ change, id }, reaction) => {
      try {
        await api.do('POST', `${notes(change)}/${id}/award_emoji`, { name: EMOJI[reaction] });
      } catch (error) {
        // It is there already: GitLab says 404 with this text.
        if (!(isMainstayError(error, 'user') && /already been taken/.test(error.message))) throw error;
      }
    },
  };
}

function issueCalls(
  api: ForgeApi,
  project: string,
): Pick<ForgeCalls, 'openIssues' | 'addIssue' | 'editIssue' | 'commentIssue' | 'closeIssue'> {
  const place = `${project}/issues`;
  return {
    openIssues: async () =>
      (await api.list(`${place}?state=opened&scope=created_by_me&${PAGES}`, z.array(issue))).map(
        ({ iid, author, description }) => noteOf({ id: iid, author, body: description ?? '' }),
      ),
    addIssue: async ({ title, text }) =>
      String((await api.send('POST', place, { title, description: text }, issue)).iid),
    editIssue: (id, { title, text }) => api.do('PUT', `${place}/${id}`, { title, description: text }),
    commentIssue: (id, text) => api.do('POST', `${place}/${id}/notes`, { body: text }),
    closeIssue: (id) => api.do('PUT', `${place}/${id}`, { state_event: 'close' }),
  };
}

function mergeRequestCalls(
  api: ForgeApi,
  project: string,
  base: string,
): Pick<ForgeCalls, 'changes' | 'changeOf' | 'addChange' | 'merge' | 'endOf'> {
  const place = `${project}/merge_requests`;
  const open = `${place}?state=opened&target_branch=${encodeURIComponent(base)}`;
  return {
    // One that was just made has no head for a moment: the next look finds it.
    changes: async () =>
      (await api.list(`${open}&${PAGES}`, z.array(mergeRequest))).flatMap((each) =>
        each.sha === null ? [] : [openChangeOf({ ...each, sha: each.sha })],
      ),
    changeOf: async (branch) => {
      const found = await api.get(`${open}&source_branch=${encodeURIComponent(branch)}`, z.array(mergeRequest));
      const own = found.find((each) => each.source_project_id === each.target_project_id);
      return own && String(own.iid);
    },
    addChange: async ({ branch, title, text }) => {
      const body = { source_branch: branch, target_branch: base, title, description: text };
      return String((await api.send('POST', place, body, mergeRequest)).iid);
    },
    merge: (change, head) => api.do('PUT', `${place}/${change}/merge`, { sha: head }),
    endOf: async (change) => endNamed((await api.find(`${place}/${change}`, mergeRequest))?.state),
  };
}

/** `locked` is a merge request that is being merged. */
function endNamed(state: string | undefined): ChangeEnd {
  if (state === 'merged') return 'merged';
  return state === 'opened' || state === 'locked' ? 'open' : 'closed';
}

function openChangeOf(each: z.infer<typeof mergeRequest> & { readonly sha: string }): OpenChange {
  const { iid, title, author, sha, target_branch } = each;
  return {
    ...{ name: String(iid), title, author: author?.username ?? '', head: sha, base: target_branch },
    ref: `refs/merge-requests/${iid}/head`,
    fork: each.source_project_id !== each.target_project_id,
  };
}

function noteOf({ id, author, body }: z.infer<typeof note>): Note {
  return { id: String(id), author: author?.username ?? '', text: body };
}
