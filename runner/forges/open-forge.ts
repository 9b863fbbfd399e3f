import { resolve } from 'node:path';
import type { Forge } from '../core/forge.ts';
import type { WebhookDialect } from '../core/webhook.ts';
import type { Git } from '../git/git-command.ts';
import type { GitCredentials } from '../git/git-credentials.ts';
import { giteaWebhooks } from './gitea/parse.ts';
import { githubWebhooks } from './github/parse.ts';
import { gitlabWebhooks } from './gitlab/parse.ts';
import { createPlainGitForge } from './plain-git/forge.ts';

/** Where a repository is and how we sign in there, secrets read. */
export type ForgeSettings = { readonly base: string } & (
  | { readonly forge: 'plain-git'; readonly url: string }
  | { readonly forge: 'gitea' | 'gitlab'; readonly url: string; readonly repository: string; readonly token: string }
  | {
      readonly forge: 'github';
      readonly url: string;
      readonly repository: string;
      readonly token?: string | undefined;
      readonly app?: { readonly id: string; readonly privateKey: string } | undefined;
    }
);

/** A forge and what comes with it. */
export interface OpenForge {
  /** Address for `git fetch`. */
  readonly url: string;
  /** How git signs in; a token may be another one each time. */
  readonly credentials: (() => Promise<GitCredentials>) | undefined;
  /** Once its mirror is there. */
  forge(git: Git): Forge;
}

/** How each forge tells of events, by the name that settings give it. */
export const WEBHOOKS: Readonly<Record<ForgeSettings['forge'], WebhookDialect | undefined>> = {
  'plain-git': undefined,
  gitea: giteaWebhooks,
  github: githubWebhooks,
  gitlab: gitlabWebhooks,
};

/** Every forge there is, by the same names. Only what is watched is loaded: octokit and Gitbeaker take half a second and 20 MB. */
export async function openForge(settings: ForgeSettings): Promise<OpenForge> {
  switch (settings.forge) {
    case 'plain-git': {
      const { url, base } = settings;
      const forge = (git: Git) => createPlainGitForge({ url, base, git });
      return { url: /^[./]/.test(url) ? resolve(url) : url, credentials: undefined, forge };
    }
    case 'gitea': {
      const { createGiteaForge } = await import('./gitea/forge.ts');
      return signedIn(createGiteaForge(settings), { user: 'mainstay', password: settings.token });
    }
    case 'gitlab': {
      const { createGitLabForge } = await import('./gitlab/forge.ts');
      return signedIn(createGitLabForge(settings), { user: 'oauth2', password: settings.token });
    }
    case 'github': {
      const { createGitHubForge } = await import('./github/forge.ts');
      const { app, token = '', ...place } = settings;
      const how = app ? { app: { appId: app.id, privateKey: app.privateKey } } : { token };
      const forge = createGitHubForge({ ...place, ...how });
      const credentials = async () => ({ user: 'x-access-token', password: await forge.token() });
      return { url: forge.cloneUrl, credentials, forge: () => forge };
    }
  }
}

/** Gitea and GitLab take a token as the password of any user. */
function signedIn(forge: Forge, credentials: GitCredentials): OpenForge {
  return { url: forge.cloneUrl, credentials: async () => credentials, forge: () => forge };
}
