import type { Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { isMainstayError, messageOf } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { accessOf } from '../core/access.ts';
import { type Account, grantsOf } from '../core/account.ts';
import type { Identity, IdentityProvider } from '../core/identity-provider.ts';
import { openSession, recordAccess } from './account-routes.ts';
import { ApiError } from './api-error.ts';
import type { HttpOptions } from './http-options.ts';
import { SIGN_ON_PATH } from './sign-in.ts';

/** What a browser remembers while it is at the provider. */
const REMEMBERED_COOKIE = 'mainstay_sign_on';
const REMEMBERED_SECONDS = 600;
const RETURN_PATH = '/auth/callback';
const LOGOUT_PATH = '/auth/backchannel-logout';

type Options = HttpOptions & { readonly identityProvider: IdentityProvider };

/**
 * The way of a browser to the provider of identities and back, and the provider's word that sessions have ended. What goes wrong is said on a page of its
 * own, which has the way back to where links and tokens are taken.
 */
export function serveSignOn(app: Hono, options: Options): void {
  const { identityProvider: provider, url } = options;
  const isSecure = () => url()?.startsWith('https:') ?? false;
  app.use('/auth/*', async (context, next) => {
    context.header('cache-control', 'no-store');
    await next();
  });
  app.get(SIGN_ON_PATH, (context) =>
    onPage(options, context, async () => {
      const { url: there, remembered } = await provider.begin(returnAddress(options));
      setCookie(context, REMEMBERED_COOKIE, remembered, {
        ...{ path: RETURN_PATH, httpOnly: true, secure: isSecure(), maxAge: REMEMBERED_SECONDS },
        // The provider's page sends the browser back: a strict cookie would stay away.
        sameSite: 'Lax',
      });
      return context.redirect(there);
    }),
  );
  app.get(RETURN_PATH, (context) =>
    onPage(options, context, async () => {
      const remembered = getCookie(context, REMEMBERED_COOKIE) ?? '';
      deleteCookie(context, REMEMBERED_COOKIE, { path: RETURN_PATH });
      if (remembered === '')
        throw new ApiError(400, 'Cannot sign in as this browser has not begun to, or ten minutes ago. Begin again.');
      const at = new URL(returnAddress(options));
      at.search = new URL(context.req.url).search;
      const identity = await provider.finish(at, remembered);
      const account = await accountOf(options, identity);
      const expiresAt = new Date(Date.now() + provider.sessionMs);
      await openSession(options, { account, expiresAt, context, sid: identity.sid });
      return context.redirect('/');
    }),
  );
  app.post(LOGOUT_PATH, (context) => endSessions(options, context));
}

function returnAddress({ url }: Options): string {
  return `${url() ?? ''}${RETURN_PATH}`;
}

/** Theirs, made or renewed. Throws where they have no role, or the name of somebody else. */
async function accountOf(options: Options, { subject, name, groups, email }: Identity): Promise<Account> {
  const { accounts, given, identityProvider } = options;
  const { issuer } = identityProvider;
  const found = await accounts.signedOn({ id: crypto.randomUUID(), name, issuer, subject, groups, email });
  if (!found)
    throw new ApiError(
      409,
      `Cannot sign in as another account has the name: ${name}. Approvals go by names: ask an owner to remove that account, or to set nameClaim.`,
    );
  const { account, before } = found;
  const said = groups.length > 0 ? `groups ${groups.join(', ')}` : 'no groups';
  const text = before === undefined ? `came from ${issuer} for the first time, ${said}` : `has other groups: ${said}`;
  if (before === undefined || before.toSorted().join('\n') !== groups.toSorted().join('\n'))
    await recordAccess(options, { by: name, via: 'console' }, { subject: name, text });
  if (!accessOf(grantsOf(account, given)).maySomewhere('read'))
    throw new ApiError(
      403,
      `Cannot sign in as no role is given to you or your groups: ${name}, ${said}. Ask an owner for one: your account is there now.`,
    );
  return account;
}

/** https://openid.net/specs/openid-connect-backchannel-1_0.html#BCResponse : 200 where it is done, 400 where the token does not hold. */
async function endSessions({ accounts, identityProvider, log }: Options, context: Context): Promise<Response> {
  const body = await context.req.parseBody();
  const token = body.logout_token;
  if (typeof token !== 'string') return context.json({ error: 'invalid_request' }, 400);
  try {
    const { subject, sid } = await identityProvider.ended(token);
    await accounts.sessions.end({ issuer: identityProvider.issuer, subject, sid });
    return context.body(null, 200);
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'the word of a provider that sessions have ended was refused');
    if (isMainstayError(error, 'transient')) return context.json({ error: 'temporarily_unavailable' }, 503);
    if (isMainstayError(error)) return context.json({ error: 'invalid_request' }, 400);
    throw error;
  }
}

/** A browser is shown a page, not JSON. */
async function onPage(
  { log, identityProvider }: Options,
  context: Context,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!isMainstayError(error) && !(error instanceof ApiError)) throw error;
    const status = error instanceof ApiError ? error.status : error.kind === 'transient' ? 503 : 403;
    log.warn({ error: error.message, issuer: identityProvider.issuer }, 'somebody could not sign in at the provider');
    return context.html(pageOf(redactor.redact(error.message)), status);
  }
}

function pageOf(message: string): string {
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    '<meta name="color-scheme" content="light dark"><title>Cannot sign in · Mainstay</title>',
    `<main><h1>Mainstay</h1><p role="alert">${escaped(message)}</p>`,
    `<p><a href="${SIGN_ON_PATH}">Try again</a></p><p><a href="/sign-in">Sign in with a link or a token</a></p></main></html>`,
  ].join('\n');
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);
}
