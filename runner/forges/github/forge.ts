import { systemClock } from '../../../foundation/clock.ts';
import type { Forge } from '../../core/forge.ts';
import { createForge } from '../create-forge.ts';
import { expectShape } from '../expect-shape.ts';
import type { ForgePlace } from '../gitea/forge.ts';
import { login } from '../hub-shapes.ts';
import { onceAsked } from '../once-asked.ts';
import { createAppTokens } from './app-tokens.ts';
import { createGitHubCalls } from './calls.ts';
import { createGitHubClient, type GitHubApp } from './github-client.ts';

/** How we sign in: as an account by its token, or as a GitHub App. */
export type GitHubPlace = Omit<ForgePlace, 'token'> & ({ readonly token: string } | { readonly app: GitHubApp });

/** A forge whose token for `git fetch` changes by the hour. */
export interface GitHubForge extends Forge {
  token(): Promise<string>;
}

/** GitHub, and GitHub Enterprise where `url` is another one than `https://github.com`. */
export function createGitHubForge(place: GitHubPlace): GitHubForge {
  const { base, repository } = place;
  const [owner = '', repo = ''] = repository.split('/');
  const clock = place.clock ?? systemClock;
  const server = { ...place, clock, name: 'GitHub', url: apiAddress(place.url) };
  const tokens = 'app' in place ? createAppTokens({ app: place.app, server, owner, repo, clock }) : undefined;
  const token = async () => (tokens ? tokens.token() : (place as { readonly token: string }).token);
  const client = createGitHubClient(server, { token });
  const account = onceAsked(async () => {
    const { data } = await client.rest.users.getAuthenticated();
    return expectShape(server, { what: 'user', schema: login, value: data }).login;
  });
  const calls = createGitHubCalls({ client, server, at: { owner, repo }, base });
  const forge = createForge({
    ...calls,
    name: 'GitHub',
    cloneUrl: `${place.url}/${repository}.git`,
    self: () => (tokens ? tokens.self() : account()),
  });
  return { ...forge, token };
}

/** github.com has its API at a host of its own; an Enterprise server under a path. */
function apiAddress(url: string): string {
  return url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`;
}
