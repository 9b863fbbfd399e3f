import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git, inClone } from '../../cli/demo-repository.ts';
import { type GiteaServer, startGitea } from '../servers/gitea.ts';
import { createEstate, type Estate, mergeInto, pushTo } from './estate.ts';

const SECRET = 'a secret that deliveries are signed with';

/** A Gitea with the repository of a journey, and a runner that is told by webhooks. */
export interface GiteaEstate {
  readonly estate: Estate;
  readonly gitea: GiteaServer;
  /** Starts the runner again after it was killed. Its webhooks go astray then, as its port is another. */
  start(): Promise<void>;
  /** Calls Gitea's API as its administrator, or as `as`. */
  // biome-ignore lint/suspicious/noExplicitAny: what Gitea answers is looked at by assertions alone
  api(method: string, path: string, body?: unknown, options?: { readonly as?: string }): Promise<any>;
  /** Pushes files to a branch of Gitea. Returns the commit. */
  push(branch: string, files: Readonly<Record<string, string | undefined>>): Promise<string>;
  mergeByPush(branch: string): Promise<string>;
  /** Opens a pull request. Returns its number. */
  open(head: string, options?: { readonly as?: string }): Promise<number>;
  /** The newest status of each context of a commit. */
  statuses(commit: string): Promise<Readonly<Record<string, string>>>;
  comments(number: number): Promise<readonly { readonly id: number; readonly body: string }[]>;
  /** Sends a delivery as Gitea would. Returns the HTTP status. */
  deliver(event: string, body: string, options?: { readonly secret?: string }): Promise<number>;
  until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T>;
  close(): Promise<void>;
}

const API = '/repos/mainstay/estate';

export interface GiteaEstateOptions {
  /** So long by default that only webhooks can be what woke the runner. */
  readonly pollSeconds?: number;
  /** How long `until` waits. */
  readonly patienceMs?: number;
  readonly files?: Readonly<Record<string, string>>;
  /** For every life of the runner. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A Gitea whose queues do not gather. */
  readonly prompt?: boolean;
  /** What one of the two is told that the other's address is. Default: what it is. */
  readonly addressOf?: { gitea?(url: string): string; runner?(url: string): string };
}

/** What was started, to be ended in reverse order. */
type Closing = (() => Promise<void>)[];

/** Rejects with nothing left running where a part does not start. */
export async function createGiteaEstate(options: GiteaEstateOptions = {}): Promise<GiteaEstate> {
  const closing: Closing = [];
  try {
    return await open(options, closing);
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

async function closeAll(closing: Closing): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

async function open(
  {
    pollSeconds = 3600,
    patienceMs = 120_000,
    files,
    environment: more = {},
    prompt = false,
    addressOf = {},
  }: GiteaEstateOptions,
  closing: Closing,
): Promise<GiteaEstate> {
  const gitea = await startGitea({ prompt });
  closing.push(() => gitea.stop());
  const api: GiteaEstate['api'] = async (method, path, body, { as } = {}) => {
    const url = `${gitea.url}/api/v1${path}${as === undefined ? '' : `${path.includes('?') ? '&' : '?'}sudo=${as}`}`;
    const authorization = `Basic ${Buffer.from(`${gitea.user}:${gitea.password}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(url, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const scopes = ['write:repository', 'write:issue', 'read:user'];
  const { sha1: token } = await api('POST', '/users/mainstay/tokens', { name: 'runner', scopes });
  await api('POST', '/user/repos', { name: 'estate', default_branch: 'main', private: true });
  const settings = 'runner.yaml';
  const environment = {
    ...{ MAINSTAY_REPOSITORIES: '', MAINSTAY_POLL: String(pollSeconds) },
    ...{ JOURNEY_TOKEN: token, JOURNEY_SECRET: SECRET },
    ...more,
  };
  const estate = await createEstate(environment, files);
  closing.push(() => estate.close());
  writeFileSync(join(estate.folder, settings), settingsText(addressOf.gitea?.(gitea.url) ?? gitea.url));
  // Not a test of signing in: the pushes of people go by the administrator's password.
  const remote = `${gitea.url.replace('//', `//${gitea.user}:${gitea.password}@`)}/mainstay/estate.git`;
  await git(estate.repository, 'push', '--quiet', remote, 'main:main');
  const start = () => estate.start({ MAINSTAY_CONFIG: join(estate.folder, settings) });
  await start();
  const { url } = JSON.parse(readFileSync(join(estate.folder, 'data/runner.json'), 'utf8')) as { url: string };
  const hook = { url: `${addressOf.runner?.(url) ?? url}/webhooks/estate`, content_type: 'json', secret: SECRET };
  const events = ['push', 'pull_request', 'pull_request_sync', 'pull_request_comment', 'issue_comment'];
  await api('POST', `${API}/hooks`, { type: 'gitea', active: true, events, config: hook });
  const publish = async (branch: string) => git(estate.repository, 'push', '--quiet', remote, `${branch}:${branch}`);
  const until: GiteaEstate['until'] = async (what, ask) => {
    for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await pause(25)) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    }
    throw new Error(`${what} did not come. The runner said:\n${estate.said()}`);
  };
  return {
    ...{ estate, gitea, api, until, start },
    push: async (branch, changed) => {
      const commit = await pushTo(estate.repository, branch, changed);
      await publish(branch);
      return commit;
    },
    mergeByPush: async (branch) => {
      const commit = await mergeInto(estate.repository, branch);
      await publish('main');
      return commit;
    },
    open: async (head, options) =>
      (await api('POST', `${API}/pulls`, { head, base: 'main', title: `Change ${head}` }, options)).number,
    statuses: async (commit) => {
      const { statuses } = await api('GET', `${API}/commits/${commit}/status`);
      return Object.fromEntries(
        (statuses ?? []).map((each: { context: string; status: string }) => [each.context, each.status]),
      );
    },
    comments: (number) => api('GET', `${API}/issues/${number}/comments`),
    deliver: async (event, body, { secret = SECRET } = {}) => {
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      const headers = { 'content-type': 'application/json', 'x-gitea-event': event, 'x-gitea-signature': signature };
      return (await fetch(`${url}/webhooks/estate`, { method: 'POST', headers, body })).status;
    },
    close: () => closeAll(closing),
  };
}

function settingsText(url: string): string {
  return `repositories:
  - name: estate
    forge: gitea
    url: ${url}
    repository: mainstay/estate
    token: {env: JOURNEY_TOKEN}
    webhookSecret: {env: JOURNEY_SECRET}
`;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}

/** Pulls what Gitea merged into the estate's own copy, so that later pushes build on it. */
export async function pullMain({ estate, gitea }: GiteaEstate): Promise<string> {
  const remote = `${gitea.url.replace('//', `//${gitea.user}:${gitea.password}@`)}/mainstay/estate.git`;
  return inClone(estate.repository, async (clone) => {
    await git(clone, 'pull', '--quiet', remote, 'main');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
    return git(clone, 'rev-parse', 'HEAD');
  });
}
