import { z } from 'zod';
import type { CommitStatus } from '../../core/forge.ts';
import type { ForgeCalls, Note } from '../create-forge.ts';
import { expectShape } from '../expect-shape.ts';
import { type ForgeServer, unlessMissing } from '../forge-fetch.ts';
import {
  changeComments,
  datedNote,
  endOfPull,
  HUB_EMOJI,
  isFork,
  issue,
  issueNotes,
  mergeStyleOf,
  note,
  noteOf,
  openChangeOf,
  permission,
  permissionNamed,
  pull,
} from '../hub-shapes.ts';
import type { GitHubClient } from './github-client.ts';

const mergeRules = z.object({
  allow_merge_commit: z.boolean().nullish(),
  allow_squash_merge: z.boolean().nullish(),
  allow_rebase_merge: z.boolean().nullish(),
});

export interface GitHubRepository {
  readonly client: GitHubClient;
  readonly server: ForgeServer;
  readonly at: { readonly owner: string; readonly repo: string };
  readonly base: string;
}

/** GitHub's calls (https://docs.github.com/en/rest), by octokit; an answer is looked at all the same: its types are a promise, not a check. */
export function createGitHubCalls(repository: GitHubRepository): Omit<ForgeCalls, 'name' | 'cloneUrl' | 'self'> {
  return {
    ...pullCalls(repository),
    ...commentCalls(repository),
    ...issueCalls(repository),
    ...repositoryCalls(repository),
  };
}

function pullCalls({
  client,
  server,
  at,
  base,
}: GitHubRepository): Pick<ForgeCalls, 'changes' | 'changeOf' | 'addChange' | 'merge' | 'ended' | 'mergedBy'> {
  const { pulls, repos } = client.rest;
  const open = { ...at, state: 'open' as const, base, per_page: 100 };
  const list = async (more: { readonly head?: string }) =>
    all(server, { what: 'pulls', schema: pull, values: await client.paginate(pulls.list, { ...open, ...more }) });
  return {
    changes: async () => (await list({})).map(openChangeOf),
    changeOf: async (branch) => {
      const found = (await list({ head: `${at.owner}:${branch}` })).find((each) => !isFork(each));
      return found && String(found.number);
    },
    addChange: async ({ branch, title, text }) => {
      const { data } = await pulls.create({ ...at, title, body: text, head: branch, base });
      return String(expectShape(server, { what: 'pulls', schema: pull, value: data }).number);
    },
    merge: async (change, head) => {
      const value = (await repos.get(at)).data;
      const rules = expectShape(server, { what: 'repository', schema: mergeRules, value });
      const merge_method = mergeStyleOf({
        ...{ merge: rules.allow_merge_commit, squash: rules.allow_squash_merge, rebase: rules.allow_rebase_merge },
      });
      await pulls.merge({ ...at, pull_number: Number(change), sha: head, merge_method });
    },
    ended: async (change) => {
      const found = await unlessMissing(pulls.get({ ...at, pull_number: Number(change) }));
      if (!found) return undefined;
      const shape = expectShape(server, { what: 'pulls', schema: pull, value: found.data });
      return { end: endOfPull(shape), head: shape.head.sha };
    },
    mergedBy: async (commit) => {
      const values = await client.paginate(repos.listPullRequestsAssociatedWithCommit, {
        ...at,
        commit_sha: commit,
        per_page: 100,
      });
      const found = all(server, { what: 'pulls of a commit', schema: pull, values });
      return found
        .filter((each) => each.base.ref === base && endOfPull(each) === 'merged')
        .map(({ number }) => String(number));
    },
  };
}

function commentCalls({
  client,
  server,
  at,
}: GitHubRepository): Pick<ForgeCalls, 'comments' | 'commentsSince' | 'addComment' | 'editComment' | 'react'> {
  const { issues, reactions } = client.rest;
  return {
    comments: (change) => commentsOf({ client, server, at }, change),
    commentsSince: async (since) => {
      const place = { ...at, since: since.toISOString(), per_page: 100 };
      const values = await client.paginate(issues.listCommentsForRepo, place);
      return changeComments(all(server, { what: 'comments', schema: datedNote, values }));
    },
    addComment: async (change, body) => {
      const { data } = await issues.createComment({ ...at, issue_number: Number(change), body });
      return String(expectShape(server, { what: 'comments', schema: note, value: data }).id);
    },
    editComment: async ({ id }, body) => {
      await issues.updateComment({ ...at, comment_id: Number(id), body });
    },
    react: async ({ id }, reaction) => {
      await reactions.createForIssueComment({ ...at, comment_id: Number(id), content: HUB_EMOJI[reaction] });
    },
  };
}

/** Of an issue or a pull request: GitHub counts them together. */
async function commentsOf(
  { client, server, at }: Pick<GitHubRepository, 'client' | 'server' | 'at'>,
  number: string,
): Promise<readonly Note[]> {
  const place = { ...at, issue_number: Number(number), per_page: 100 };
  const values = await client.paginate(client.rest.issues.listComments, place);
  return all(server, { what: 'comments', schema: note, values }).map(noteOf);
}

function issueCalls({
  client,
  server,
  at,
}: GitHubRepository): Pick<
  ForgeCalls,
  'openIssues' | 'addIssue' | 'editIssue' | 'issueComments' | 'commentIssue' | 'closeIssue'
> {
  const { issues } = client.rest;
  return {
    openIssues: async () => {
      const values = await client.paginate(issues.listForRepo, { ...at, state: 'open', per_page: 100 });
      return issueNotes(all(server, { what: 'issues', schema: issue, values }));
    },
    addIssue: async ({ title, text }) => {
      const { data } = await issues.create({ ...at, title, body: text });
      return String(expectShape(server, { what: 'issues', schema: issue, value: data }).number);
    },
    editIssue: async (id, { title, text }) => {
      await issues.update({ ...at, issue_number: Number(id), title, body: text });
    },
    issueComments: (id) => commentsOf({ client, server, at }, id),
    commentIssue: async (id, body) => {
      await issues.createComment({ ...at, issue_number: Number(id), body });
    },
    closeIssue: async (id) => {
      await issues.update({ ...at, issue_number: Number(id), state: 'closed' });
    },
  };
}

function repositoryCalls({ client, server, at }: GitHubRepository): Pick<ForgeCalls, 'setStatus' | 'permissionOf'> {
  const { repos } = client.rest;
  return {
    setStatus: async ({ commit, state, text, context, link }: CommitStatus) => {
      const place = link === undefined ? {} : { target_url: link };
      await repos.createCommitStatus({ ...at, sha: commit, state, context, description: text, ...place });
    },
    permissionOf: async (username) => {
      const found = await unlessMissing(repos.getCollaboratorPermissionLevel({ ...at, username }));
      if (!found) return 'none';
      return permissionNamed(
        expectShape(server, { what: 'permission', schema: permission, value: found.data }).permission,
      );
    },
  };
}

function all<T>(
  server: ForgeServer,
  {
    what,
    schema,
    values,
  }: { readonly what: string; readonly schema: z.ZodType<T>; readonly values: readonly unknown[] },
): readonly T[] {
  return values.map((value) => expectShape(server, { what, schema, value }));
}
