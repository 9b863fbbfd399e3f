import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WireState } from './wire-state.ts';

/** What a route sees of a request. */
export interface WireRequest {
  /** The named groups of the route's path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly state: WireState;
  readonly url: string;
}

export interface WireAnswer {
  readonly status?: number;
  /** A list is answered in pages. */
  readonly body?: unknown;
}

export interface WireRoute {
  readonly method: string;
  /** Of the whole path, the API's own included. */
  readonly path: RegExp;
  answer(request: WireRequest): WireAnswer;
}

/** What goes wrong with a request: an answer in place of the real one, or the real one that is lost on its way, once everything is done. */
export type WireFault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  | { readonly kind: 'half' | 'slow' };

/** A forge that remembers, at the wire. A request that no route is for, or without the credentials, is a mistake. */
export interface WireForge {
  readonly url: string;
  readonly state: WireState;
  /** Every request so far: `GET /api/v3/user`. */
  readonly requests: readonly string[];
  /** That request meets these faults, one each time. */
  fault(request: string, faults: readonly WireFault[]): void;
  /** Forgets faults that did not come. */
  clearFaults(): void;
  /** Throws where there was a mistake. */
  verify(): void;
  close(): Promise<void>;
}

/** So short that lists have pages. */
const PAGE = 2;

export async function startWireForge(options: {
  readonly routes: readonly WireRoute[];
  /** Headers that each request has to have. */
  readonly signedIn: (headers: Readonly<Record<string, unknown>>) => boolean;
}): Promise<WireForge> {
  const state = new WireState();
  const requests: string[] = [];
  const mistakes: string[] = [];
  const pending = new Map<string, WireFault[]>();
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    // Whoever asked a server that had this port before is none of ours.
    if (!/^mainstay/.test(request.headers['user-agent'] ?? '')) return void response.writeHead(404).end();
    const asked = `${request.method} ${request.url}`;
    requests.push(asked);
    const fault = pending.get(asked)?.shift();
    if (fault?.kind === 'answer') return send(response, fault);
    const known = options.signedIn(request.headers) ? routed(options.routes, request, { body, state }) : undefined;
    if (!known) mistakes.push(`${asked} is not answered here, or has no credentials`);
    send(response, known ?? { status: 599, body: { message: 'a mistake of the test' } }, fault?.kind);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    requests,
    fault: (request, faults) => void pending.set(request, [...faults]),
    clearFaults: () => pending.clear(),
    verify: () => assert.deepEqual(mistakes.splice(0), []),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? {} : JSON.parse(text);
}

type Sent = WireAnswer & { readonly headers?: Readonly<Record<string, string>> };

function routed(
  routes: readonly WireRoute[],
  request: IncomingMessage,
  { body, state }: Pick<WireRequest, 'body' | 'state'>,
): Sent | undefined {
  const origin = `http://${request.headers.host}`;
  const url = new URL(request.url!, origin);
  for (const { method, path, answer } of routes) {
    const found = method === request.method ? path.exec(url.pathname) : null;
    if (!found) continue;
    const groups = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    const given = answer({ path: Object.fromEntries(groups), query: url.searchParams, body, state, url: origin });
    return Array.isArray(given.body) ? pageOf(given.body, url) : given;
  }
  return undefined;
}

function pageOf(list: readonly unknown[], url: URL): Sent {
  const page = Number(url.searchParams.get('page') ?? '1');
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const more = list.length > page * PAGE;
  return {
    body: list.slice((page - 1) * PAGE, page * PAGE),
    ...(more ? { headers: { link: `<${next}>; rel="next", <${url}>; rel="first"` } } : {}),
  };
}

function send(response: ServerResponse, { status = 200, body, headers }: Sent, lost?: 'half' | 'slow'): void {
  if (lost === 'slow') return;
  // As long as it has to be so that half of it is something.
  const text = status === 204 ? '' : typeof body === 'string' ? body : JSON.stringify(body ?? {}, null, 2);
  response.writeHead(status, {
    'content-type': 'application/json',
    ...headers,
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
  });
  if (lost === 'half') response.write(text.slice(0, text.length / 2), () => response.destroy());
  else response.end(text);
}
