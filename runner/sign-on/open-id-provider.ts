import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import * as client from 'openid-client';
import type { Identity, IdentityProvider } from '../core/identity-provider.ts';
import type { SignOnSettings } from '../core/sign-on-settings.ts';
import { claimAt, readIdentity } from './read-identity.ts';
import { signOnError } from './sign-on-error.ts';

/** How far the provider's clock and ours may be apart, and the longest that one request to it may take, in seconds. */
const CLOCK_TOLERANCE = 30;
const LIMIT = 10;

/** How long what the provider says of itself is good, in milliseconds. Keys are asked for at each sign-in. */
const METADATA_MS = 3_600_000;

/** OpenID Connect Back-Channel Logout 1.0, section 2.4: what a logout token has to be about. */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

interface Remembered {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** A provider of identities by OpenID Connect. It is first asked when somebody signs in: one that is away keeps no runner from starting. */
export function createOpenIdProvider(settings: SignOnSettings): IdentityProvider {
  const { issuer, clientId, clientSecret, scopes } = settings;
  const metadata = createMetadata(settings);
  /** One for each use, so that it asks for the provider's keys anew: one that was taken back yesterday counts for nobody. */
  const configuration = async (): Promise<client.Configuration> => {
    const server = structuredClone(await metadata());
    const own = {
      ...(clientSecret !== undefined && { client_secret: clientSecret }),
      [client.clockTolerance]: CLOCK_TOLERANCE,
    };
    const made = new client.Configuration(server, clientId, own, authenticationOf(clientSecret, server));
    made.timeout = LIMIT;
    // The signature too, not the connection alone: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
    client.enableNonRepudiationChecks(made);
    if (isPlain(issuer)) client.allowInsecureRequests(made);
    return made;
  };
  const asked = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw signOnError(error, issuer);
    });
  return {
    issuer,
    name: settings.name ?? new URL(issuer).host,
    sessionMs: settings.session,
    tokensMs: settings.tokens,
    begin: (returnTo) => asked(async () => begin(await configuration(), { returnTo, scopes })),
    finish: (at, remembered) =>
      asked(async () => {
        const { state, nonce, verifier } = parseRemembered(remembered);
        const made = await configuration();
        const tokens = await client.authorizationCodeGrant(made, at, {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
        });
        return identityOf(made, { tokens, settings });
      }),
    signOutUrl: (returnTo) =>
      asked(async () => {
        const made = await configuration();
        if (made.serverMetadata().end_session_endpoint === undefined) return undefined;
        return client.buildEndSessionUrl(made, { post_logout_redirect_uri: returnTo }).href;
      }),
    ended: (token) => asked(async () => ended(token, { clientId, issuer, keysAt: (await metadata()).jwks_uri })),
  };
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata : where it does not say, it takes the header. */
function authenticationOf(clientSecret: string | undefined, server: client.ServerMetadata): client.ClientAuth {
  if (clientSecret === undefined) return client.None();
  const takesBody = server.token_endpoint_auth_methods_supported?.includes('client_secret_post') ?? false;
  return takesBody ? client.ClientSecretPost(clientSecret) : client.ClientSecretBasic(clientSecret);
}

/** Only a loopback address may be without TLS: the settings say so. */
function isPlain(issuer: string): boolean {
  return issuer.startsWith('http://');
}

/** What the provider says of itself, read when it is needed; a failure is not kept. */
function createMetadata({ issuer, clientId }: SignOnSettings): () => Promise<client.ServerMetadata> {
  let known: { readonly at: number; readonly metadata: client.ServerMetadata } | undefined;
  return async () => {
    if (known && Date.now() - known.at < METADATA_MS) return known.metadata;
    const found = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
      ...{ timeout: LIMIT, execute: isPlain(issuer) ? [client.allowInsecureRequests] : [] },
    });
    known = { at: Date.now(), metadata: found.serverMetadata() };
    return known.metadata;
  };
}

async function begin(
  made: client.Configuration,
  { returnTo, scopes }: { readonly returnTo: string; readonly scopes: readonly string[] },
): Promise<{ readonly url: string; readonly remembered: string }> {
  const remembered: Remembered = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  };
  const url = client.buildAuthorizationUrl(made, {
    redirect_uri: returnTo,
    scope: scopes.join(' '),
    state: remembered.state,
    nonce: remembered.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(remembered.verifier),
    code_challenge_method: 'S256',
  });
  return { url: url.href, remembered: Buffer.from(JSON.stringify(remembered)).toString('base64url') };
}

/** What another browser, or nobody, brings is as good as nothing: no state fits it. */
function parseRemembered(text: string): Remembered {
  try {
    const { state, nonce, verifier } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Remembered>;
    if (state && nonce && verifier) return { state, nonce, verifier };
  } catch {
    // Said by the check of the state.
  }
  return { state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() };
}

async function identityOf(
  made: client.Configuration,
  {
    tokens,
    settings,
  }: {
    readonly tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>;
    readonly settings: SignOnSettings;
  },
): Promise<Identity> {
  const claims = tokens.claims()!;
  const { groupsClaim, nameClaim } = settings;
  const isWhole = [groupsClaim, nameClaim].every((path) => claimAt(claims, path) !== undefined);
  if (isWhole || made.serverMetadata().userinfo_endpoint === undefined) return readIdentity(claims, settings);
  // Many providers keep the token small; what they say there is of the same subject, or refused.
  const more = await client.fetchUserInfo(made, tokens.access_token, claims.sub);
  return readIdentity({ ...more, ...claims }, settings);
}

async function ended(
  token: string,
  {
    clientId,
    issuer,
    keysAt,
  }: { readonly clientId: string; readonly issuer: string; readonly keysAt: string | undefined },
): Promise<{ readonly subject?: string | undefined; readonly sid?: string | undefined }> {
  if (keysAt === undefined) throw new Error('the provider names no keys');
  const keys = createRemoteJWKSet(new URL(keysAt), { timeoutDuration: LIMIT * 1000 });
  const { payload } = await jwtVerify(token, keys, {
    ...{ issuer, audience: clientId, clockTolerance: CLOCK_TOLERANCE, maxTokenAge: '10m' },
    algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  });
  const { sub, sid, events, nonce } = payload as JWTPayload & { readonly events?: unknown };
  const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT_EVENT);
  // With a nonce it would be an identity token that somebody sends for one.
  if (!isLogout || nonce !== undefined || (sub === undefined && typeof sid !== 'string'))
    throw new client.ClientError('it is no logout token');
  return { subject: sub, sid: typeof sid === 'string' ? sid : undefined };
}
