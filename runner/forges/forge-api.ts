import type { z } from 'zod';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';

/** After this many milliseconds without a whole answer a forge counts as down. */
const ANSWER_WITHIN_MS = 10_000;

/** Tries of what can be repeated, and the waits between them in milliseconds. Longer troubles are for the workflow, which tries for minutes. */
const WAITS_MS = [250, 1000];

/** The longest that we wait because a forge asks us to; more is a transient error. */
const LONGEST_WAIT_SECONDS = 20;

const LONGEST_ANSWER = 32 * 1024 * 1024;

export interface ForgeApiOptions {
  /** As people call it: `Gitea`. */
  readonly name: string;
  /** Address of the API, without a slash at the end. */
  readonly url: string;
  /** Credentials and what the forge wants besides. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly clock?: Clock;
  readonly answerWithinMs?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * One forge's HTTP API. Every failure is translated here: what passes (no answer, half an answer, 429, 5xx) is a transient error, what does not is a user
 * error that says what to do, 409 and 405 are conflicts. What may be repeated is tried three times; what makes something is not, as its answer
 * may be all that was lost.
 */
export class ForgeApi {
  readonly #options: ForgeApiOptions;
  readonly #clock: Clock;

  constructor(options: ForgeApiOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The answer of a GET, checked against its schema. */
  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#checked(path, schema, await this.#call('GET', path));
  }

  /** As `get`; undefined where there is no such thing (404). */
  async find<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const answer = await this.#call('GET', path, { missing: true });
    return answer.status === 404 ? undefined : this.#checked(path, schema, answer);
  }

  /** All pages of a list, by the `next` of the Link header (RFC 8288), which GitHub, GitLab and Gitea send. */
  async list<T>(path: string, schema: z.ZodType<readonly T[]>): Promise<readonly T[]> {
    const all: T[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const answer = await this.#call('GET', next);
      all.push(...this.#checked(next, schema, answer));
      next = this.#nextOf(answer.headers.get('link'));
    }
    return all;
  }

  /** Asks for a change and returns the checked answer. */
  async send<T>(method: Exclude<Method, 'GET'>, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    return this.#checked(path, schema, await this.#call(method, path, { body }));
  }

  /** Asks for a change whose answer says nothing more. */
  async do(method: Exclude<Method, 'GET'>, path: string, body?: unknown): Promise<void> {
    await this.#call(method, path, { body });
  }

  /** The next page has to be on the same server: our credentials go there. */
  #nextOf(link: string | null): string | undefined {
    const url = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
    if (url === undefined) return undefined;
    const next = new URL(url, this.#options.url);
    const own = new URL(this.#options.url);
    const path = `${next.pathname}${next.search}`;
    if (next.host !== own.host || !path.startsWith(own.pathname))
      throw userError(
        `Cannot read the list of ${this.#options.name} as its next page is on another server: ${next.host}. Set the forge's address as it knows itself, ${own.host}.`,
      );
    return path.slice(own.pathname.length);
  }

  #checked<T>(path: string, schema: z.ZodType<T>, answer: Answer): T {
    let value: unknown;
    try {
      value = JSON.parse(answer.text);
    } catch (error) {
      throw this.#transient(`its answer is no JSON (${path})`, messageOf(error));
    }
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw this.#transient(
      `its answer is not what its API says (${path})`,
      `${issue!.path.join('.') || 'answer'}: ${issue!.message}`,
    );
  }

