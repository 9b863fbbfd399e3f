import { type Clock, systemClock } from '../../foundation/clock.ts';
import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';

/** After this many milliseconds without a whole answer a forge counts as down. */
const ANSWER_WITHIN_MS = 10_000;

/** Tries of what can be repeated, and the waits between them in milliseconds. Longer troubles are for the workflow, which tries for minutes. */
const WAITS_MS = [250, 1000];

/** The longest that we wait because a forge asks us to; more is a transient error. */
const LONGEST_WAIT_SECONDS = 20;

const LONGEST_ANSWER = 32 * 1024 * 1024;

export interface ForgeServer {
  /** As people call it: `Gitea`. */
  readonly name: string;
  /** Address of the API, without a slash at the end. */
  readonly url: string;
  readonly clock?: Clock;
  readonly answerWithinMs?: number;
}

/** What we use of the platform's `fetch`, so that the forges' own libraries can be given this one. */
export type ForgeFetch = (
  url: string,
  init?: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | undefined;
  },
) => Promise<Response>;

/** A forge's answer that is not what was asked for. */
export class ForgeRefusal extends MainstayError {
  /** The HTTP status. */
  readonly answered: number;

  constructor(kind: MainstayError['kind'], message: string, answered: number) {
    super(kind, message);
    this.answered = answered;
  }
}

/**
 * The one `fetch` by which every forge is spoken to, ours and the one that is handed to `octokit` and `@gitbeaker/rest`. What may be repeated is tried three
 * times where there is no answer, half an answer or 5xx; what makes something is not, as its answer may be all that was lost. A limit (429, or 403 with none
 * left) is waited for where the wait is short. Resolves to a whole answer whatever its status; a 2xx is JSON or empty. Rejects with a transient error where
 * there is no such answer, and with a user error where the server says that it is somewhere else: our credentials do not follow.
 */
export function createForgeFetch(server: ForgeServer): ForgeFetch {
  const clock = server.clock ?? systemClock;
  return async (url, { method = 'GET', headers = {}, body } = {}) => {
    const asked = askedOf(server, method, url);
    for (let tries = 0; ; tries += 1) {
      const last = tries >= WAITS_MS.length;
      const answer = await once(server, url, { method, headers, body }).catch((error: unknown) => {
        if (last || method === 'POST') throw transient(server, `it does not answer (${asked})`, causeOf(error));
        return undefined;
      });
      const wait = answer ? waitOf(answer, { method, tries, last, now: clock.now() }) : WAITS_MS[tries];
      if (answer && wait === undefined) return trusted(server, asked, answer);
      await clock.sleep(wait!);
    }
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function once(
  { answerWithinMs = ANSWER_WITHIN_MS }: ForgeServer,
  url: string,
  init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | undefined;
  },
): Promise<Answer> {
  const { method, headers, body } = init;
  const response = await fetch(url, {
    method,
    headers: { 'user-agent': 'mainstay', ...headers },
    ...(body === undefined ? {} : { body }),
    // A redirect could take the credentials elsewhere, and a POST becomes a GET by it.
    redirect: 'manual',
    signal: AbortSignal.timeout(answerWithinMs),
  });
  const text = await response.text();
  if (text.length > LONGEST_ANSWER) throw new Error('the answer is too long');
  return { status: response.status, headers: response.headers, text };
}

/** How long to wait before the same is asked again; undefined where it is not. */
function waitOf(
  answer: Answer,
  {
    method,
    tries,
    last,
    now,
  }: { readonly method: string; readonly tries: number; readonly last: boolean; readonly now: number },
): number | undefined {
  if (last) return undefined;
  // It was refused before anything was done, so it may be asked again whatever it is.
  if (isLimited(answer)) {
    const seconds = secondsUntil(answer.headers, now);
    return seconds <= LONGEST_WAIT_SECONDS ? seconds * 1000 : undefined;
  }
  return answer.status >= 500 && method !== 'POST' ? WAITS_MS[tries] : undefined;
}

/** GitHub says 403 for its limits too: with none left, or with the time to wait (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api). */
function isLimited({ status, headers }: Pick<Answer, 'status' | 'headers'>): boolean {
  if (status !== 403) return status === 429;
  return headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after');
}

/** The answer as a library may have it: nothing in it sends our credentials to another server, and what says that it is JSON is. */
function trusted(server: ForgeServer, asked: string, { status, headers, text }: Answer): Response {
  const { name, url } = server;
  if (status >= 300 && status < 400)
    throw userError(
      `Cannot work with ${name} as it is somewhere else: ${headers.get('location') ?? 'not said'}. Set its address so, instead of ${url}.`,
    );
  const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
  if (next !== undefined && !isBelow(new URL(next, url), new URL(url)))
    throw userError(
      `Cannot read the list of ${name} as its next page is on another server: ${new URL(next, url).host}. Set the forge's address as it knows itself, ${new URL(url).host}.`,
    );
  if (status < 300 && text !== '')
    try {
      JSON.parse(text);
    } catch (error) {
      throw transient(server, `its answer is no JSON (${asked})`, messageOf(error));
    }
  return new Response(text === '' ? null : text, { status, headers });
}

function isBelow(page: URL, api: URL): boolean {
  return page.host === api.host && page.pathname.startsWith(api.pathname);
}

/** `GET /repos/o/r/pulls`. */
function askedOf({ url }: ForgeServer, method: string, target: string): string {
  return `${method} ${target.startsWith(url) ? target.slice(url.length) : target}`;
}

export function transient({ name }: ForgeServer, why: string, value: string): MainstayError {
  return new MainstayError('transient', `Cannot work with ${name} as ${why}: ${value}. It is tried again.`);
}

/**
 * The error that an answer other than 2xx is: limits and 5xx are transient, 405 and 409 conflicts, and the rest are user errors that say what to do.
 */
export function refusalOf(
  server: ForgeServer,
  { method, url, ...answer }: Answer & { readonly method: string; readonly url: string },
): ForgeRefusal {
  const { status } = answer;
  const asked = askedOf(server, method, url);
  const [kind, message] = refusalText(server.name, { answer, asked, said: saidIn(answer.text) });
  return new ForgeRefusal(kind, message, status);
}

function refusalText(
  name: string,
  { answer, asked, said }: { readonly answer: Answer; readonly asked: string; readonly said: string },
): readonly [kind: MainstayError['kind'], message: string] {
  const { status } = answer;
  const again = (why: string) => `Cannot work with ${name} as ${why} (${asked}): ${status} ${said}. It is tried again.`;
  if (isLimited(answer)) return ['transient', again('it takes no more requests for now')];
  if (status >= 500) return ['transient', again('it failed')];
  if (status === 401)
    return ['user', `Cannot work with ${name} as it does not take the token: ${said}. Set a token that is valid.`];
  if (status === 403)
    return [
      'user',
      `Cannot ${asked} at ${name} as the token lacks the right: ${said}. Give its account write access to the repository.`,
    ];
  if (status === 404)
    return [
      'user',
      `Cannot ${asked} at ${name} as it is not there: ${said}. Check the repository's name and what its token may see.`,
    ];
  if (status === 405 || status === 409)
    return ['conflict', `Cannot ${asked} at ${name} as it is not possible now: ${said}.`];
  return ['user', `Cannot ${asked} at ${name} as it refuses: ${status} ${said}. See what it says.`];
}

/** Undefined where the answer is 404. */
export async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ForgeRefusal && error.answered === 404) return undefined;
    throw error;
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
