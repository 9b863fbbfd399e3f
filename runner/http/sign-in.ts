import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { AS_HEADER } from '../api/route.ts';
import { accessOf, type Grant } from '../core/access.ts';
import {
  type Account,
  type AccountStore,
  accessWith,
  type GivenGrant,
  grantsOf,
  type Principal,
} from '../core/account.ts';
import type { IdentityProvider } from '../core/identity-provider.ts';
import { ApiError } from './api-error.ts';

export const SESSION_COOKIE = 'mainstay_session';
export const CSRF_HEADER = 'x-mainstay-csrf';
/** One line that anybody can read. */
const PERSON = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;
export const SESSION_DAYS = 30;
/** Where a browser begins to sign in at the provider of identities. */
export const SIGN_ON_PATH = '/auth/start';
const LINK_MINUTES = 60;

/** A secret of 256 bits. Only its hash is kept, so that no program or log of ours ever has it to show. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a secret. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The token that a page of this session sends with each change: made of the session, so that nothing has to be stored. */
export function csrfOf(session: string): string {
  return createHash('sha256').update(`csrf:${session}`).digest('base64url');
}

/**
 * Makes a link that signs in once, within the hour. The secret stands after the #, so that it is in no server's log and no `Referer`. Without an
 * account, whoever opens it makes the first one.
 */
export async function makeSignInLink(
  accounts: AccountStore,
  { url, account }: { readonly url: string; readonly account: string | undefined },
): Promise<{ readonly url: string; readonly expiresAt: Date }> {
  // The page asks for a name where the account is yet to be made.
  const secret = newSecret(account === undefined ? 'first' : 'link');
  const expiresAt = new Date(Date.now() + LINK_MINUTES * 60_000);
  await accounts.links.add({ hash: hashOf(secret), account, expiresAt });
  return { url: `${url}/sign-in#${secret}`, expiresAt };
}

export interface Doorkeeper {
  readonly accounts: AccountStore;
  /** What the runner's file gives to whom. */
  readonly given: readonly GivenGrant[];
  readonly identityProvider: IdentityProvider | undefined;
  /** The token of the data folder: for the command line on this machine. */
  readonly token: string;
}

/** Who asks. Throws 401 where nobody shows that they may. */
export async function whoAsks(doorkeeper: Doorkeeper, context: Context): Promise<Principal> {
  const bearer = /^Bearer (\S+)$/.exec(context.req.header('authorization') ?? '')?.[1];
  if (bearer !== undefined) return byToken(doorkeeper, bearer, context.req.header(AS_HEADER));
  const session = getCookie(context, SESSION_COOKIE);
  const account = session === undefined ? undefined : await doorkeeper.accounts.sessions.find(hashOf(session));
  if (!account || session === undefined)
    throw new ApiError(
      401,
      'Cannot answer as nobody is signed in. Open a one-time link (`mainstay sign-in` prints one), or send Authorization: Bearer.',
    );
  refuseLeft(account, doorkeeper);
  refuseForeignPage(context, session);
  const grants = grantsOf(account, doorkeeper.given);
  return { id: account.id, name: account.name, grants, access: accessOf(grants), by: 'session', via: 'console' };
}

/**
 * Who comes from a provider counts for as long as that is where people sign in. A page asks it again soon; a token would outlive whoever left there, and so
 * counts for a while after its owner was seen.
 */
function refuseLeft(
  { name, signedOn }: Account,
  { identityProvider, tokens = false }: Pick<Doorkeeper, 'identityProvider'> & { readonly tokens?: boolean },
): void {
  if (!signedOn) return;
  if (identityProvider?.issuer !== signedOn.issuer)
    throw new ApiError(
      401,
      `Cannot answer as people of that provider do not sign in here any more: ${name}. Ask an owner.`,
    );
  if (tokens && Date.now() - signedOn.at.getTime() > identityProvider.tokensMs)
    throw new ApiError(
      401,
      `Cannot answer as the token's owner has not signed in since ${signedOn.at.toISOString().slice(0, 10)}: ${name}. Sign in to the console once more.`,
    );
}

/** What the token of the data folder may. */
const EVERYTHING: readonly Grant[] = [{ role: 'owner' }];

async function byToken(
  { accounts, token, given, identityProvider }: Doorkeeper,
  secret: string,
  as: string | undefined,
): Promise<Principal> {
  if (sameSecret(secret, token))
    return {
      id: 'local',
      name: personIn(as),
      grants: EVERYTHING,
      access: accessOf(EVERYTHING),
      by: 'local',
      via: 'this machine',
    };
  const found = await accounts.tokens.use(hashOf(secret));
  if (!found) throw new ApiError(401, 'Cannot answer as the token is unknown or has expired. Make a new one.');
  const { account, token: used } = found;
  refuseLeft(account, { identityProvider, tokens: true });
  const grants = grantsOf(account, given);
  const access = accessWith(grants, used.grant);
  return { id: account.id, name: account.name, grants, access, by: 'token', via: `token ${used.name}` };
}

/** Whoever has the token of the data folder may do everything as anybody: it says only for the trail who it is. */
function personIn(header: string | undefined): string {
  if (header === undefined) return 'local';
  const name = decoded(header);
  if (name !== undefined && PERSON.test(name)) return name;
  throw new ApiError(
    400,
    `Cannot tell who asks as the header is no name of at most 200 letters, percent-encoded: ${AS_HEADER}. Correct it.`,
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function sameSecret(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(hashOf(given)), Buffer.from(hashOf(wanted))];
  return timingSafeEqual(a, b);
}

/**
 * A cookie comes along whoever's page asks: so a change needs what only our page can send. `SameSite=Strict` says the same to the browser; this does not
 * depend on it.
 */
function refuseForeignPage(context: Context, session: string): void {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return;
  const site = context.req.header('sec-fetch-site');
  const given = context.req.header(CSRF_HEADER) ?? '';
  if ((site === undefined || site === 'same-origin') && sameSecret(given, csrfOf(session))) return;
  throw new ApiError(
    403,
    `Cannot do that as the request does not show that it comes from this page: ${CSRF_HEADER}. Reload the page.`,
  );
}
