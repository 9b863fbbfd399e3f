import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { decodeJwt, type JWTPayload, UnsecuredJWT } from 'jose';
import { type ApiServer, startApiServer } from '../../test/api-server.ts';
import { CLIENT, startIdentityProvider, type TestProvider } from '../../test/identity-provider.ts';
import type { SessionResponse, SignedOutResponse } from '../api/responses.ts';
import type { SignOnSettings } from '../core/sign-on-settings.ts';
import { createOpenIdProvider } from '../sign-on/open-id-provider.ts';
import { hashOf, makeSignInLink } from './sign-in.ts';

/** On a real provider of identities, that speaks over the wire. */
let provider: TestProvider;
let server: ApiServer;

before(async () => {
  provider = await startIdentityProvider(() => [server.url]);
  server = await startApiServer({
    identityProvider: createOpenIdProvider(settings()),
    given: [
      { role: 'owner', groups: ['platform'] },
      { role: 'viewer', groups: ['shop'] },
      { role: 'operator', emails: ['Hedy@Example.org'] },
      { role: 'owner', accounts: ['ada', 'mallory'] },
    ],
  });
});

function settings(): SignOnSettings {
  return {
    ...{ issuer: provider.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, name: 'Company' },
    ...{ scopes: ['openid', 'profile', 'email'], groupsClaim: 'groups', nameClaim: 'preferred_username' },
    ...{ session: 3_600_000, tokens: 86_400_000 },
  };
}

after(async () => {
  await server?.close();
  await provider?.close();
});

beforeEach(() => {
  provider.tamper = undefined;
  provider.people.set('1', { name: 'ada', groups: ['shop', 'platform'] });
  provider.people.set('2', { name: 'hedy', groups: [], email: 'hedy@example.org' });
  provider.people.set('3', { name: 'mallory', groups: ['nobody'], email: 'hedy@example.org', verified: false });
});

