import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import Provider, { type Configuration, type JWK } from 'oidc-provider';

/** Somebody whom the provider knows, and what it says of them. */
export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
  readonly email?: string;
  readonly verified?: boolean;
}

/**
 * `oidc-provider` in this process on 127.0.0.1: who asks to sign in is signed in as `next`. `tamper` may change what the token endpoint answers, to be a
 * provider that is broken or evil.
 */
export interface TestProvider {
  readonly issuer: string;
  /** By subject. */
  readonly people: Map<string, Person>;
  /** The subject that signs in. */
  next: string;
  tamper: ((answer: Record<string, unknown>) => Promise<Record<string, unknown>> | Record<string, unknown>) | undefined;
  /** A token as the provider signs it; with a key of somebody else where one is given. */
  sign(claims: JWTPayload, options?: { readonly key?: KeyObject; readonly typ?: string }): Promise<string>;
  /** Signs with another key from now on, and shows that one alone. Resolves to the one before. */
  rotate(): Promise<KeyObject>;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

export const CLIENT = { id: 'mainstay', secret: 'a-secret-of-the-client-0123456789' } as const;

interface Key {
  readonly kid: string;
  readonly key: KeyObject;
  readonly jwk: JWK;
}

async function newKey(): Promise<Key> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = crypto.randomUUID();
  return { kid, key: privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' } as JWK };
}

export async function startIdentityProvider(returnTo: () => readonly string[]): Promise<TestProvider> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => handle(request, response));
  await listening(server, 0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map<string, Person>();
  let key = await newKey();
  const provider: TestProvider = {
    ...{ issuer, people, next: '', tamper: undefined },
    sign: (claims, { key: other, typ } = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: key.kid, ...(typ && { typ }) })
        .sign(other ?? key.key),
    async rotate() {
      const before = key.key;
      key = await newKey();
      handle = made();
      return before;
    },
    async goAway() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
    comeBack: () => listening(server, port),
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((closed) => server.close(closed));
    },
  };
  const made = () => handlerOf(provider, { jwk: key.jwk, returnTo: returnTo() });
  handle = (request, response) => {
    handle = made();
    handle(request, response);
  };
  return provider;
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => done());
  });
}

function configurationOf(
  provider: TestProvider,
  { jwk, returnTo }: { readonly jwk: JWK; readonly returnTo: readonly string[] },
): Configuration {
  return {
    clients: [
      {
        ...{ client_id: CLIENT.id, client_secret: CLIENT.secret, id_token_signed_response_alg: 'ES256' },
        redirect_uris: returnTo.map((url) => `${url}/auth/callback`),
        post_logout_redirect_uris: returnTo.map((url) => `${url}/sign-in`),
        backchannel_logout_uri: `${returnTo[0]}/auth/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    jwks: { keys: [jwk] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
    cookies: { keys: ['a-key-of-the-test'] },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_, subject) => {
      const person = provider.people.get(subject);
      if (!person) return undefined;
      const { name, groups, email, verified = true } = person;
      const claims = { sub: subject, preferred_username: name, groups: [...groups], email, email_verified: verified };
      return { accountId: subject, claims: async () => claims };
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  } as Configuration;
}

/** The pages of the provider without a person before them: whoever is asked says yes. */
function handlerOf(provider: TestProvider, options: { readonly jwk: JWK; readonly returnTo: readonly string[] }) {
  const oidc = new Provider(provider.issuer, configurationOf(provider, options));
  const callback = oidc.callback();
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url?.startsWith('/interaction/')) {
      void consent(oidc, { provider, request, response });
      return;
    }
    if (request.url === '/token' && provider.tamper) tampered(provider.tamper, response);
    void callback(request, response);
  };
}

async function consent(
  oidc: Provider,
  {
    provider,
    request,
    response,
  }: { readonly provider: TestProvider; readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const { prompt, params, session } = await oidc.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const result = provider.people.has(provider.next)
      ? { login: { accountId: provider.next } }
      : { error: 'access_denied', error_description: 'we do not know you' };
    return oidc.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const grant = new oidc.Grant({ accountId: session!.accountId, clientId: params.client_id as string });
  grant.addOIDCScope(params.scope as string);
  await oidc.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

/** Puts something else in the place of the answer's body. */
function tampered(tamper: NonNullable<TestProvider['tamper']>, response: ServerResponse): void {
  const end = response.end.bind(response);
  response.end = ((body: string | Buffer) => {
    void (async () => {
      const changed = JSON.stringify(await tamper(JSON.parse(String(body)) as Record<string, unknown>));
      response.setHeader('content-length', Buffer.byteLength(changed));
      end(changed);
    })();
    return response;
  }) as typeof response.end;
}
