import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry at the wire, as the distribution specification has it: its lists of tags, its manifests, and its logins. */
export interface WireRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Puts an image there, by its path without the host: another `content` is another digest. Returns the digest. */
  put(path: string, tag: string, content?: string): string;
  /** How who asks has to log in from now on. */
  login: 'none' | 'basic' | 'bearer';
  /** Answers instead of the next ones, first to last. */
  readonly instead: ((response: ServerResponse) => void)[];
  /** Tags in one answer. */
  page: number;
  /** `GET /v2/shop/web/tags/list` */
  readonly asked: string[];
  close(): void;
}

/** The login that it takes. */
export const READER = { username: 'reader', password: 'p4ss-of-the-reader' };
const TOKEN = 'a-token-for-one-image';

export async function openWireRegistry(): Promise<WireRegistry> {
  const images = new Map<string, Map<string, string>>();
  const asked: string[] = [];
  const state = { login: 'none' as WireRegistry['login'], page: 1000 };
  const instead: ((response: ServerResponse) => void)[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const other = instead.shift();
    if (other) return other(response);
    answer(request, response, { images, host: registry.host, login: registry.login, page: registry.page });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const registry: WireRegistry = Object.assign(state, {
    ...{ host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, instead },
    put: (path: string, tag: string, content = tag) => {
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      images.set(path, (images.get(path) ?? new Map()).set(tag, digest));
      return digest;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return registry;
}

interface Shelf {
  readonly images: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly host: string;
  readonly login: WireRegistry['login'];
  readonly page: number;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { images, host, login, page }: Shelf,
): ServerResponse {
  const url = new URL(request.url!, `http://${host}`);
  const { authorization = '' } = request.headers;
  const known = `Basic ${Buffer.from(`${READER.username}:${READER.password}`).toString('base64')}`;
  if (url.pathname === '/token') return json(response, authorization === known ? 200 : 401, { token: TOKEN });
  const wanted = { none: authorization, basic: known, bearer: `Bearer ${TOKEN}` }[login];
  if (authorization !== wanted) {
    const challenge =
      login === 'basic'
        ? 'Basic realm="shelf"'
        : `Bearer realm="http://${host}/token",service="shelf",scope="repository:x:pull"`;
    return json(response.setHeader('www-authenticate', challenge), 401, { errors: [{ code: 'UNAUTHORIZED' }] });
  }
  const [, path = '', what, name] = /^\/v2\/(.+)\/(tags|manifests)\/([^/]+)$/.exec(url.pathname) ?? [];
  const tags = images.get(path);
  if (!tags) return json(response, 404, { errors: [{ code: 'NAME_UNKNOWN' }] });
  if (what === 'tags')
    return list(response, { path, all: [...tags.keys()].sort(), last: url.searchParams.get('last'), page });
  const digest = tags.get(name!);
  if (digest === undefined) return json(response, 404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] });
  return response.writeHead(200, { 'docker-content-digest': digest }).end();
}

function list(
  response: ServerResponse,
  {
    path,
    all,
    last,
    page,
  }: { readonly path: string; readonly all: readonly string[]; readonly last: string | null; readonly page: number },
): ServerResponse {
  const rest = all.filter((tag) => last === null || tag > last);
  const tags = rest.slice(0, page);
  if (rest.length > page)
    response.setHeader('link', `</v2/${path}/tags/list?n=${page}&last=${tags.at(-1)}>; rel="next"`);
  return json(response, 200, { name: path, tags });
}

function json(response: ServerResponse, status: number, body: unknown): ServerResponse {
  return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