/** A browser as far as this needs one: it keeps cookies by host and path, and goes where it is sent. */
function openBrowser() {
  const jar = new Map<string, { readonly value: string; readonly path: string }>();
  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const { origin, pathname } = new URL(url);
    const mine = [...jar].filter(([key, { path }]) => key.startsWith(`${origin} `) && pathname.startsWith(path));
    const cookie = mine.map(([key, { value }]) => `${key.split(' ')[1]}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line)!;
      const path = /; path=([^;]+)/i.exec(line)?.[1] ?? '/';
      if (value === '' || /max-age=0/i.test(line)) jar.delete(`${origin} ${name}`);
      else jar.set(`${origin} ${name}`, { value, path });
    }
    return response;
  };
  /** Follows redirects until a page, or an address that `stop` knows. */
  const go = async (
    url: string,
    stop: (url: string) => boolean = () => false,
  ): Promise<{ url: string; response?: Response }> => {
    let at = url;
    for (let count = 0; count < 15; count += 1) {
      if (stop(at)) return { url: at };
      const response = await send(at);
      const location = response.headers.get('location');
      if (location === null) return { url: at, response };
      at = new URL(location, at).href;
    }
    throw new Error(`redirected for ever: ${at}`);
  };
  const session = async () => (await send(`${server.url}/api/session`)).json() as Promise<SessionResponse>;
  return { jar, send, go, session };
}

type TestBrowser = ReturnType<typeof openBrowser>;

async function signIn(subject: string, browser: TestBrowser = openBrowser()) {
  provider.next = subject;
  const { url, response } = await browser.go(`${server.url}/auth/start`, (at) => at === `${server.url}/`);
  return { browser, url, status: response?.status, text: await response?.text() };
}

const isCallback = (url: string) => url.includes('/auth/callback');

test('signs in by the provider, with roles by group and by an address that it says is theirs', async () => {
  const { browser, url } = await signIn('1');
  assert.equal(url, `${server.url}/`);
  const { account, mayAll, csrf } = await browser.session();
  assert.deepEqual(
    [account.name, account.grants, account.groups],
    ['ada', [{ role: 'owner' }, { role: 'viewer' }], ['shop', 'platform']],
  );
  assert.deepEqual([mayAll, typeof csrf], [['operate', 'approve', 'own'], 'string']);
  const { browser: hers } = await signIn('2');
  assert.deepEqual((await hers.session()).account.grants, [{ role: 'operator' }]);
  const ways = await (await fetch(`${server.url}/api/sign-in-ways`)).json();
  assert.deepEqual(ways, { singleSignOn: { name: 'Company', path: '/auth/start' } });
  const trail = await server.store.audit.list({ subject: 'ada' });
  assert.deepEqual(
    trail.map(({ text }) => text),
    [`came from ${provider.issuer} for the first time, groups shop, platform`],
  );
});

test('gives nothing for a name that somebody has at the provider, nor for an address that is not verified', async () => {
  const { status, text } = await signIn('3');
  assert.equal(status, 403);
  assert.match(text!, /no role is given to you or your groups: mallory, groups nobody\. Ask an owner/);
});

test('keeps whoever has the name of another account out', async () => {
  assert.ok(await server.accounts.add({ id: 'local', name: 'Grace', grants: [{ role: 'owner' }] }));
  provider.people.set('4', { name: 'grace', groups: ['platform'] });
  const { status, text } = await signIn('4');
  assert.deepEqual([status, /another account has the name: grace/.test(text!)], [409, true]);
});

test('takes what a group gave away when the group is gone, from sessions and tokens too', async () => {
  const { browser } = await signIn('1');
  const { account } = await browser.session();
  const token = 'token-of-ada';
  const kept = { id: 't', name: 't', account: account.id, expiresAt: undefined, grant: { role: 'owner' } } as const;
  await server.accounts.tokens.add({ ...kept, hash: hashOf(token) });
  const withToken = () => fetch(`${server.url}/api/accounts`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await withToken()).status, 200);
  provider.people.set('1', { name: 'ada', groups: ['shop'] });
  await signIn('1');
  assert.deepEqual((await browser.session()).mayAll, []);
  assert.equal((await withToken()).status, 403);
  provider.people.set('1', { name: 'ada', groups: [] });
  assert.equal((await signIn('1')).status, 403);
  assert.equal((await browser.send(`${server.url}/api/status`)).status, 403);
  const [changed] = await server.store.audit.list({ subject: 'ada', limit: 1 });
  assert.equal(changed?.text, 'has other groups: no groups');
});

test('refuses what does not hold: another nonce, issuer, audience, time, key, or none', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const signed =
    (change: (claims: JWTPayload) => JWTPayload, options = {}) =>
    (claims: JWTPayload) =>
      provider.sign(change(claims), options);
  const past = Math.floor(Date.now() / 1000) - 3600;
  const cases: readonly (readonly [what: string, make: (claims: JWTPayload) => Promise<string> | string])[] = [
    ['nonce', signed((claims) => ({ ...claims, nonce: 'another' }))],
    ['no nonce', signed(({ nonce: _, ...claims }) => claims)],
    ['issuer', signed((claims) => ({ ...claims, iss: 'https://evil.example' }))],
    ['audience', signed((claims) => ({ ...claims, aud: 'somebody-else' }))],
    ['expired', signed((claims) => ({ ...claims, iat: past, exp: past + 60 }))],
    ['key', signed((claims) => claims, { key: other })],
    ['unsigned', (claims) => new UnsecuredJWT(claims).encode()],
    ['garbage', () => 'no.token.atall'],
  ];
  for (const [what, make] of cases) {
    provider.tamper = async (answer) => ({ ...answer, id_token: await make(decodeJwt(answer.id_token as string)) });
    const { browser, status, text } = await signIn('1');
    assert.equal(status, 403, `${what}: ${text}`);
    assert.match(text!, /Cannot sign in as what came from the provider does not hold: /, what);
    assert.doesNotMatch(text!, /eyJ/, 'no token is shown');
    assert.equal((await browser.send(`${server.url}/api/session`)).status, 401, what);
  }
  provider.tamper = async (answer) => {
    const claims = decodeJwt(answer.id_token as string);
    const late = Math.floor(Date.now() / 1000) - 10;
    return { ...answer, id_token: await provider.sign({ ...claims, iat: late - 60, exp: late }) };
  };
  assert.equal((await signIn('1')).url, `${server.url}/`, 'clocks may be half a minute apart');
});

test('finishes only in the browser that began, once, and with the code for it', async () => {
  provider.next = '1';
  const browser = openBrowser();
  const { url } = await browser.go(`${server.url}/auth/start`, isCallback);
  const elsewhere = await openBrowser().go(url);
  assert.equal(elsewhere.response?.status, 400, 'a link with the code of somebody else signs nobody in');
  const wrongState = new URL(url);
  wrongState.searchParams.set('state', 'another');
  assert.equal((await openedBy(browser).go(wrongState.href)).response?.status, 403);
  const copy = openedBy(browser);
  assert.equal((await browser.go(url, (at) => at === `${server.url}/`)).url, `${server.url}/`);
  const again = await copy.go(url);
  assert.equal(again.response?.status, 403, 'a code works once');
  const forged = openBrowser();
  await forged.go(`${server.url}/auth/start`, (at) => at.startsWith(provider.issuer));
  const { searchParams } = new URL(url);
  const withCode = await forged.go(`${server.url}/auth/callback?${searchParams}`);
  assert.equal(withCode.response?.status, 403);
});

/** The same browser a moment before. */
function openedBy(browser: TestBrowser): TestBrowser {
  const copy = openBrowser();
  for (const [name, cookie] of browser.jar) copy.jar.set(name, cookie);
  return copy;
}

test('finishes at another runner than the one that began', async () => {
  provider.next = '1';
  const returnTo = `${server.url}/auth/callback`;
  const { url, remembered } = await createOpenIdProvider(settings()).begin(returnTo);
  const back = await openBrowser().go(url, isCallback);
  const identity = await createOpenIdProvider(settings()).finish(new URL(back.url), remembered);
  assert.deepEqual([identity.subject, identity.name, identity.groups], ['1', 'ada', ['shop', 'platform']]);
});

test('says what is wrong with the client, and with a provider that is none', async () => {
  provider.next = '1';
  const returnTo = `${server.url}/auth/callback`;
  const wrong = createOpenIdProvider({ ...settings(), clientSecret: 'wrong' });
  const { url, remembered } = await wrong.begin(returnTo);
  const back = await openBrowser().go(url, isCallback);
  await assert.rejects(
    wrong.finish(new URL(back.url), remembered),
    /did not take the code: .*see clientId and clientSecret/,
  );
  const nowhere = createOpenIdProvider({ ...settings(), issuer: `${provider.issuer}/nowhere` });
  await assert.rejects(nowhere.begin(returnTo), /what came from the provider does not hold/);
  const closed = createOpenIdProvider({ ...settings(), issuer: 'http://127.0.0.1:9' });
  await assert.rejects(closed.begin(returnTo), /the provider does not answer: http:\/\/127\.0\.0\.1:9/);
});

test('says on a page what the provider refused, and that it is away, and lets owners in by a link meanwhile', async () => {
  const refused = await signIn('unknown');
  assert.equal(refused.status, 403);
  assert.match(refused.text!, /the provider refused: we do not know you/);
  const { browser } = await signIn('1');
  const halfWay = openBrowser();
  const { url } = await halfWay.go(`${server.url}/auth/start`, isCallback);
  await provider.goAway();
  try {
    const away = await halfWay.go(url);
    assert.equal(away.response?.status, 503);
    assert.match((await away.response?.text())!, /the provider does not answer: .*mainstay sign-in/);
    assert.equal((await browser.send(`${server.url}/api/status`)).status, 200, 'who is signed in stays so');
    const account = await server.accounts.firstOwner();
    const link = new URL((await makeSignInLink(server.accounts, { url: server.url, account })).url).hash.slice(1);
    const owner = await openBrowser().send(`${server.url}/api/session`, {
      method: 'POST',
      body: JSON.stringify({ link }),
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(owner.status, 201);
    const { csrf = '' } = await browser.session();
    const left = await browser.send(`${server.url}/api/session`, {
      method: 'DELETE',
      headers: { 'x-mainstay-csrf': csrf },
    });
    assert.equal(left.status, 200, 'one can sign out');
  } finally {
    await provider.comeBack();
  }
  assert.equal((await signIn('1')).url, `${server.url}/`);
});

test('takes the provider’s new key at once, and none that it has taken back', async () => {
  assert.equal((await signIn('1')).url, `${server.url}/`);
  const stolen = await provider.rotate();
  assert.equal((await signIn('1')).url, `${server.url}/`);
  provider.tamper = async (answer) => {
    const claims = decodeJwt(answer.id_token as string);
    return { ...answer, id_token: await provider.sign(claims, { key: stolen }) };
  };
  assert.equal((await signIn('1')).status, 403);
});

test('ends sessions by the provider’s word, and by no other', async () => {
  const { browser } = await signIn('1');
  const { browser: hers } = await signIn('2');
  const isIn = async (which: TestBrowser) => (await which.send(`${server.url}/api/session`)).status === 200;
  const tell = async (logout_token: string) =>
    (
      await fetch(`${server.url}/auth/backchannel-logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token }),
      })
    ).status;
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ iss: provider.issuer, aud: CLIENT.id, iat: now, exp: now + 60, jti: crypto.randomUUID(), sub: '1' },
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const refused = [
    await provider.sign(claims, { key: other }),
    await provider.sign({ ...claims, aud: 'somebody-else' }),
    await provider.sign({ ...claims, nonce: 'n' }),
    await provider.sign({ ...claims, events: {} }),
    await provider.sign({ ...claims, iat: now - 3600, exp: now - 3500 }),
    new UnsecuredJWT(claims).encode(),
    'nonsense',
  ];
  for (const token of refused) assert.equal(await tell(token), 400, token);
  assert.ok(await isIn(browser));
  assert.equal(await tell(await provider.sign(claims, { typ: 'logout+jwt' })), 200);
  assert.deepEqual([await isIn(browser), await isIn(hers)], [false, true]);
});

test('signs out here and tells where to sign out there', async () => {
  const { browser } = await signIn('1');
  const { csrf = '' } = await browser.session();
  const answer = await browser.send(`${server.url}/api/session`, {
    method: 'DELETE',
    headers: { 'x-mainstay-csrf': csrf },
  });
  const { url = '' } = (await answer.json()) as SignedOutResponse;
  assert.ok(url.startsWith(`${provider.issuer}/session/end?`), url);
  assert.equal(new URL(url).searchParams.get('post_logout_redirect_uri'), `${server.url}/sign-in`);
  assert.equal((await browser.send(`${server.url}/api/session`)).status, 401);
});
