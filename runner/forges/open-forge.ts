import { resolve } from 'node:path';
import type { Forge } from '../core/forge.ts';
import type { WebhookDialect } from '../core/webhook.ts';
import type { Git } from '../git/git-command.ts';
import type { GitCredentials } from '../git/git-credentials.ts';
import { createGiteaForge } from './gitea/forge.ts';
import { giteaWebhooks } from './gitea/parse.ts';
import { createGitHubForge } from './github/forge.ts';
import { githubWebhooks } from './github/parse.ts';
import { createGitLabForge } from './gitlab/forge.ts';
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
  readonly webhooks: WebhookDialect | undefined;
  /** Once its mirror is there. */
  forge(git: Git): Forge;
}

/** Every forge there is, by the name that settings give it. */
export function openForge(settings: ForgeSettings): OpenForge {
  switch (settings.forge) {
    case 'plain-git': {
      const { url, base } = settings;
      const forge = (git: Git) => createPlainGitForge({ url, base, git });
      return { url: /^[./]/.test(url) ? resolve(url) : url, credentials: undefined, webhooks: undefined, forge };
    }
    case 'gitea':
      return signedIn(createGiteaForge(settings), { settings, user: 'mainstay', webhooks: giteaWebhooks });
    case 'gitlab':
      return signedIn(createGitLabForge(settings), { settings, user: 'oauth2', webhooks: gitlabWebhooks });
    case 'github': {
      const { app, token = '', ...place } = settings;
      const how = app ? { app: { appId: app.id, privateKey: app.privateKey } } : { token };
      const forge = createGitHubForge({ ...place, ...how });
      const credentials = async () => ({ user: 'x-access-token', password: await forge.token() });
      return { url: forge.cloneUrl, credentials, webhooks: githubWebhooks, forge: () => forge };
    }
  }
}

/** Gitea and GitLab take a token as the password of any user. */
function signedIn(
  forge: Forge,
  {
    settings,
    user,
    webhooks,
  }: { readonly settings: { readonly token: string }; readonly user: string; readonly webhooks: WebhookDialect },
): OpenForge {
  const credentials = async () => ({ user, password: settings.token });
  return { url: forge.cloneUrl, credentials, webhooks, forge: () => forge };
}
