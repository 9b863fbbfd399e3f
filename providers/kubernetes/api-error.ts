import { isFields, type KubeFields, type KubeValue, listAt, numberAt, textAt } from './object.ts';

/** One reason of a refusal, as the API server gives it (metav1.StatusCause). */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** What the API server answered when it refused a request (metav1.Status). */
export class ApiError extends Error {
  /** The HTTP status code. */
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, ... or ''. */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | undefined;
  readonly details: KubeFields;

  constructor(code: number, body: string, retryAfter?: number) {
    const status = parseStatus(body);
    super(textAt(status, 'message') || body.trim().slice(0, 500) || `HTTP status ${code}`);
    this.name = 'ApiError';
    this.code = code;
    this.reason = textAt(status, 'reason');
    this.details = isFields(status.details) ? status.details : {};
    this.causes = listAt(status, 'details', 'causes').map((cause) => ({
      reason: textAt(cause, 'reason'),
      message: textAt(cause, 'message'),
      field: textAt(cause, 'field'),
    }));
    this.retryAfter = retryAfter ?? (numberAt(status, 'details', 'retryAfterSeconds') || undefined);
  }
}

function parseStatus(body: string): KubeFields {
  try {
    const parsed: KubeValue = JSON.parse(body);
    return isFields(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** The cluster could not be asked: no connection, no credentials, or credentials that it does not take. */
export class UnreachableError extends Error {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'UnreachableError';
  }
}

/** The API server has no such kind: its definition is missing, or the version is not served. */
export class NoSuchKindError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoSuchKindError';
  }
}

export function isApiError(error: unknown, code: number): error is ApiError {
  return error instanceof ApiError && error.code === code;
}

/** Whether the namespace that an object is to be put in does not exist. */
export function isMissingNamespace(error: unknown): boolean {
  return isApiError(error, 404) && textAt(error.details, 'kind') === 'namespaces';
}

/** The fields that the server refused to change as they cannot be changed after creation; empty for any other error. */
export function immutableFields(error: unknown): readonly string[] {
  if (!isApiError(error, 422)) return [];
  const isAboutThat = /immutable|may not (be changed|change)|forbidden: updates to|updates to .* are forbidden/i;
  return error.causes.filter(({ message }) => isAboutThat.test(message)).map(({ field }) => field);
}

/** Whether the user has no role that allows the request. Refusals of webhooks and policies have the same code but another text. */
export function isMissingPermission(error: unknown): boolean {
  return isApiError(error, 403) && /\bcannot \S+ (resource|path) /.test(error.message);
}

/** The managers whose fields an apply would take away, by the server's answer to a conflict. */
export function conflictingManagers(error: ApiError): readonly { readonly manager: string; readonly field: string }[] {
  return error.causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message, field }) => ({ manager: /^conflict with "([^"]*)"/.exec(message)?.[1] ?? message, field }));
}
