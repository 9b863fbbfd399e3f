/**
 * The closed set of failures. Anything that is not a `MainstayError` is a bug of ours.
 *
 * - `user`: a mistake in the user's file, program or command. Shown verbatim, never retried.
 * - `conflict`: somebody else holds what is needed. Queued again.
 * - `transient`: network, 429, 5xx, a database that restarts. Retried with back-off.
 * - `ignored`: not for us; the message is the reason.
 */
export type ErrorKind = 'user' | 'conflict' | 'transient' | 'ignored';

/** Where in a file the mistake is. Lines and columns count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * An expected failure. The text follows one form: *Cannot VERB WHAT as WHY: VALUE. WHAT TO DO.*
 * With a `place` the text starts with `file:line:column`.
 */
export class MainstayError extends Error {
  readonly kind: ErrorKind;
  readonly place: SourcePlace | undefined;

  constructor(
    kind: ErrorKind,
    message: string,
    options: { readonly place?: SourcePlace; readonly cause?: unknown } = {},
  ) {
    super(options.place ? `${formatPlace(options.place)} ${message}` : message, { cause: options.cause });
    this.name = 'MainstayError';
    this.kind = kind;
    this.place = options.place;
  }
}

/** `file:line:column`, as far as known. Terminals and editors make a link of it. */
export function formatPlace(place: SourcePlace): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
}

/** A mistake that only the user can correct. */
export function userError(
  message: string,
  options: { readonly place?: SourcePlace; readonly cause?: unknown } = {},
): MainstayError {
  return new MainstayError('user', message, options);
}

/** The text of anything thrown, without a stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a MainstayError, optionally of one kind. */
export function isMainstayError(error: unknown, kind?: ErrorKind): error is MainstayError {
  return error instanceof MainstayError && (kind === undefined || error.kind === kind);
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE`, ...), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
