import { z } from 'zod';

/** What many schemas of the API are made of. */
export function list<T extends z.ZodType>(item: T) {
  return z.array(item).readonly();
}

/** PostgreSQL keeps no NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be in there
export const clean = z.string().regex(/^[^\u0000]*$/);

export const time = z.iso.datetime().describe('ISO 8601 in UTC');
export const sandbox = z.boolean().describe('Its resources live in the sandbox, not in a cloud');
export const commit = z.string().describe('Hash of a Git commit');
