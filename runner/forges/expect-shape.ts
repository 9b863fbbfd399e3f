import type { z } from 'zod';
import { type ForgeServer, transient } from './forge-fetch.ts';

/** What a forge answered, as far as we read it. Rejected as transient where it is something else: a proxy's page, a release that is being rolled out. */
export function expectShape<T>(
  server: ForgeServer,
  { what, schema, value }: { readonly what: string; readonly schema: z.ZodType<T>; readonly value: unknown },
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue!.path.join('.') || 'answer';
  throw transient(server, `its answer is not what its API says (${what})`, `${place}: ${issue!.message}`);
}
