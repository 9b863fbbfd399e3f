import { z } from 'zod';
import { systemClock } from '../../../foundation/clock.ts';
import type { Forge } from '../../core/forge.ts';
import { createForge } from '../create-forge.ts';
import { ForgeApi } from '../forge-api.ts';
import type { ForgePlace } from '../gitea/forge.ts';
import { createHubCalls } from '../hub-calls.ts';
import { onceAsked } from '../once-asked.ts';
import { createAppTokens, type GitHubApp } from './app-token.ts';

/** How we sign in: as an account by its token, or as a GitHub App. */
export type GitHubPlace = Omit<ForgePlace, 'token'> & ({ readonly token: string } | { readonly app: GitHubApp });

/** The version of the API that the calls are written for (https://docs.github.com/en/rest/about-the-rest-api/api-versions). */
const API_VERSION = '2022-11-28';

/** A forge whose token for `git fetch` changes by the hour. */
export interface GitHubForge extends Forge {
  token(): Promise<string>;
}

/** GitHub, and GitHub Enterprise where `url` is another one than `https://github.com`. */
export function createGitHubForge(place: GitHubPlace): GitHubForge {
  const url = apiAddress(place.url);
  const clock = place.clock ?? systemClock;
  const tokens = 'app' in place ? createAppTokens({ ...place, url, clock }) : undefined;
  const token = async () => (tokens ? tokens.token() : (place as { readonly token: string }).token);
  const api = new ForgeApi({
    ...{ ...place, url, clock, name: 'GitHub' },
    headers: async () => ({
      accept: 'application/vnd.github+json',
      'x-github-api-version': API_VERSION,
      authorization: `Bearer ${await token()}`,
    }),
  });
  const repository = `/repos/${place.repository}`;
  const login = onceAsked(async () => (await api.get('/user', z.object({ login: z.string() }))).login);
  const calls = createHubCalls({
    ...{ api, repository, base: place.base, name: 'GitHub', pages: 'per_page=100' },
    cloneUrl: `${place.url}/${place.repository}.git`,
    self: () => (tokens ? tokens.self() : login()),
    merge: (change, head) => api.do('PUT', `${repository}/pulls/${change}/merge`, { sha: head, merge_method: 'merge' }),
  });
  return { ...createForge(calls), token };
}

/** github.com has its API at a host of its own; an Enterprise server under a path. */
function apiAddress(url: string): string {
  return url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`;
}
