import http from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf, systemCode } from '../../foundation/errors.ts';
import { ApiError, isApiError, UnreachableError } from './api-error.ts';
import type { ClientSettings } from './configuration.ts';
import type { Connection, Endpoint } from './connection.ts';
import type { KubeObject } from './object.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root, without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** One event of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

/** How often a request is sent again that the server was too busy for (429, or 5xx with a time to wait). */
const MAX_BUSY_RETRIES = 10;
const MAX_WAIT_SECONDS = 30;
/** The part of the time to wait that is added at random, at most. */
const SPREAD = 0.5;

/**
 * The API server over HTTP. Rejects with an `ApiError` for what the server refuses and with an `UnreachableError` where it cannot
 * be asked or does not accept the credentials. A server that is too busy is asked again when it says so.
 */
export class ApiClient {
  readonly #connection: Connection;
  readonly #settings: ClientSettings;
  readonly #clock: Clock;
  readonly #limit: RateLimit;

  constructor(connection: Connection, settings: ClientSettings, clock: Clock) {
    this.#connection = connection;
    this.#settings = settings;
    this.#clock = clock;
    this.#limit = createRateLimit(settings, clock);
  }

  async request(request: ApiRequest): Promise<KubeObject> {
    for (let attempt = 0; ; attempt += 1) {
      await this.#limit.take(request.signal);
      const wait = await this.#tryOnce(request).then(
        (answer) => ({ answer }),
        (error: unknown) => ({ error, seconds: secondsToWait(error, attempt) }),
      );
      if ('answer' in wait) return wait.answer;
      if (wait.seconds === undefined) throw wait.error;
      // Not all at the same moment: those that were refused together would be refused together again.
      await this.#clock.sleep(wait.seconds * 1000 * (1 + Math.random() * SPREAD), request.signal);
    }
  }

  /** Credentials that the server refuses are renewed once: a token may just have expired. */
  async #tryOnce(request: ApiRequest): Promise<KubeObject> {
    const endpoint = await this.#connection.endpoint();
    try {
      return await this.#send(endpoint, request);
    } catch (error) {
      if (!isApiError(error, 401)) throw error;
    }
    await this.#connection.renew(endpoint);
    const renewed = await this.#connection.endpoint();
    try {
      return await this.#send(renewed, request);
    } catch (error) {
      if (!isApiError(error, 401)) throw error;
      throw new UnreachableError(
        `the API server at ${renewed.url.origin} does not accept the credentials (401 Unauthorized): ` +
          `${whyRefused(renewed, this.#clock.now())}. Log in again, or correct the kubeconfig`,
      );
    }
  }

  async #send(endpoint: Endpoint, request: ApiRequest): Promise<KubeObject> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const response = await this.#open(endpoint, request, 'requests', body);
    const text = await readText(response, request.signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return text === '' ? {} : JSON.parse(text);
    const retryAfter = Number(response.headers['retry-after']);
    throw new ApiError(status, text, Number.isFinite(retryAfter) ? retryAfter : undefined);
  }

  /**
   * Watches until the server ends it (resolves) or `signal` is aborted (resolves). Every event goes to `onEvent`. Rejects as
   * `request` does.
   */
  async watch(request: Omit<ApiRequest, 'method' | 'body'>, onEvent: (event: WatchEvent) => void): Promise<void> {
    const endpoint = await this.#connection.endpoint();
    const response = await this.#open(endpoint, { ...request, method: 'GET' }, 'watches', undefined);
    if (response.statusCode === 401) await this.#connection.renew(endpoint);
    if (response.statusCode !== 200)
      throw new ApiError(response.statusCode ?? 0, await readText(response, request.signal));
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY }))
        if (line !== '') onEvent(JSON.parse(line));
    } catch (error) {
      if (!request.signal?.aborted) throw error;
    }
  }

  #open(endpoint: Endpoint, request: ApiRequest, use: 'requests' | 'watches', body: string | undefined) {
    const { url, options } = endpoint;
    const secure = url.protocol === 'https:';
    const settings: https.RequestOptions = {
      ...options,
      agent: options.agent ?? this.#connection.agent(use),
      method: request.method,
      headers: {
        ...(options.headers as http.OutgoingHttpHeaders),
        accept: request.accept ?? 'application/json',
        'user-agent': 'mainstay-kubernetes',
        ...(body === undefined
          ? {}
          : // Node does not count the body of a DELETE, which the server would take for the next request.
            { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      signal: request.signal,
      timeout: use === 'requests' ? (this.#settings.timeout ?? 0) * 1000 || undefined : undefined,
    };
    const target = new URL(url.pathname.replace(/\/$/, '') + request.path + queryText(request.query), url);
    return new Promise<http.IncomingMessage>((resolve, reject) => {
      const outgoing = (secure ? https : http).request(target, settings, resolve);
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${this.#settings.timeout} s`)));
      outgoing.once('error', (error) => {
        if (request.signal?.aborted) return reject(request.signal.reason);
        // A kept connection may have been closed by the server just now: nothing was done on it.
        if (outgoing.reusedSocket && systemCode(error) === 'ECONNRESET')
          return resolve(this.#open(endpoint, request, use, body));
        reject(unreachable(url, error));
      });
      outgoing.end(body);
    });
  }
}

function unreachable(url: URL, error: Error): UnreachableError {
  const inner = error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : error.message;
  return new UnreachableError(`the API server at ${url.origin} cannot be reached: ${inner || systemCode(error)}`, {
    cause: error,
  });
}

/** A token that is a JWT says itself until when it is good; of everything else only the server knows. */
function whyRefused({ options }: Endpoint, now: number): string {
  const header = String((options.headers as http.OutgoingHttpHeaders | undefined)?.Authorization ?? '');
  const claims = /^Bearer [^.]+\.([^.]+)\.[^.]*$/.exec(header)?.[1];
  try {
    const { exp } = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as { readonly exp?: unknown };
    if (typeof exp === 'number' && exp * 1000 < now)
      return `the token expired at ${new Date(exp * 1000).toISOString()}`;
  } catch {
    // No JWT.
  }
  return 'the token or certificate is wrong or has expired';
}

/** Undefined: not to be sent again. */
function secondsToWait(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof ApiError) || attempt >= MAX_BUSY_RETRIES) return undefined;
  const busy = error.code === 429 || (error.code >= 500 && error.retryAfter !== undefined);
  if (!busy) return undefined;
  return Math.min(error.retryAfter ?? 2 ** attempt / 4, MAX_WAIT_SECONDS);
}

function queryText(query: ApiRequest['query']): string {
  const entries = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

function readText(response: http.IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', (error) => reject(signal?.aborted ? signal.reason : new UnreachableError(error.message)));
  });
}
