import { accessOf, grantsText } from '../core/access.ts';
import { type AccessToken, actorOf, type Principal } from '../core/account.ts';
import { recordAccess } from './account-routes.ts';
import { ApiError, missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import type { HttpOptions } from './http-options.ts';
import { accessTokenResponse } from './responses-of.ts';
import { hashOf, newSecret } from './sign-in.ts';

const DAY_MS = 86_400_000;

/** Everybody has tokens of their own; an owner of everything sees and ends those of others too. */
export function tokenHandlers(options: HttpOptions): Part<'tokens' | 'makeToken' | 'removeToken'> {
  const { accounts } = options;
  const tokensOf = async (principal: Principal): Promise<readonly AccessToken[]> => {
    const all = await accounts.tokens.list();
    return principal.access.may('own') ? all : all.filter(({ account }) => account === principal.id);
  };
  return {
    tokens: async ({ principal }) => ({ items: (await tokensOf(principal)).map(accessTokenResponse) }),
    makeToken: async ({ body: { name, days, ...grant }, principal }) => {
      const account = await accountFor(options, principal);
      const token = newSecret('mainstay');
      const id = crypto.randomUUID();
      const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * DAY_MS);
      await accounts.tokens.add({ id, name, account, grant, hash: hashOf(token), expiresAt });
      const text = `made the token ${name}, ${grantsText([grant])}, ${expiresAt ? `until ${expiresAt.toISOString()}` : 'without an end'}`;
      await recordAccess(options, actorOf(principal), { subject: name, text });
      const made = { id, name, account, grant, createdAt: new Date(), lastUsedAt: undefined, expiresAt };
      return { ...accessTokenResponse(made), token };
    },
    removeToken: async ({ params, principal }) => {
      const found = (await tokensOf(principal)).find(({ id }) => id === params.token);
      if (!found || !(await accounts.tokens.remove(found.id))) throw missing('token', params.token);
      const text = `removed the token ${found.name}`;
      await recordAccess(options, actorOf(principal), { subject: found.name, text });
      return {};
    },
  };
}

/** Whose a new token is. A token that may less than its account must not make one that may more. */
async function accountFor({ accounts }: HttpOptions, principal: Principal): Promise<string> {
  if (principal.by === 'token' && !principal.access.may('own'))
    throw new ApiError(
      403,
      `Cannot make a token as who asks has only a token that may less than its account: ${principal.via}. Make it in the console.`,
    );
  if (!accessOf(principal.grants).maySomewhere('read'))
    throw new ApiError(403, `Cannot make a token as nobody has given you a role: ${principal.name}. Ask an owner.`);
  const account = principal.by === 'local' ? await accounts.firstOwner() : principal.id;
  if (account === undefined)
    throw new ApiError(409, 'Cannot make a token as there is no account yet. Open the one-time link first.');
  return account;
}
