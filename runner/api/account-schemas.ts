import { z } from 'zod';
import { POWERS, ROLES } from './access-words.ts';
import { clean, list, time } from './schema-parts.ts';

/** Who asks: accounts, sessions, one-time links and tokens. */

const patterns = clean
  .min(1)
  .max(200)
  .regex(/^(?!!)/, 'may not begin with !: a pattern gives, it takes nothing away')
  .array()
  .min(1)
  .max(100)
  .readonly()
  .optional();

const scope = {
  repositories: patterns.describe('Names, with `*`; left out: all'),
  stacks: patterns.describe('Ids or names, with `*`; left out: all'),
  environments: patterns.describe('Names, with `*`; left out: all'),
};

/** A role, and the stacks that it is for: those that every list that is given has a pattern for. */
export const grantSchema = z.strictObject({ role: z.enum(ROLES), ...scope });

/** What somebody may do with what is answered; reading is having the answer. */
export const maySchema = list(z.enum(POWERS).exclude(['read'])).describe(
  'What whoever asks may do with it: `operate`, `approve`, `own`',
);

export const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  grants: list(grantSchema).describe('All that they have, the runner’s file included'),
  given: list(grantSchema).describe('What was given here, without the runner’s file'),
  groups: list(z.string()).optional().describe('As their provider said when they signed in last; left out without one'),
  email: z.string().optional(),
  signedOnAt: time.optional().describe('When they last came from their provider'),
  createdAt: time.optional(),
});

const accountName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be in there
  .regex(/^[^\u0000-\u001f\u007f]*$/);

export const newAccountRequestSchema = z.strictObject({
  name: accountName.describe('What approvals and the audit trail call them'),
  grants: z.array(grantSchema).min(1).max(50).readonly(),
});

export const newAccountSchema = z.object({
  account: accountSchema,
  url: z.string().describe('Signs them in, once'),
  expiresAt: time,
});

export const grantsRequestSchema = z.strictObject({ grants: z.array(grantSchema).max(50).readonly() });

export const sessionSchema = z.object({
  account: accountSchema,
  may: maySchema.describe('What they may do somewhere'),
  mayAll: maySchema.describe('What they may do everywhere'),
  csrf: z
    .string()
    .optional()
    .describe('Sent back as the header `x-mainstay-csrf` with every change that a signed-in page asks for'),
  version: z.string(),
});

export const signInSchema = z.union([
  z
    .strictObject({ link: z.string().min(1).max(200), name: accountName.optional() })
    .describe('With the secret of a one-time link; the first account says its name'),
  z.strictObject({ token: z.string().min(1).max(200) }).describe('With an access token'),
]);

export const signInLinkSchema = z.object({
  url: z.string().describe('Opens a page that signs in, once'),
  expiresAt: time,
});

export const accessTokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  account: z.string(),
  ...grantSchema.shape,
  createdAt: time,
  lastUsedAt: time.optional().describe('To the minute'),
  expiresAt: time.optional(),
});

export const newTokenRequestSchema = z.strictObject({
  name: accountName.describe('What it is for'),
  role: z.enum(ROLES).default('owner').describe('The most that it may; what its owner may not, it may not either'),
  ...scope,
  days: z.number().int().min(1).max(3650).optional().describe('Until it expires; left out: never'),
});

export const newTokenSchema = accessTokenSchema.extend({ token: z.string().describe('Shown this once') });

export const signedOutSchema = z.object({
  url: z.string().optional().describe('Where the browser ends its session with the provider of identities too'),
});

export const signInWaysSchema = z.object({
  singleSignOn: z
    .object({ name: z.string(), path: z.string().describe('Where the browser begins') })
    .optional()
    .describe('Left out: only one-time links and tokens'),
});
