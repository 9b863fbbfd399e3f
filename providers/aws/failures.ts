import { ProviderError } from '../../protocol/provider.ts';

/** A failed AWS call, in the user's words. `code` is AWS's own name of the failure. */
export class AwsFailure extends ProviderError {
  readonly code: string;
  /** What AWS itself said. */
  readonly reason: string;
  /** Of the answer; undefined if none came: nobody knows then whether the call was done. */
  readonly httpStatus: number | undefined;
  constructor(code: string, message: string, cause: Error) {
    super(message, { cause });
    this.name = 'AwsFailure';
    this.code = code;
    this.reason = cause.message;
    this.httpStatus = (
      cause as { readonly $metadata?: { readonly httpStatusCode?: number } }
    ).$metadata?.httpStatusCode;
  }
}

interface CallPlace {
  readonly service: string;
  readonly action: string;
  readonly configuration: { readonly region: string };
}

/** What to do, by AWS's name of the failure. The first pattern that matches counts. */
const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /^(CredentialsProviderError|NoCredentials|TokenProviderError)/,
    'Give credentials by environment, profile or `aws:accessKey` and `aws:secretKey`.',
  ],
  [/^(ExpiredToken|ExpiredTokenException|RequestExpired)/, 'Get new credentials and try again.'],
  [
    /^(InvalidClientTokenId|UnrecognizedClientException|AuthFailure|InvalidAccessKeyId|SignatureDoesNotMatch)/,
    'Check the access key, its secret and that it belongs to this partition.',
  ],
  [
    /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError|NotAuthorized)/,
    'Allow this action to the role or user named above.',
  ],
  [
    /(LimitExceeded|LimitExceededException|QuotaExceeded|TooMany\w*|ResourceLimitExceeded)/,
    'Ask AWS for a higher quota, or delete what is not needed.',
  ],
  [
    /(AlreadyExists|EntityAlreadyExists|BucketAlreadyOwnedByYou|ResourceInUse|Duplicate)/,
    'Choose another name, or take over what exists by `import`.',
  ],
  [
    /^(OptInRequired|UnknownEndpoint|InvalidRegion|ENOTFOUND)/,
    'Check `aws:region`: the region may be misspelt or not enabled for the account.',
  ],
  [
    /(DeletionProtection|OperationNotPermitted|TerminationProtection)/,
    'Switch the protection off in an update of its own first.',
  ],
];

/** Makes an `AwsFailure` of anything that a client throws. Failures that were translated already stay as they are. */
export function translateFailure(error: unknown, place: CallPlace): Error {
  if (error instanceof AwsFailure || !(error instanceof Error) || error.name === 'AbortError') return error as Error;
  const code = codeOf(error);
  const advice = ADVICE.find(([pattern]) => pattern.test(code))?.[1] ?? 'See the message of AWS.';
  const region = place.configuration.region ? ` in ${place.configuration.region}` : '';
  const message = error.message.trim().replace(/\.$/, '');
  return new AwsFailure(
    code,
    `Cannot call ${place.service}:${place.action}${region} as AWS answered ${code}: ${message}. ${advice}`,
    error,
  );
}

/** What EC2 and some others put in a denial in place of the reason. */
const ENCODED = /\s*Encoded authorization failure message: ([\w-]+)\.?/;

/** The failure with AWS's encoded reason taken out, and in the clear where `decode` can. Others stay as they are. */
export async function clarifyDenial(
  error: Error,
  decode: (encoded: string) => Promise<string | undefined>,
): Promise<Error> {
  const encoded = ENCODED.exec(error.message)?.[1];
  if (encoded === undefined) return error;
  const decoded = await decode(encoded).catch(() => undefined);
  const reason = decoded === undefined ? UNDECODED : denialText(decoded);
  error.message = `${error.message.replace(ENCODED, '').trim().replace(/\.$/, '')} (${reason})`;
  return error;
}

const UNDECODED = 'AWS encoded the reason; it can be read with the permission sts:DecodeAuthorizationMessage';

/** `context` of https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html in a sentence. */
function denialText(decoded: string): string {
  interface Denial {
    readonly explicitDeny?: boolean;
    readonly context?: {
      readonly principal?: { readonly arn?: string };
      readonly action?: string;
      readonly resource?: string;
    };
  }
  try {
    const { explicitDeny, context } = JSON.parse(decoded) as Denial;
    const why = explicitDeny ? 'a policy denies' : 'no policy allows';
    return `${why} ${context?.principal?.arn ?? 'the caller'} the action ${context?.action} on ${context?.resource}`;
  } catch {
    return UNDECODED;
  }
}

function codeOf(error: Error): string {
  const { Code, code } = error as { readonly Code?: unknown; readonly code?: unknown };
  if (typeof Code === 'string') return Code;
  if (error.name !== 'Error') return error.name;
  return typeof code === 'string' ? code : 'an unknown failure';
}

/** Whether the failure says that the thing is not there. Codes of EC2 end in `.NotFound`. */
export function isNotFound(error: unknown): boolean {
  return (
    error instanceof AwsFailure &&
    /(\.NotFound|NotFound(Exception|Error)?$|^NoSuch|NonExistent|DoesNotExist)/.test(error.code)
  );
}

/** Resolves to undefined where the call says that the thing is not there. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Something still holds on to the resource: it goes away by itself once the holder is gone. */
export function isDependencyViolation(error: unknown): boolean {
  return (
    error instanceof AwsFailure &&
    /^(DependencyViolation|DeleteConflict|ResourceInUseException|InvalidIPAddress\.InUse|InvalidGroup\.InUse)/.test(
      error.code,
    )
  );
}

/** AWS asks for fewer calls; the call was not done. */
export function isThrottled(error: unknown): boolean {
  return (
    error instanceof AwsFailure &&
    (error.httpStatus === 429 || /Throttl|RequestLimitExceeded|SlowDown|PriorRequestNotComplete/.test(error.code))
  );
}

/** Nobody knows whether the call was done: the connection was cut, or AWS failed in the middle of it. */
export function isAmbiguous(error: unknown): boolean {
  if (!(error instanceof AwsFailure) || isThrottled(error)) return false;
  if (error.httpStatus !== undefined) return error.httpStatus >= 500;
  return /ECONNRESET|EPIPE|ETIMEDOUT|TimeoutError|Networking|socket hang up/i.test(`${error.code} ${error.reason}`);
}

/** Something of that name is there. */
export function isAlreadyThere(error: unknown): boolean {
  return (
    error instanceof AwsFailure &&
    /AlreadyExist|AlreadyOwnedByYou|\.Duplicate|\.Conflict|^ResourceInUse|Conflict(Exception)?$/.test(error.code)
  );
}
