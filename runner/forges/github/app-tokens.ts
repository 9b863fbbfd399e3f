import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../foundation/clock.ts';
import { userError } from '../../../foundation/errors.ts';
import { redactor } from '../../../foundation/redact.ts';
import { expectShape } from '../expect-shape.ts';
import type { ForgeServer } from '../forge-fetch.ts';
import { onceAsked } from '../once-asked.ts';
import { createGitHubClient, type GitHubApp } from './github-client.ts';

/** How long before its end a token counts as ended, so that no `git fetch` is cut off by it. */
const LEAD_MS = 5 * 60_000;

export interface AppTokens {
  /** A token for the one repository; it lives for an hour and is made anew in time. */
  token(): Promise<string>;
  /** The App's account: `<slug>[bot]`. */
  self(): Promise<string>;
}

const issued = z.object({ token: z.string(), expiresAt: z.string() });

/**
 * Tokens of a GitHub App's installation on a repository, which are good for that repository alone
 * (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation).
 */
export function createAppTokens(options: {
  readonly app: GitHubApp;
  readonly server: ForgeServer;
  readonly owner: string;
  readonly repo: string;
  readonly clock: Clock;
}): AppTokens {
  const { app, server, owner, repo, clock } = options;
  const client = createGitHubClient(server, { app });
  const what = 'the sign-in as an App';
  const installation = onceAsked(async () => {
    checkKey(app);
    const { data } = await client.rest.apps.getRepoInstallation({ owner, repo });
    return expectShape(server, { what, schema: z.object({ id: z.number() }), value: data }).id;
  });
  const ask = async (refresh: boolean) => {
    const installationId = await installation();
    const given: unknown = await client.auth({
      type: 'installation',
      installationId,
      repositoryNames: [repo],
      refresh,
    });
    const { token, expiresAt } = expectShape(server, { what, schema: issued, value: given });
    redactor.add(token);
    return { token, endsAt: Date.parse(expiresAt) };
  };
  return {
    token: async () => {
      const known = await ask(false);
      return known.endsAt - LEAD_MS < clock.now() ? (await ask(true)).token : known.token;
    },
    self: onceAsked(async () => {
      const { data } = await client.rest.apps.getAuthenticated();
      return `${expectShape(server, { what, schema: z.object({ slug: z.string() }), value: data }).slug}[bot]`;
    }),
  };
}

/** A key that cannot sign is the user's to mend. An environment variable may have its lines as `\\n`, which octokit takes too. */
function checkKey({ privateKey }: GitHubApp): void {
  try {
    createPrivateKey(privateKey.replaceAll('\\n', '\n'));
  } catch {
    throw userError(
      "Cannot sign in to GitHub as the App's private key is none: it is not PEM of an RSA key. Download it anew from the App's page.",
    );
  }
}
