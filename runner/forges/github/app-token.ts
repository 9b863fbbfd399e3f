import { createSign } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../foundation/clock.ts';
import { userError } from '../../../foundation/errors.ts';
import { redactor } from '../../../foundation/redact.ts';
import { ForgeApi } from '../forge-api.ts';
import { onceAsked } from '../once-asked.ts';

/** How long before its end a token counts as ended, so that no request is cut off by it. */
const LEAD_MS = 5 * 60_000;

/** An account that is a GitHub App. */
export interface GitHubApp {
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
}

export interface AppTokens {
  /** A token for the repository; it lives for an hour and is made anew in time. */
  token(): Promise<string>;
  /** The App's account: `<slug>[bot]`. */
  self(): Promise<string>;
}

/**
 * Tokens of a GitHub App's installation on a repository
 * (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation).
 */
export function createAppTokens(options: {
  readonly app: GitHubApp;
  /** Address of the API. */
  readonly url: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly clock: Clock;
}): AppTokens {
  const { app, clock } = options;
  const api = new ForgeApi({
    name: 'GitHub',
    url: options.url,
    clock,
    headers: async () => ({ authorization: `Bearer ${appToken(app, clock.now())}` }),
  });
  const installation = onceAsked(
    async () => (await api.get(`/repos/${options.repository}/installation`, z.object({ id: z.number() }))).id,
  );
  let current: Promise<{ readonly token: string; readonly endsAt: number }> | undefined;
  const renew = async () => {
    const schema = z.object({ token: z.string(), expires_at: z.string() });
    const path = `/app/installations/${await installation()}/access_tokens`;
    const { token, expires_at } = await api.send('POST', path, {}, schema);
    redactor.add(token);
    return { token, endsAt: Date.parse(expires_at) };
  };
  return {
    token: async () => {
      const known = await current?.catch(() => undefined);
      if (!known || known.endsAt - LEAD_MS < clock.now()) current = renew();
      return (await current!).token;
    },
    self: onceAsked(async () => `${(await api.get('/app', z.object({ slug: z.string() }))).slug}[bot]`),
  };
}

/** A JSON Web Token that says that we are the App, for nine minutes; it may begin a minute ago, as clocks differ. */
function appToken({ appId, privateKey }: GitHubApp, now: number): string {
  const seconds = Math.floor(now / 1000);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iat: seconds - 60, exp: seconds + 540, iss: appId })}`;
  try {
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
  } catch {
    throw userError(
      "Cannot sign in to GitHub as the App's private key is none: it is not PEM of an RSA key. Download it anew from the App's page.",
    );
  }
}
