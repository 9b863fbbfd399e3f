import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { messageOf } from '../../foundation/errors.ts';
import type { SessionResponse } from '../api/responses.ts';
import { accessOf, type Grant, grantsText, type Power } from '../core/access.ts';
import { type Account, type Actor, actorOf, grantsOf, type Principal } from '../core/account.ts';
import { ApiError, missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import type { HttpOptions } from './http-options.ts';
import { accountResponse } from './responses-of.ts';
import { csrfOf, hashOf, makeSignInLink, newSecret, SESSION_COOKIE, SESSION_DAYS, SIGN_ON_PATH } from './sign-in.ts';

const DAY_MS = 86_400_000;

/** Who may do what has changed: that belongs to no repository. */
export function recordAccess(
  { store }: HttpOptions,
  actor: Actor,
  { subject, text }: { readonly subject: string; readonly text: string },
): Promise<void> {
  return store.audit.add({ kind: 'access', repository: '', subject, text, ...actor });
}

type Handled =
  | ('session' | 'signIn' | 'signInWays' | 'signOut' | 'makeSignInLink')
  | ('accounts' | 'makeAccount' | 'setGrants' | 'makeAccountLink' | 'removeAccount');

export function accountHandlers(options: HttpOptions): Part<Handled> {
  const { accounts } = options;
  return {
    ...peopleHandlers(options),
    session: async ({ principal, context }) => {
      const session = principal.by === 'session' ? getCookie(context, SESSION_COOKIE) : undefined;
      const account = principal.by === 'local' ? undefined : await accounts.get(principal.id);
      return sessionResponse(options, { principal, account, session });
    },
    signIn: async ({ body, context }) => {
      const account = 'link' in body ? await accountOfLink(options, body) : await accountOfToken(options, body.token);
      const expiresAt = new Date(Date.now() + SESSION_DAYS * DAY_MS);
      return openSession(options, { account, expiresAt, context });
    },
    signOut: async ({ context, principal }) => {
      const session = getCookie(context, SESSION_COOKIE);
      if (session !== undefined) await accounts.sessions.remove(hashOf(session));
      deleteCookie(context, SESSION_COOKIE, { path: '/' });
      return { url: await signOutUrl(options, principal) };
    },
    signInWays: async () => {
      const { identityProvider: provider } = options;
      return { ...(provider && { singleSignOn: { name: provider.name, path: SIGN_ON_PATH } }) };
    },
    makeSignInLink: async ({ principal }) => {
      // The token of the data folder is nobody: its link signs in as the first account, or makes it.
      const account = principal.by === 'local' ? await accounts.firstOwner() : principal.id;
      return account === undefined ? linkFor(options, undefined) : linkTo(options, account);
    },
  };
}

/** Signing out here is done whatever the provider says: one that is away has no place to go to. */
async function signOutUrl(
  { accounts, identityProvider, url, log }: HttpOptions,
  principal: Principal,
): Promise<string | undefined> {
  if (!identityProvider || principal.by !== 'session') return undefined;
  if (!(await accounts.get(principal.id))?.signedOn) return undefined;
  return identityProvider.signOutUrl(`${url() ?? ''}/sign-in`).catch((error: unknown) => {
    log.warn({ error: messageOf(error) }, 'the provider of identities did not say where one signs out');
    return undefined;
  });
}

/** What owners do with the accounts of others. */
function peopleHandlers(
  options: HttpOptions,
): Part<'accounts' | 'makeAccount' | 'setGrants' | 'makeAccountLink' | 'removeAccount'> {
  const { accounts, given } = options;
  const record = (principal: Principal, { name }: Account, text: string) =>
    recordAccess(options, actorOf(principal), { subject: name, text });
  return {
    accounts: async () => ({ items: (await accounts.list()).map((account) => accountResponse(account, given)) }),
    makeAccount: async ({ body: { name, grants }, principal }) => {
      const id = crypto.randomUUID();
      if (!(await accounts.add({ id, name, grants })))
        throw new ApiError(409, `Cannot make the account as another one has the name: ${name}. Choose another name.`);
      const account = await accountAt(options, id);
      await record(principal, account, `made the account ${name}: ${grantsText(grants)}`);
      return { account: accountResponse(account, given), ...(await linkTo(options, id)) };
    },
    setGrants: async ({ params, body: { grants }, principal }) => {
      const before = await accountAt(options, params.account);
      await accounts.setGrants(before.id, grants);
      await record(
        principal,
        before,
        `${before.name}: ${grantsText(before.grants)}, from now on ${grantsText(grants)}`,
      );
      return accountResponse({ ...before, grants }, given);
    },
    makeAccountLink: async ({ params, principal }) => {
      const account = await accountAt(options, params.account);
      const link = await linkTo(options, account.id);
      await record(principal, account, `made a link that signs ${account.name} in`);
      return link;
    },
    removeAccount: async ({ params, principal }) => {
      const account = await accountAt(options, params.account);
      await accounts.remove(account.id);
      await record(principal, account, `removed the account ${account.name}: ${grantsText(account.grants)}`);
      return {};
    },
  };
}

async function accountAt({ accounts }: HttpOptions, id: string): Promise<Account> {
  const account = await accounts.get(id);
  if (!account) throw missing('account', id);
  return account;
}

/** A link to an account that signs in by links: a provider's people come from there alone, so that it can keep them out. */
async function linkTo(options: HttpOptions, id: string) {
  const account = await accountAt(options, id);
  if (account.signedOn)
    throw new ApiError(
      409,
      `Cannot make a link as the account signs in at its provider alone: ${account.name}. Use single sign-on.`,
    );
  return linkFor(options, id);
}

async function linkFor({ accounts, url: at }: HttpOptions, account: string | undefined) {
  const { url, expiresAt } = await makeSignInLink(accounts, { url: at() ?? '', account });
  return { url, expiresAt: expiresAt.toISOString() };
}

async function accountOfLink(
  options: HttpOptions,
  { link, name }: { readonly link: string; readonly name?: string },
): Promise<Account> {
  const { accounts } = options;
  const hash = hashOf(link);
  const known = await accounts.links.look(hash);
  if (known && known.account === undefined && name === undefined && (await accounts.firstOwner()) === undefined)
    throw new ApiError(400, 'Cannot make the first account as it has no name. Say your name.');
  const taken = await accounts.links.take(hash);
  if (!taken)
    throw new ApiError(
      403,
      'Cannot sign in as the link was used before or has expired. `mainstay sign-in` prints a new one.',
    );
  const id = taken.account ?? (await accounts.firstOwner()) ?? (await firstAccount(options, name ?? 'owner'));
  return accountAt(options, id);
}

async function firstAccount(options: HttpOptions, name: string): Promise<string> {
  const id = crypto.randomUUID();
  if (!(await options.accounts.add({ id, name, grants: [{ role: 'owner' }] })))
    throw new ApiError(
      409,
      `Cannot make the first account as another one has the name: ${name}. \`mainstay sign-in\` prints a new link: choose another name with it.`,
    );
  const text = `made the first account, ${name}, an owner`;
  await recordAccess(options, { by: name, via: 'console' }, { subject: name, text });
  return id;
}

/** A token opens a page only where it may all that its account may: a page could do more than the token. */
async function accountOfToken({ accounts }: HttpOptions, token: string): Promise<Account> {
  const found = await accounts.tokens.use(hashOf(token));
  if (!found) throw new ApiError(403, 'Cannot sign in as the token is unknown or has expired. Make a new one.');
  const { grant, name } = found.token;
  if (!accessOf([grant]).may('own'))
    throw new ApiError(
      403,
      `Cannot sign in with this token as it may less than its account: ${name} is for ${grantsText([grant])}. Use it with the API.`,
    );
  if (found.account.signedOn)
    throw new ApiError(
      403,
      `Cannot sign in with this token as its account signs in at its provider alone: ${found.account.name}. Use single sign-on, and the token with the API.`,
    );
  return found.account;
}

/** Makes a session and sets its cookie. */
export async function openSession(
  options: HttpOptions,
  {
    account,
    expiresAt,
    context,
    sid,
  }: {
    readonly account: Account;
    readonly expiresAt: Date;
    readonly context: Context;
    readonly sid?: string | undefined;
  },
): Promise<SessionResponse> {
  const session = newSecret('session');
  await options.accounts.sessions.add({ hash: hashOf(session), account: account.id, expiresAt, sid });
  setCookie(context, SESSION_COOKIE, session, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: options.url()?.startsWith('https:') ?? false,
    maxAge: Math.max(1, Math.floor((expiresAt.getTime() - Date.now()) / 1000)),
  });
  const grants = grantsOf(account, options.given);
  return sessionResponse(options, { principal: { ...account, grants, access: accessOf(grants) }, account, session });
}

const ACTING: readonly Exclude<Power, 'read'>[] = ['operate', 'approve', 'own'];

function sessionResponse(
  { given, version }: HttpOptions,
  {
    principal: { id, name, grants, access },
    account,
    session,
  }: {
    readonly principal: Pick<Principal, 'id' | 'name' | 'access'> & { readonly grants: readonly Grant[] };
    readonly account: Account | undefined;
    readonly session: string | undefined;
  },
): SessionResponse {
  return {
    account: account ? accountResponse(account, given) : { id, name, grants, given: [] },
    may: ACTING.filter((power) => access.maySomewhere(power)),
    mayAll: ACTING.filter((power) => access.may(power)),
    csrf: session && csrfOf(session),
    version,
  };
}
