import { z } from 'zod';
import { expectShape } from '../expect-shape.ts';
import { createForgeFetch, type ForgeFetch, type ForgeServer, refusalOf } from '../forge-fetch.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Gitea's HTTP API over the one `fetch`. Rejects as that does, and with what `refusalOf` says where the answer is no 2xx. */
export class GiteaApi {
  readonly #server: ForgeServer;
  readonly #fetch: ForgeFetch;
  readonly #token: string;

  constructor(server: ForgeServer, token: string) {
    this.#server = server;
    this.#fetch = createForgeFetch(server);
    this.#token = token;
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

  /** All pages of a list, by the `next` of the Link header (RFC 8288). */
  async list<T>(path: string, schema: z.ZodType<T>): Promise<readonly T[]> {
    const all: T[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const answer = await this.#call('GET', next);
      all.push(...(await this.#checked(next, z.array(schema), answer)));
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

  /** Below our own address: the fetch has refused any other. */
  #nextOf(link: string | null): string | undefined {
    const url = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
    if (url === undefined) return undefined;
    const next = new URL(url, this.#server.url);
    return `${next.pathname}${next.search}`.slice(new URL(this.#server.url).pathname.length);
  }

  async #checked<T>(path: string, schema: z.ZodType<T>, answer: Response): Promise<T> {
    const text = await answer.text();
    return expectShape(this.#server, { what: path, schema, value: text === '' ? undefined : JSON.parse(text) });
  }

  async #call(
    method: Method,
    path: string,
    { body, missing = false }: { readonly body?: unknown; readonly missing?: boolean } = {},
  ): Promise<Response> {
    const url = `${this.#server.url}${path}`;
    const answer = await this.#fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        authorization: `token ${this.#token}`,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.ok || (missing && answer.status === 404)) return answer;
    const { status, headers } = answer;
    throw refusalOf(this.#server, { method, url, status, headers, text: await answer.text() });
  }
}
