import { z } from 'zod';
import type {
  ChangeComment,
  ChangeEnd,
  CommitStatus,
  Forge,
  OpenChange,
  Permission,
  Reaction,
} from '../../core/forge.ts';
import { createForge, type ForgeCalls, type Note } from '../create-forge.ts';
import { expectShape } from '../expect-shape.ts';
import { ForgeRefusal, type ForgeServer, unlessMissing } from '../forge-fetch.ts';
import type { ForgePlace } from '../gitea/forge.ts';
import { onceAsked } from '../once-asked.ts';
import { createGitLabClient, type GitLabClient } from './gitlab-client.ts';

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
const noteEvent = z.object({
  author: account,
  created_at: z.string(),
  note: z
    .object({
      id: z.number().int(),
      body: z.string(),
      noteable_type: z.string().nullish(),
      noteable_iid: z.number().int().nullish(),
      system: z.boolean().nullish(),
    })
    .nullish(),
});
const issue = z.object({ iid: z.number().int(), description: z.string().nullish(), author: account });

const EMOJI: Readonly<Record<Reaction, string>> = { seen: 'eyes', done: 'thumbsup', refused: 'confused' };
const STATES = { pending: 'pending', success: 'success', failure: 'failed' } as const satisfies Readonly<
  Record<CommitStatus['state'], string>
>;
const PAGES = { perPage: 100 };
const DAY_MS = 24 * 3_600_000;

interface GitLabProject {
  readonly client: GitLabClient;
  readonly server: ForgeServer;
  /** `group/name`. */
  readonly project: string;
  readonly base: string;
}

/** GitLab, over its API (https://docs.gitlab.com/api/rest) by Gitbeaker. Its pull requests are merge requests. */
export function createGitLabForge(place: ForgePlace): Forge {
  const { base, token, repository: project, url: host } = place;
  const server = { ...place, name: 'GitLab', url: `${host}/api/v4` };
  const client = createGitLabClient(server, { host, token });
  const there = { client, server, project, base };
  return createForge({
    name: 'GitLab',
    cloneUrl: `${host}/${project}.git`,
    self: onceAsked(async () => {
      const value = await client.users.showCurrentUser();
      return expectShape(server, { what: 'user', schema: z.object({ username: z.string() }), value }).username;
    }),
    setStatus: (status) => setStatus(there, status),
    permissionOf: (login) => permissionOf(there, login),
    ...noteCalls(there),
    ...issueCalls(there),
    ...mergeRequestCalls(there),
  });
}

/** GitLab refuses a status that is what it was (400, `Cannot transition status`): that is what was asked for. */
async function setStatus({ client, project }: GitLabProject, status: CommitStatus): Promise<void> {
  const { commit, state, context: name, text: description, link } = status;
  const options = { name, description, ...(link === undefined ? {} : { targetUrl: link }) };
  try {
    await client.commits.editStatus(project, commit, STATES[state], options);
  } catch (error) {
    if (!(error instanceof ForgeRefusal && /Cannot transition status/.test(error.message))) throw error;
  }
}

/** https://docs.gitlab.com/api/members: 10 guest, 20 reporter, 30 developer, 40 maintainer, 50 owner. Those of groups count. */
async function permissionOf({ client, server, project }: GitLabProject, username: string): Promise<Permission> {
  const schema = z.array(z.object({ id: z.number() }));
  const [user] = expectShape(server, { what: 'users', schema, value: await client.users.all({ username }) });
  if (!user) return 'none';
  const value = await unlessMissing(client.members.show(project, user.id, { includeInherited: true }));
  if (value === undefined) return 'none';
  const level = expectShape(server, {
    what: 'member',
    schema: z.object({ access_level: z.number() }),
    value,
  }).access_level;
  if (level >= 40) return 'admin';
  return level >= 30 ? 'write' : level >= 10 ? 'read' : 'none';
}

