import type { Context } from 'hono';
import { isMainstayError, messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { redactor } from '../../foundation/redact.ts';
import type { ErrorResponse } from '../api/responses.ts';

/** A refusal with its HTTP status. The text follows the form of foundation/errors.ts. */
export class ApiError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 421;

  constructor(status: ApiError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

const KINDS: Readonly<Record<ApiError['status'], ErrorResponse['kind']>> = {
  400: 'user',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'missing',
  405: 'user',
  409: 'conflict',
  413: 'user',
  421: 'user',
};

const STATUSES = { user: 400, ignored: 400, conflict: 409, transient: 503 } as const;

export function missing(what: string, id: string): ApiError {
  return new ApiError(404, `Cannot show the ${what} as there is none: ${id}. See the list of what there is.`);
}

/** Every failure as the one shape that the API has. What is a bug of ours is logged, with an id that whoever asked sees. */
export function errorAnswer(log: Log, error: unknown, context: Context): Response {
  if (error instanceof ApiError)
    return answer(context, error.status, { kind: KINDS[error.status], error: error.message });
  if (isMainstayError(error)) {
    const kind = error.kind === 'ignored' ? 'user' : error.kind;
    return answer(context, STATUSES[error.kind], { kind, error: error.message });
  }
  const id = crypto.randomUUID();
  log.error({ id, error: messageOf(error), err: error }, 'a request failed by a bug of ours');
  const text = `Cannot answer as there is a bug in Mainstay: ${id}. The runner's log says more under this id.`;
  return answer(context, 500, { kind: 'bug', error: text });
}

function answer(context: Context, status: number, body: ErrorResponse): Response {
  return context.json({ ...body, error: redactor.redact(body.error) }, status as 400);
}