  #transient(why: string, value: string): MainstayError {
    return new MainstayError(
      'transient',
      `Cannot work with ${this.#options.name} as ${why}: ${value}. It is tried again.`,
    );
  }

  async #call(
    method: Method,
    path: string,
    { body, missing = false }: { readonly body?: unknown; readonly missing?: boolean } = {},
  ): Promise<Answer> {
    for (let tries = 0; ; tries += 1) {
      const last = tries >= WAITS_MS.length;
      const answer = await this.#once(method, path, body).catch((error: unknown) => {
        if (last || method === 'POST') throw this.#transient(`it does not answer (${method} ${path})`, causeOf(error));
        return undefined;
      });
      if (answer && (answer.status < 300 || (missing && answer.status === 404))) return answer;
      const wait = answer ? this.#waitOf(answer, { method, tries, last }) : WAITS_MS[tries];
      if (answer && wait === undefined) throw this.#refusal(method, path, answer);
      await this.#clock.sleep(wait!);
    }
  }

  /** How long to wait before the same is asked again; undefined where it is not. */
  #waitOf(
    { status, headers }: Answer,
    { method, tries, last }: { readonly method: Method; readonly tries: number; readonly last: boolean },
  ): number | undefined {
    if (last) return undefined;
    const limited = status === 429 || (status === 403 && headers.get('x-ratelimit-remaining') === '0');
    // It was refused before anything was done, so it may be asked again whatever it is.
    if (limited) {
      const seconds = secondsUntil(headers, this.#clock.now());
      return seconds <= LONGEST_WAIT_SECONDS ? seconds * 1000 : undefined;
    }
    return status >= 500 && method !== 'POST' ? WAITS_MS[tries] : undefined;
  }

  async #once(method: Method, path: string, body: unknown): Promise<Answer> {
    const response = await fetch(`${this.#options.url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'mainstay',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(await this.#options.headers()),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect could take the credentials elsewhere, and a POST becomes a GET by it.
      redirect: 'manual',
      signal: AbortSignal.timeout(this.#options.answerWithinMs ?? ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    if (text.length > LONGEST_ANSWER) throw new Error('the answer is too long');
    return { status: response.status, headers: response.headers, text };
  }

  #refusal(method: Method, path: string, { status, headers, text }: Answer): MainstayError {
    const { name, url } = this.#options;
    const asked = `${method} ${path}`;
    const said = saidIn(text);
    if (status === 429 || (status === 403 && headers.get('x-ratelimit-remaining') === '0'))
      return this.#transient(`it takes no more requests for now (${asked})`, `${status} ${said}`);
    if (status >= 500) return this.#transient(`it failed (${asked})`, `${status} ${said}`);
    if (status === 401)
      return userError(`Cannot work with ${name} as it does not take the token: ${said}. Set a token that is valid.`);
    if (status === 403)
      return userError(
        `Cannot ${asked} at ${name} as the token lacks the right: ${said}. Give its account write access to the repository.`,
      );
    if (status === 404)
      return userError(
        `Cannot ${asked} at ${name} as it is not there: ${said}. Check the repository's name and what its token may see.`,
      );
    if (status === 405 || status === 409)
      return new MainstayError('conflict', `Cannot ${asked} at ${name} as it is not possible now: ${said}.`);
    if (status >= 300 && status < 400)
      return userError(
        `Cannot work with ${name} as it is somewhere else: ${headers.get('location') ?? 'not said'}. Set its address so, instead of ${url}.`,
      );
    return userError(`Cannot ${asked} at ${name} as it refuses: ${status} ${said}. See what it says.`);
  }
}

/** When a forge takes requests again: `Retry-After` (RFC 9110, seconds or a date), or GitHub's `X-RateLimit-Reset`. */
function secondsUntil(headers: Headers, now: number): number {
  const after = headers.get('retry-after');
  if (after !== null && /^\d+$/.test(after)) return Number(after);
  const reset = headers.get('x-ratelimit-reset');
  const at = after === null ? Number(reset ?? Number.NaN) * 1000 : Date.parse(after);
  return Number.isNaN(at) ? 1 : Math.max(0, (at - now) / 1000);
}

/** The `message` (GitHub, Gitea, GitLab) or `error` (GitLab) of an answer, shortened. */
function saidIn(text: string): string {
  let said = text;
  try {
    const { message, error } = JSON.parse(text) as { readonly message?: unknown; readonly error?: unknown };
    const words = message ?? error ?? text;
    said = typeof words === 'string' ? words : JSON.stringify(words);
  } catch {
    // A page of a proxy, or half an answer.
  }
  return said.replace(/\s+/g, ' ').trim().slice(0, 300) || 'nothing more';
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause);
}
