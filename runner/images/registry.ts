import { z } from 'zod';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { expectShape } from '../forges/expect-shape.ts';
import { createForgeFetch, type ForgeFetch, type ForgeServer } from '../forges/forge-fetch.ts';

/** A registry that is not open to everybody, as the runner's own file has it. */
export interface RegistryAccount {
  /** `registry.example`, with its port where it has one. */
  readonly host: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Speak HTTP without TLS. */
  readonly insecure: boolean;
  /** Whose images may be asked for with it. Default: all. */
  readonly repositories?: readonly string[] | undefined;
}

/** What registries are asked: which versions of an image there are. Rejects with user errors, and transient ones where it is worth asking again. */
export interface Registry {
  /** The tags of `registry.example/shop/web`. */
  tags(repository: string): Promise<readonly string[]>;
  /** The digest that a tag stands for now: `sha256:…`. */
  digest(repository: string, tag: string): Promise<string>;
}

/** Tags in an answer; registries may give fewer. */
const PAGE = 1000;
const MOST_PAGES = 100;

/** What a tag may stand for: an image, or a list of them by platform (https://github.com/opencontainers/image-spec/blob/main/media-types.md). */
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const tagList = z.object({ tags: z.array(z.string()).nullish() });
const tokenAnswer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly account: RegistryAccount | undefined;
  readonly origin: string;
  readonly server: ForgeServer;
  readonly ask: ForgeFetch;
}

/**
 * Speaks the OCI distribution API (https://github.com/opencontainers/distribution-spec/blob/main/spec.md) and its logins, Basic and Bearer
 * (https://distribution.github.io/distribution/spec/auth/token/).
 */
export function createRegistry(accounts: readonly RegistryAccount[], clock: Clock = systemClock): Registry {
  const of = (repository: string): Asked => {
    const slash = repository.indexOf('/');
    const [named, rest] = [repository.slice(0, slash), repository.slice(slash + 1)];
    // Docker Hub's registry has another name than people write (https://docs.docker.com/reference/api/registry/latest/).
    const hub = named === 'docker.io';
    const host = hub ? 'registry-1.docker.io' : named;
    const account = accounts.find((each) => each.host === named);
    const origin = `${account?.insecure ? 'http' : 'https'}://${host}`;
    const path = hub && !rest.includes('/') ? `library/${rest}` : rest;
    const server: ForgeServer = { name: `the registry ${named}`, url: origin, clock };
    return { host: named, path, account, origin, server, ask: createForgeFetch(server) };
  };
  return {
    tags: async (repository) => {
      const asked = of(repository);
      const all: string[] = [];
      let next: string | undefined = `${asked.origin}/v2/${asked.path}/tags/list?n=${PAGE}`;
      for (let page = 0; next !== undefined; page += 1) {
        if (page >= MOST_PAGES)
          throw userError(
            `Cannot read the tags of ${repository} as it has more than ${PAGE * MOST_PAGES}. Remove old ones.`,
          );
        const response = await answer(asked, next);
        const value: unknown = await response.json();
        const { tags } = expectShape(asked.server, { what: 'list of tags', schema: tagList, value });
        all.push(...(tags ?? []));
        const link = /<([^>]+)>;\s*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
        next = link === undefined ? undefined : new URL(link, asked.origin).href;
      }
      return all;
    },
    digest: async (repository, tag) => {
      const asked = of(repository);
      const url = `${asked.origin}/v2/${asked.path}/manifests/${tag}`;
      const response = await answer(asked, url, { method: 'HEAD', headers: { accept: MANIFESTS } });
      const digest = response.headers.get('docker-content-digest') ?? '';
      if (/^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
      throw userError(
        `Cannot pin ${repository}:${tag} as the registry names no digest of it: ${JSON.stringify(digest)}. Use pin: tag.`,
      );
    },
  };
}

interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A 2xx answer; where the registry asks who we are, it is told, once. */
async function answer(asked: Asked, url: string, { method = 'GET', headers = {} }: Request = {}): Promise<Response> {
  let response = await asked.ask(url, { method, headers });
  if (response.status === 401) {
    const authorization = await authorizationFor(asked, response.headers.get('www-authenticate') ?? '');
    if (authorization !== undefined)
      response = await asked.ask(url, { method, headers: { ...headers, authorization } });
  }
  if (response.ok) return response;
  const what = `${asked.host}/${asked.path}`;
  const { status } = response;
  if (status === 401 || status === 403)
    throw userError(
      `Cannot read ${what} as its registry does not let us: ${status}. ${asked.account ? 'Check the user name and password of' : 'Name'} the registry under registries of the runner's own file.`,
    );
  if (status === 404)
    throw userError(
      `Cannot read ${what} as its registry has no such ${method === 'HEAD' ? 'tag' : 'image'}: ${url.slice(asked.origin.length)}. Check the name.`,
    );
  const again = status === 429 || status >= 500;
  throw new MainstayError(
    again ? 'transient' : 'user',
    `Cannot read ${what} as its registry answers ${status}. ${again ? 'It is tried again.' : 'See what it says.'}`,
  );
}

/** What the challenge of a 401 asks for (RFC 9110, 11.6.1). Undefined where we have nothing to tell. */
async function authorizationFor(asked: Asked, challenge: string): Promise<string | undefined> {
  const { account } = asked;
  const known = account?.username !== undefined && account.password !== undefined;
  const basic = known
    ? `Basic ${Buffer.from(`${account.username}:${account.password}`).toString('base64')}`
    : undefined;
  if (/^basic\b/i.test(challenge)) return basic;
  if (!/^bearer\b/i.test(challenge)) return undefined;
  const fields = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!.toLowerCase(), value!]),
  );
  const realm = fields.get('realm') ?? '';
  if (!URL.canParse(realm) || (new URL(realm).protocol !== 'https:' && !account?.insecure))
    throw userError(
      `Cannot log in to the registry ${asked.host} as it sends us to no address with TLS: ${JSON.stringify(realm)}. Correct the registry.`,
    );
  const url = new URL(realm);
  for (const name of ['service', 'scope']) if (fields.has(name)) url.searchParams.set(name, fields.get(name)!);
  const server = { name: `the login of the registry ${asked.host}`, url: url.origin };
  const response = await createForgeFetch(server)(url.href, {
    headers: basic === undefined ? {} : { authorization: basic },
  });
  if (!response.ok) return undefined;
  const value: unknown = await response.json();
  const { token, access_token: other } = expectShape(server, { what: 'token', schema: tokenAnswer, value });
  return token || other ? `Bearer ${token || other}` : undefined;
}
