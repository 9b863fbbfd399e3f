import type { z } from 'zod';

/** Who it is that has the token of the data folder, percent-encoded: for the audit trail. It counts for nothing with another token. */
export const AS_HEADER = 'x-mainstay-as';

/** One operation of the API: what is validated, what is answered, and what the OpenAPI document says of it. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'post' | 'delete';
  /** As OpenAPI writes it: `/api/runs/{run}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Whether it needs nobody to be signed in. Default: it does. */
  readonly open?: boolean;
  readonly params: Params;
  readonly query: Query;
  /** undefined: it takes none. */
  readonly body?: Body;
  readonly answer: Answer;
  /** The status of success. Default 200. */
  readonly status?: 200 | 201 | 202;
  /** The answer is a stream of server-sent events, each with data of the answer's schema. */
  readonly stream?: boolean;
  /** Statuses beyond those that every operation has (400, 401, 429, 500, 503). */
  readonly errors?: readonly (403 | 404 | 409)[];
}

/** What the handler of a route gets, validated. */
export interface InputOf<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: z.output<NonNullable<R['body']>>;
}

export type AnswerOf<R extends Route> = z.input<R['answer']>;
