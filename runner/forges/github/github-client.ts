import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { restEndpointMethods } from '@octokit/plugin-rest-endpoint-methods';
import { isMainstayError } from '../../../foundation/errors.ts';
import { createForgeFetch, type ForgeServer, refusalOf } from '../forge-fetch.ts';

/** The version of the API that the calls are written for (https://docs.github.com/en/rest/about-the-rest-api/api-versions). */
const API_VERSION = '2022-11-28';

const Client = Octokit.plugin(restEndpointMethods, paginateRest);
export type GitHubClient = InstanceType<typeof Client>;

/** An account that is a GitHub App. */
export interface GitHubApp {
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
}

/** How octokit signs in: by a token that may be another one each time, or as an App itself. */
type SignIn = { readonly token: () => Promise<string> } | { readonly app: GitHubApp };

/** Octokit over our one `fetch`, without its own plug-ins for retries and limits. It rejects as every other forge does. */
export function createGitHubClient(server: ForgeServer, how: SignIn): GitHubClient {
  const client = new Client({
    baseUrl: server.url,
    userAgent: 'mainstay',
    request: { fetch: createForgeFetch(server) },
    // What is deprecated is said by tests of the versions that we update to, not in a user's terminal.
    log: { debug: silent, info: silent, warn: silent, error: silent },
    ...('app' in how ? { authStrategy: createAppAuth, auth: how.app } : {}),
  });
  client.hook.before('request', async (options) => {
    options.headers['x-github-api-version'] = API_VERSION;
    if ('token' in how) options.headers.authorization = `Bearer ${await how.token()}`;
  });
  client.hook.error('request', (error) => {
    throw translated(server, error);
  });
  return client;
}

function silent(): void {}

/** What octokit makes of our errors, and of answers that are none of 2xx, in our words. */
function translated(server: ForgeServer, error: Error): Error {
  if (isMainstayError(error)) return error;
  if (isMainstayError(error.cause)) return error.cause;
  const { request, response } = error as RequestFailure;
  if (!request || !response) return error;
  const text = typeof response.data === 'string' ? response.data : JSON.stringify(response.data ?? '');
  const headers = new Headers(response.headers as Record<string, string>);
  return refusalOf(server, { method: request.method, url: request.url, status: response.status, headers, text });
}

/** `RequestError` of octokit, of which several versions may be installed. */
type RequestFailure = Error & {
  readonly request?: { readonly method: string; readonly url: string };
  readonly response?: { readonly status: number; readonly headers: object; readonly data: unknown };
};