function noteCalls({
  client,
  server,
  project,
}: GitLabProject): Pick<ForgeCalls, 'comments' | 'commentsSince' | 'addComment' | 'editComment' | 'react'> {
  const { events, noteEmojis, notes } = client;
  return {
    comments: async (change) => {
      const value = await notes.all(project, Number(change), PAGES);
      return expectShape(server, { what: 'notes', schema: z.array(note), value }).map(noteOf);
    },
    commentsSince: async (since) => {
      // `after` is a day that is left out itself.
      const after = new Date(since.getTime() - DAY_MS).toISOString().slice(0, 10);
      const asked = { projectId: project, action: 'commented', targetType: 'note', after, ...PAGES } as const;
      const value = await events.all(asked);
      return expectShape(server, { what: 'events', schema: z.array(noteEvent), value }).flatMap(commentOf);
    },
    addComment: async (change, text) => {
      const value = await notes.create(project, Number(change), text);
      return String(expectShape(server, { what: 'notes', schema: note, value }).id);
    },
    editComment: async ({ change, id }, body) => {
      await notes.edit(project, Number(change), Number(id), { body });
    },
    react: async ({ change, id }, reaction) => {
      try {
        await noteEmojis.award(project, Number(change), Number(id), EMOJI[reaction]);
      } catch (error) {
        // It is there already: GitLab says 404 with this text.
        if (!(error instanceof ForgeRefusal && /already been taken/.test(error.message))) throw error;
      }
    },
  };
}

function issueCalls({
  client,
  server,
  project,
}: GitLabProject): Pick<
  ForgeCalls,
  'openIssues' | 'addIssue' | 'editIssue' | 'issueComments' | 'commentIssue' | 'closeIssue'
> {
  const { issueNotes, issues } = client;
  return {
    openIssues: async () => {
      const mine = { projectId: project, state: 'opened', scope: 'created_by_me', ...PAGES } as const;
      return expectShape(server, { what: 'issues', schema: z.array(issue), value: await issues.all(mine) }).map(
        ({ iid, author, description }) => noteOf({ id: iid, author, body: description ?? '' }),
      );
    },
    addIssue: async ({ title, text: description }) => {
      const value = await issues.create(project, title, { description });
      return String(expectShape(server, { what: 'issues', schema: issue, value }).iid);
    },
    editIssue: async (id, { title, text: description }) => {
      await issues.edit(project, Number(id), { title, description });
    },
    issueComments: async (id) => {
      const value = await issueNotes.all(project, Number(id), PAGES);
      return expectShape(server, { what: 'notes', schema: z.array(note), value }).map(noteOf);
    },
    commentIssue: async (id, text) => {
      await issueNotes.create(project, Number(id), text);
    },
    closeIssue: async (id) => {
      await issues.edit(project, Number(id), { stateEvent: 'close' });
    },
  };
}

function mergeRequestCalls({
  client,
  server,
  project,
  base,
}: GitLabProject): Pick<ForgeCalls, 'changes' | 'changeOf' | 'addChange' | 'merge' | 'ended' | 'mergedBy'> {
  const { commits, requests } = client;
  const open = { projectId: project, state: 'opened', targetBranch: base } as const;
  const listed = (value: unknown) =>
    expectShape(server, { what: 'merge requests', schema: z.array(mergeRequest), value });
  return {
    // One that was just made has no head for a moment: the next look finds it.
    changes: async () =>
      listed(await requests.all({ ...open, ...PAGES })).flatMap((each) =>
        each.sha === null ? [] : [openChangeOf({ ...each, sha: each.sha })],
      ),
    changeOf: async (branch) => {
      const found = listed(await requests.all({ ...open, sourceBranch: branch }));
      const own = found.find((each) => each.source_project_id === each.target_project_id);
      return own && String(own.iid);
    },
    addChange: async ({ branch, title, text: description }) => {
      const value = await requests.create(project, branch, base, title, { description });
      return String(expectShape(server, { what: 'merge requests', schema: mergeRequest, value }).iid);
    },
    merge: async (change, sha) => {
      await requests.merge(project, Number(change), { sha });
    },
    ended: async (change) => {
      const value = await unlessMissing(requests.show(project, Number(change)));
      if (value === undefined) return undefined;
      const { state, sha } = expectShape(server, { what: 'merge requests', schema: mergeRequest, value });
      return { end: endNamed(state), head: sha ?? '' };
    },
    mergedBy: async (commit) =>
      listed(await commits.allMergeRequests(project, commit))
        .filter((each) => each.target_branch === base && each.state === 'merged')
        .map(({ iid }) => String(iid)),
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

/** Notes of issues, and those that GitLab writes itself, are none. */
function commentOf({ note: made, author, created_at }: z.infer<typeof noteEvent>): readonly ChangeComment[] {
  if (made?.noteable_type !== 'MergeRequest' || made.system === true || !made.noteable_iid) return [];
  return [{ ...noteOf({ ...made, author }), change: String(made.noteable_iid), at: new Date(created_at) }];
}

function noteOf({ id, author, body }: z.infer<typeof note>): Note {
  return { id: String(id), author: author?.username ?? '', text: body };
}
