import { errors as joseErrors } from 'jose';
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { isMainstayError, MainstayError, messageOf, userError } from '../../foundation/errors.ts';

/**
 * What went wrong at a provider, as an error of ours. The words of the libraries name what did not hold; values, which may be tokens, are in `cause` and are not
 * taken along.
 */
export function signOnError(error: unknown, issuer: string): Error {
  if (isMainstayError(error)) return error;
  if (error instanceof AuthorizationResponseError)
    return userError(
      `Cannot sign in as the provider refused: ${error.error_description ?? error.error} (${issuer}). Ask whoever looks after it.`,
    );
  if (error instanceof ResponseBodyError && error.status < 500)
    return userError(
      `Cannot sign in as the provider did not take the code: ${error.error_description ?? error.error} (${issuer}). Try again; if it stays, see clientId and clientSecret in the runner's file.`,
    );
  if (error instanceof joseErrors.JOSEError && !(error instanceof joseErrors.JWKSTimeout))
    return unsound(error, issuer);
  if (isAway(error))
    return new MainstayError(
      'transient',
      `Cannot sign in as the provider does not answer: ${issuer}. Try again; an owner's one-time link (\`mainstay sign-in\` on the runner's machine) works without it.`,
    );
  if (error instanceof ClientError) return unsound(error, issuer);
  return error instanceof Error ? error : new Error(String(error));
}

function unsound(error: Error, issuer: string): Error {
  return userError(
    `Cannot sign in as what came from the provider does not hold: ${whyOf(error)} (${issuer}). Begin again from the page of Mainstay.`,
  );
}

/** The connection failed, took too long, or the other side is broken. */
function isAway(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code, name } = each as Error & { readonly code?: unknown };
    if (name === 'TimeoutError' || name === 'AbortError' || code === 'OAUTH_TIMEOUT') return true;
    if (code === 'ERR_JWKS_TIMEOUT' || /^E[A-Z]+$|^UND_ERR/.test(String(code))) return true;
    if (each.message === 'fetch failed') return true;
    if (each.cause instanceof Response) return each.cause.status >= 500;
  }
  return error instanceof ResponseBodyError;
}

/** One level down: what is further down may quote what came. */
function whyOf(error: Error): string {
  const { cause } = error;
  return messageOf(cause instanceof Error ? cause : error)
    .replace(/\s+/g, ' ')
    .slice(0, 200);
}
