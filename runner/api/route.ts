import type { z } from 'zod';

/** Who it is that has the token of the data folder, percent-encoded: for the audit trail. It counts for nothing with another token. */
export const AS_HEADER = 'x-mainstay-as';

/**
 * Who may ask, as `<power> <of what>`; http/guard.ts holds every request to it before its handler runs.
 *
 * - `nobody`: it needs nobody to be signed in; `anybody`: anybody who is.
 * - of `all`: of everything there is and will be.
 * - of `some`: of any stack at all; the answer has only what may be seen.
 * - of `part`: of any stack of the repository of the address.
 * - of `repository`, `stack`, `run`, `change`, `rollout`: of that of the address, a rollout being the environment that it waits at.
 *
 * `decide` needs the power of the decision: `approve` to approve and reject, `operate` to retry and give up, `own` to break glass.
 */
export type Need =
  | 'nobody'
  | 'anybody'
  | `${'read' | 'operate' | 'approve' | 'own'} ${'all' | 'some' | 'part' | Subject}`
  | `decide ${Subject}`;

/** What an address is about, by the name of its parameter. */
export type Subject = 'repository' | 'stack' | 'run' | 'change' | 'rollout';

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
  readonly needs: Need;
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
