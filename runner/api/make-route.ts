import { z } from 'zod';
import type { Route } from './route.ts';
import { clean } from './schema-parts.ts';

const none = z.object({});

/** An id or a name in an address or a query. */
export const text = clean.min(1).max(500);

/** Keeps the schemas' types while it asks for the rest to be complete. */
export function makeRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  given: Partial<Pick<Route<P, Q, B, A>, 'params' | 'query'>> & Omit<Route<P, Q, B, A>, 'params' | 'query'>,
): Route<P, Q, B, A> {
  return { params: none as unknown as P, query: none as unknown as Q, ...given };
}
