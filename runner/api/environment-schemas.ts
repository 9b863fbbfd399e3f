import { z } from 'zod';
import { maySchema } from './account-schemas.ts';
import { clean, commit, sandbox, time } from './schema-parts.ts';

/** A running copy of a stack for one change. */
export const environmentSchema = z.object({
  repository: z.string(),
  stack: z.string().describe('Its own: `<project>/pr-12`'),
  template: z.string().describe('Id of the stack that it is a copy of'),
  change: z.string().describe('`<repository>/<name>`'),
  state: z
    .enum(['waiting', 'making', 'ready', 'failed', 'removing', 'stuck', 'removed'])
    .describe('`stuck`: it could not be destroyed, and that is tried again'),
  summary: z.string().describe('Why it is so, or what it waits for'),
  commit: commit.optional().describe('What it was made at last, or is being made at'),
  run: z.string().optional().describe('Id of its newest run'),
  outputs: z.record(z.string(), z.unknown()).describe('Secrets are `[secret]`'),
  sandbox,
  expiresAt: time.optional().describe('When it is destroyed unless something is pushed before'),
  againAt: time.optional().describe('When it is tried again'),
  may: maySchema,
  updatedAt: time,
});

export const environmentRequestSchema = z.strictObject({
  asked: z.enum(['up', 'down']).describe('`up`: make it, anew where there is one, and keep it longer'),
  commit: clean.max(64).optional().describe("The head that was read; needed for a stranger's change"),
});
