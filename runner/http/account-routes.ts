import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { SessionResponse } from '../api/responses.ts';
import { type Account, type Actor, actorOf } from '../core/account.ts';
import { ApiError, missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import type { HttpOptions } from './http-options.ts';
import { accessTokenResponse } from './responses-of.ts';
import { csrfOf, hashOf, makeSignInLink, newSecret, SESSION_COOKIE, SESSION_DAYS } from './sign-in.ts';

const DAY_MS = 86_400_000;

/** Who may do what has changed: that belongs to no repository. */
function recordAccess(
  { store }: HttpOptions,
  actor: Actor,
  { subject, text }: { readonly subject: string; readonly text: string },
): Promise<void> {
  return store.audit.add({ kind: 'access', repository: '', subject, text, ...actor });
}

export function accountHandlers(
  options: HttpOptions,
): Part<'session' | 'signIn' | 'signOut' | 'makeSignInLink' | 'tokens' | 'makeToken' | 'removeToken'> {
  const { accounts, version } = options;
  return {
    ...tokenHandlers(options),
    session: async ({ principal: { id, name, role, by }, context }) => {
      const session = by === 'session' ? getCookie(context, SESSION_COOKIE) : undefined;
      return { account: { id, name, role }, csrf: session && csrfOf(session), version };
    },
    signIn: async ({ body, context }) => {
      const account = 'link' in body ? await accountOfLink(options, body) : await accountOfToken(options, body.token);
      return openSession(options, account, context);
    },
    signOut: async ({ context }) => {
      const session = getCookie(context, SESSION_COOKIE);
      if (session !== undefined) await accounts.sessions.remove(hashOf(session));
      deleteCookie(context, SESSION_COOKIE, { path: '/' });
      return {};
    },
    makeSignInLink: async ({ principal }) => {
      // The token of the data folder is nobody: its link signs in as the first account, or makes it.
      const account = principal.by === 'local' ? await accounts.firstOwner() : principal.id;
      const { url, expiresAt } = await makeSignInLink(accounts, { url: options.url() ?? '', account });
      return { url, expiresAt: expiresAt.toISOString() };
    },
  };
}

async function accountOfLink(
  options: HttpOptions,
  { link, name }: { readonly link: string; readonly name?: string },
): Promise<Account> {
  const { accounts } = options;
  const hash = hashOf(link);
  const known = await accounts.links.look(hash);
  if (known && known.account === undefined && name === undefined && (await accounts.count()) === 0)
    throw new ApiError(400, 'Cannot make the first account as it has no name. Say your name.');
  const taken = await accounts.links.take(hash);
  if (!taken)
    throw new ApiError(
      403,
      'Cannot sign in as the link was used before or has expired. `mainstay sign-in` prints a new one.',
    );
  const id = taken.account ?? (await accounts.firstOwner()) ?? (await firstAccount(options, name ?? 'owner'));
  return (await accounts.get(id))!;
}

async function firstAccount(options: HttpOptions, name: string): Promise<string> {
  const id = crypto.randomUUID();
  await options.accounts.add({ id, name, role: 'owner' });
  const text = `made the first account, ${name}, an owner`;
  await recordAccess(options, { by: name, via: 'console' }, { subject: name, text });
  return id;
}

async function accountOfToken({ accounts }: HttpOptions, token: string): Promise<Account> {
  const found = await accounts.tokens.use(hashOf(token));
  const account = found && (await accounts.get(found.account));
  if (!found || !account)
    throw new ApiError(403, 'Cannot sign in as the token is unknown or has expired. Make a new one.');
  if (found.role !== account.role)
    throw new ApiError(403, `Cannot sign in with this token as it may only look: ${found.name}. Use it with the API.`);
  return account;
}

async function openSession(
  { accounts, url, version }: HttpOptions,
  account: Account,
  context: Context,
): Promise<SessionResponse> {
  const session = newSecret('session');
  await accounts.sessions.add({
    hash: hashOf(session),
    account: account.id,
    expiresAt: new Date(Date.now() + SESSION_DAYS * DAY_MS),
  });
  setCookie(context, SESSION_COOKIE, session, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: url()?.startsWith('https:') ?? false,
    maxAge: SESSION_DAYS * 86_400,
  });
  const { id, name, role } = account;
  return { account: { id, name, role }, csrf: csrfOf(session), version };
}

function tokenHandlers(options: HttpOptions): Part<'tokens' | 'makeToken' | 'removeToken'> {
  const { accounts } = options;
  return {
    tokens: async () => ({ items: (await accounts.tokens.list()).map(accessTokenResponse) }),
    makeToken: async ({ body, principal }) => {
      const account = principal.by === 'local' ? await accounts.firstOwner() : principal.id;
      if (account === undefined)
        throw new ApiError(409, 'Cannot make a token as there is no account yet. Open the one-time link first.');
      const token = newSecret('mainstay');
      const id = crypto.randomUUID();
      const expiresAt = body.days === undefined ? undefined : new Date(Date.now() + body.days * DAY_MS);
      await accounts.tokens.add({ id, name: body.name, account, role: body.role, hash: hashOf(token), expiresAt });
      const text = `made the token ${body.name}, ${body.role}, ${expiresAt ? `until ${expiresAt.toISOString()}` : 'without an end'}`;
      await recordAccess(options, actorOf(principal), { subject: body.name, text });
      const made = {
        id,
        name: body.name,
        account,
        role: body.role,
        createdAt: new Date(),
        lastUsedAt: undefined,
        expiresAt,
      };
      return { ...accessTokenResponse(made), token };
    },
    removeToken: async ({ params, principal }) => {
      const name = (await accounts.tokens.list()).find(({ id }) => id === params.token)?.name ?? params.token;
      if (!(await accounts.tokens.remove(params.token))) throw missing('token', params.token);
      await recordAccess(options, actorOf(principal), { subject: name, text: `removed the token ${name}` });
      return {};
    },
  };
}
