import { createRequesterFn } from '@gitbeaker/requester-utils';
import {
  Commits,
  Events,
  IssueNotes,
  Issues,
  MergeRequestNoteAwardEmojis,
  MergeRequestNotes,
  MergeRequests,
  ProjectMembers,
  Users,
} from '@gitbeaker/rest';
import { createForgeFetch, type ForgeServer, refusalOf } from '../forge-fetch.ts';

export type GitLabClient = ReturnType<typeof createGitLabClient>;

/** The parts of Gitbeaker that we use, over our one `fetch` in place of its own with its retries and limits. It rejects as every other forge does. */
export function createGitLabClient(
  server: ForgeServer,
  { host, token }: { readonly host: string; readonly token: string },
) {
  const fetch = createForgeFetch(server);
  const requesterFn = createRequesterFn(
    async (_service, options) => options,
    async (endpoint, options = {}) => request(server, fetch, { endpoint, ...(options as unknown as GitbeakerRequest) }),
  );
  // Its time limit is none: ours is per answer. Without limits of requests it makes no queues for them.
  const options = { host, token, requesterFn, queryTimeout: 0, rateLimits: {} };
  return {
    commits: new Commits(options),
    events: new Events(options),
    issueNotes: new IssueNotes(options),
    issues: new Issues(options),
    members: new ProjectMembers(options),
    noteEmojis: new MergeRequestNoteAwardEmojis(options),
    notes: new MergeRequestNotes(options),
    requests: new MergeRequests(options),
    users: new Users(options),
  };
}

/** What Gitbeaker hands to whoever makes its requests. */
interface GitbeakerRequest {
  /** Address of the API, with a part of the path after it. */
  readonly prefixUrl: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly searchParams?: string;
  readonly body?: string;
}

async function request(
  server: ForgeServer,
  fetch: ReturnType<typeof createForgeFetch>,
  { endpoint, prefixUrl, method, headers, searchParams, body }: GitbeakerRequest & { readonly endpoint: string },
) {
  const query = searchParams ? `?${searchParams}` : '';
  const url = `${prefixUrl.replace(/\/$/, '')}/${endpoint}${query}`;
  const answer = await fetch(url, { method, headers: { accept: 'application/json', ...headers }, body });
  const text = await answer.text();
  const { status } = answer;
  if (!answer.ok) throw refusalOf(server, { method, url, status, headers: answer.headers, text });
  return { body: text === '' ? null : JSON.parse(text), headers: Object.fromEntries(answer.headers), status };
}
