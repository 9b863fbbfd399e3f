import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GiteaServer, startGitea } from '../../../test/servers/gitea.ts';
import { type ContractForge, testForge } from '../contract.ts';
import { createGiteaForge } from './forge.ts';

/** The contract of a forge on a Gitea that runs here, and what only this one does. */
const REPOSITORY = '/repos/mainstay/estate';

testForge('Gitea', async () => {
  const { gitea, api, token } = await start();
  const grant = accountsOf(api);
  return {
    open: () => createGiteaForge({ url: gitea.url, repository: 'mainstay/estate', base: 'main', token }),
    pushed: (branch) => commit(api, branch, `${branch}.txt`),
    statuses: async (of) => {
      const { statuses } = await api('GET', `${REPOSITORY}/commits/${of}/status`);
      const each = (status: Record<string, string>) => [
        status.context,
        { state: status.status, text: status.description },
      ];
      return Object.fromEntries(statuses.map(each));
    },
    baseHead: () => headOf(api),
    comments: async (change) => (await notes(api, change)).map(({ id, body }) => ({ id: String(id), text: body })),
    accounts: {
      grant,
      proposeFork: (account) => proposeFork(api, account),
      say: async (change, as, body) =>
        String((await api('POST', `${REPOSITORY}/issues/${change}/comments`, { body }, as)).id),
      deleteComment: (_change, id) => api('DELETE', `${REPOSITORY}/issues/comments/${id}`),
      reactions: async (_change, id) =>
        (await api('GET', `${REPOSITORY}/issues/comments/${id}/reactions`)).map(
          (each: { content: string }) => each.content,
        ),
      issue: async (id) => {
        const { state, title, body } = await api('GET', `${REPOSITORY}/issues/${id}`);
        return { open: state === 'open', title, text: body };
      },
      issueComments: async (id) => (await notes(api, id)).map(({ body }) => body),
      merge: (change, style) => merge(api, change, style),
      close: (change) => api('PATCH', `${REPOSITORY}/pulls/${change}`, { state: 'closed' }),
      strayCommit: () => commit(api, 'main', 'stray.txt'),
    },
    close: () => gitea.stop(),
  } satisfies ContractForge;
});

test('Gitea: says what is wrong with a token or a repository', { timeout: 300_000 }, async () => {
  const { gitea, token } = await start();
  try {
    const place = { url: gitea.url, base: 'main', token };
    const wrong = createGiteaForge({ ...place, repository: 'mainstay/estate', token: 'wrong' });
    await assert.rejects(wrong.proposals!.list(), { kind: 'user', message: /does not take the token/ });
    const elsewhere = createGiteaForge({ ...place, repository: 'mainstay/other' });
    await assert.rejects(elsewhere.proposals!.list(), { kind: 'user', message: /is not there/ });
  } finally {
    await gitea.stop();
  }
});

/** Straight to Gitea's API, as its administrator or in the name of `as`. */
// biome-ignore lint/suspicious/noExplicitAny: what Gitea answers is looked at by assertions alone
type Api = (method: string, path: string, body?: unknown, as?: string) => Promise<any>;

async function start(): Promise<{ readonly gitea: GiteaServer; readonly api: Api; readonly token: string }> {
  const gitea = await startGitea();
  const authorization = `Basic ${Buffer.from(`${gitea.user}:${gitea.password}`).toString('base64')}`;
  const api: Api = async (method, path, body, as) => {
    const url = `${gitea.url}/api/v1${path}${as === undefined ? '' : `?sudo=${as}`}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  await api('POST', '/user/repos', { name: 'estate', auto_init: true, default_branch: 'main' });
  const scopes = ['write:repository', 'write:issue', 'read:user'];
  const { sha1: token } = await api('POST', '/users/mainstay/tokens', { name: 'runner', scopes });
  return { gitea, api, token };
}

function accountsOf(api: Api): (account: string, permission: string) => Promise<void> {
  const known = new Set<string>();
  return async (account, permission) => {
    const user = { password: 'a long one', email: `${account}@mainstay.test`, must_change_password: false };
    if (!known.has(account)) await api('POST', '/admin/users', { username: account, ...user });
    known.add(account);
    await api('PUT', `${REPOSITORY}/collaborators/${account}`, { permission });
  };
}

async function commit(api: Api, branch: string, path: string): Promise<string> {
  const answer = await api('POST', `${REPOSITORY}/contents/${path}`, {
    ...(branch === 'main' ? {} : { branch: 'main', new_branch: branch }),
    ...{ content: Buffer.from(path).toString('base64'), message: `add ${path}` },
  });
  return answer.commit.sha;
}

function notes(api: Api, change: string): Promise<readonly { readonly id: number; readonly body: string }[]> {
  return api('GET', `${REPOSITORY}/issues/${change}/comments`);
}

async function proposeFork(api: Api, account: string): Promise<void> {
  await api('POST', `${REPOSITORY}/forks`, {}, account);
  const content = Buffer.from('evil').toString('base64');
  const file = { content, message: 'evil', branch: 'main', new_branch: 'evil' };
  await until(() => api('POST', `/repos/${account}/estate/contents/evil.txt`, file, account));
  await api('POST', `${REPOSITORY}/pulls`, { head: `${account}:evil`, base: 'main', title: 'evil' }, account);
}

/** Gitea finds out aside whether a pull request can be merged. */
async function merge(api: Api, change: string, style: string): Promise<string> {
  await until(() => api('POST', `${REPOSITORY}/pulls/${change}/merge`, { Do: style }));
  return headOf(api);
}

async function headOf(api: Api): Promise<string> {
  return (await api('GET', `${REPOSITORY}/branches/main`)).commit.id;
}

async function until(work: () => Promise<unknown>): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; await new Promise((resume) => setTimeout(resume, 100))) {
    try {
      await work();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
