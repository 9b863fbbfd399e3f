import { userError } from '../../foundation/errors.ts';
import type { Identity } from '../core/identity-provider.ts';

type Claims = Readonly<Record<string, unknown>>;

const LONGEST_NAME = 100;
const MOST_GROUPS = 1000;

/** A claim by its name, or by names with dots where none has the whole. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

/** What is made of somebody's claims. Throws a user error where they cannot be used. */
export function readIdentity(
  claims: Claims,
  { groupsClaim, nameClaim }: { readonly groupsClaim: string; readonly nameClaim: string },
): Identity {
  const { sub, sid } = claims;
  if (typeof sub !== 'string' || sub === '') throw unusable('it does not say who it is', 'sub');
  // Entra ID leaves the list out where it is long, and says so in this claim.
  const elsewhere = claims._claim_names;
  if (typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, groupsClaim))
    throw unusable(
      'there are too many groups for a token',
      groupsClaim,
      'Let the provider send those of this application alone, or roles of it (groupsClaim: roles).',
    );
  const email = claims.email_verified === true && typeof claims.email === 'string' ? claims.email : undefined;
  return {
    subject: sub,
    name: nameIn(claims, nameClaim),
    groups: groupsIn(claimAt(claims, groupsClaim), groupsClaim),
    email,
    sid: typeof sid === 'string' ? sid : undefined,
  };
}

function nameIn(claims: Claims, nameClaim: string): string {
  const name = claimAt(claims, nameClaim);
  if (typeof name !== 'string' || name.trim() === '')
    throw unusable('it does not say a name', nameClaim, 'Let the provider send it, or name another one as nameClaim.');
  if (name.length > LONGEST_NAME || /[\p{C}\p{Zl}\p{Zp}]/u.test(name))
    throw unusable(`it is no line of at most ${LONGEST_NAME} letters`, nameClaim);
  return name.trim();
}

function groupsIn(value: unknown, groupsClaim: string): readonly string[] {
  if (value === undefined || value === null) return [];
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!groups.every((group) => typeof group === 'string') || groups.length > MOST_GROUPS)
    throw unusable(`it is no list of at most ${MOST_GROUPS} names`, groupsClaim);
  return groups as readonly string[];
}

function unusable(why: string, claim: string, advice = 'See what the provider sends.'): Error {
  return userError(`Cannot sign in by what the provider says as ${why}: ${claim}. ${advice}`);
}
