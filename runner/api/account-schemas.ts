import { z } from 'zod';
import { time } from './schema-parts.ts';

/** Who asks: accounts, sessions, one-time links and tokens. */
const ROLES = ['owner', 'viewer'] as const;

export const accountSchema = z.object({ id: z.string(), name: z.string(), role: z.enum(ROLES) });

export const sessionSchema = z.object({
  account: accountSchema,
  csrf: z
    .string()
    .optional()
    .describe('Sent back as the header `x-mainstay-csrf` with every change that a signed-in page asks for'),
  version: z.string(),
});

/** A person's name, for approvals. */
const personName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be in there
  .regex(/^[^\u0000-\u001f\u007f]*$/);

export const signInSchema = z.union([
  z
    .strictObject({ link: z.string().min(1).max(200), name: personName.optional() })
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
  role: z.enum(ROLES),
  createdAt: time,
  lastUsedAt: time.optional().describe('To the minute'),
  expiresAt: time.optional(),
});

export const newTokenRequestSchema = z.strictObject({
  name: personName.describe('What it is for'),
  role: z.enum(ROLES).default('owner'),
  days: z.number().int().min(1).max(3650).optional().describe('Until it expires; left out: never'),
});

export const newTokenSchema = accessTokenSchema.extend({ token: z.string().describe('Shown this once') });
