import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { systemClock } from '../../foundation/clock.ts';
import { type Certificate, makeCertificate } from '../../test/servers/certificates.ts';
import { ApiClient } from './api-client.ts';
import { UnreachableError } from './api-error.ts';
import { readConfiguration } from './configuration.ts';
import { Connection } from './connection.ts';
import { type WireRequest, WireServer } from './wire-server.ts';

let folder: string;
const open: { close(): unknown }[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mainstay-credentials-'));
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
after(() => rm(folder, { recursive: true, force: true }));

/** A server that takes only what `accepts` says, and a client of it with this user. */
async function clientOf(user: object, accepts: (request: WireRequest) => boolean, kubeconfigPath?: string) {
  const refused = { status: 401, body: { kind: 'Status', code: 401, reason: 'Unauthorized', message: 'Unauthorized' } };
  const server = await WireServer.start((request) => (accepts(request) ? { status: 200 } : refused));
  if (kubeconfigPath) await writeFile(kubeconfigPath, server.kubeconfig(user));
  const kubeconfig = kubeconfigPath ?? server.kubeconfig(user);
  const environment = { PATH: process.env.PATH, FROM_PROVIDER: 'yes' };
  const configuration = readConfiguration({ kubeconfig }, environment);
  const connection = new Connection(configuration, environment);
  open.push(connection, server);
  return { server, client: new ApiClient(connection, configuration.client, systemClock) };
}

const bearer = (token: string) => (request: WireRequest) => request.headers.authorization === `Bearer ${token}`;
const version = { method: 'GET', path: '/version' } as const;

function jwt(secondsFromNow: number): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'none' })}.${encode({ exp: Math.floor(Date.now() / 1000) + secondsFromNow })}.signature`;
}

/** A credential plugin that counts its runs in `<name>.runs` and answers with this script's output. */
async function plugin(name: string, script: string): Promise<{ readonly path: string; runs(): Promise<number> }> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho run >> ${path}.runs\n${script}\n`);
  await chmod(path, 0o700);
  const runs = async () => (await readFile(`${path}.runs`, 'utf8').catch(() => '')).split('\n').length - 1;
  return { path, runs };
}

const V1 = 'client.authentication.k8s.io/v1';
const credential = (status: object, apiVersion = V1) =>
  `echo '${JSON.stringify({ apiVersion, kind: 'ExecCredential', status })}'`;
const exec = (command: string, more: object = {}) => ({ exec: { apiVersion: V1, command, ...more } });

describe('a credential plugin of a kubeconfig', () => {
  it('is run once for many requests, with its arguments, its environment and the request of the protocol', async () => {
    const script = `printf '%s\\n' "$1" "$OWN" "$FROM_PROVIDER" "$KUBERNETES_EXEC_INFO" > ${folder}/seen`;
    const { path, runs } = await plugin('get-token', `${script}\n${credential({ token: 'good' })}`);
    const more = { args: ['get'], env: [{ name: 'OWN', value: 'x' }], provideClusterInfo: true };
    const { client, server } = await clientOf(exec(path, more), bearer('good'));
    await Promise.all(Array.from({ length: 50 }, () => client.request(version)));
    assert.equal(await runs(), 1);
    const [argument, own, inherited, info] = (await readFile(join(folder, 'seen'), 'utf8')).split('\n');
    assert.deepEqual([argument, own, inherited], ['get', 'x', 'yes']);
    assert.deepEqual(JSON.parse(info!), {
      apiVersion: V1,
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: server.url, 'insecure-skip-tls-verify': true } },
    });
  });

  it('is asked again when the server no longer takes the token, once for all requests', async () => {
    const { path, runs } = await plugin(
      'rotating',
      `n=$(wc -l < ${folder}/rotating.runs)\n${credential({ token: 'T' })} | sed s/T/token-$n/`,
    );
    let good = 'token-1';
    const { client } = await clientOf(exec(path), (request) => bearer(good)(request));
    await client.request(version);
    good = 'token-2';
    await Promise.all(Array.from({ length: 20 }, () => client.request(version)));
    assert.equal(await runs(), 2);
  });

  it('is found from the folder of the kubeconfig', async () => {
    await plugin('beside', credential({ token: 'good' }));
    const { client } = await clientOf(exec('./beside'), bearer('good'), join(folder, 'kubeconfig'));
    await client.request(version);
  });

  for (const [what, user, expected] of [
    [
      'is not installed',
      exec('/no/such/plugin', { installHint: 'Get it from the shop.' }),
      /plugin is not installed: \/no\/such\/plugin\. Get it from the shop\./,
    ],
    [
      'speaks an old version',
      { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } },
      /apiVersion .* is not supported: ".*v1alpha1"/,
    ],
    ['wants to ask a person', exec('x', { interactiveMode: 'Always' }), /wants to ask a person/],
  ] as const)
    it(`says what to do where it ${what}`, async () => {
      const { client, server } = await clientOf(user, () => true);
      await assert.rejects(client.request(version), (error: unknown) => {
        assert.ok(error instanceof UnreachableError);
        assert.match(error.message, expected);
        return true;
      });
      assert.equal(server.requests.length, 0);
    });

  for (const [name, script, expected] of [
    [
      'failing',
      'echo partial-secret; echo the session has expired >&2; exit 3',
      /failed \(3\): the session has expired/,
    ],
    ['talking', 'echo "hello, partial-secret"', /answer .* is no JSON/],
    ['empty', credential({}), /neither a token nor a client certificate/],
    ['older', credential({ token: 'partial-secret' }, 'client.authentication.k8s.io/v1beta1'), /another apiVersion/],
  ] as const)
    it(`fails in clear words, without its output, where it is ${name}`, async () => {
      const { path } = await plugin(name, script);
      const { client } = await clientOf(exec(path), () => true);
      await assert.rejects(client.request(version), (error: Error) => {
        assert.match(error.message, expected);
        assert.ok(!error.message.includes('partial-secret'));
        return true;
      });
    });
});

describe('other credentials of a kubeconfig', () => {
  it('are read from a token file anew when the server refuses the old token', async () => {
    const path = join(folder, 'token');
    await writeFile(path, 'one\n');
    let good = 'one';
    const { client } = await clientOf(
      { tokenFile: 'token' },
      (request) => bearer(good)(request),
      join(folder, 'config'),
    );
    await client.request(version);
    await writeFile(path, 'two\n');
    good = 'two';
    await client.request(version);
  });

  it('impersonate a user with groups', async () => {
    const user = { token: 't', as: 'ann', 'as-groups': ['a', 'b'], 'as-uid': 'u', 'as-user-extra': { scope: ['x'] } };
    const { client, server } = await clientOf(user, () => true);
    await client.request(version);
    const { headers } = server.requests[0]!;
    assert.deepEqual(
      ['impersonate-user', 'impersonate-group', 'impersonate-uid', 'impersonate-extra-scope'].map(
        (name) => headers[name],
      ),
      ['ann', 'a, b', 'u', 'x'],
    );
  });

  it('say since when a token has expired', async () => {
    const { client } = await clientOf({ token: jwt(-3600) }, () => false);
    await assert.rejects(client.request(version), (error: unknown) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /\(401 Unauthorized\): the token expired at \d{4}-\d\d-\d\dT.*Log in again/);
      assert.ok(!error.message.includes('signature'));
      return true;
    });
  });
});

describe('OIDC in a kubeconfig', () => {
  let issuer: Server;
  let url: string;
  let certificate: Certificate;
  let forms: string[] = [];
  let answer: { status: number; body: object };

  before(async () => {
    certificate = await makeCertificate(folder);
    issuer = createServer({ cert: certificate.certificate, key: certificate.key }, async (incoming, outgoing) => {
      if (incoming.url === '/.well-known/openid-configuration')
        return outgoing.end(JSON.stringify({ issuer: url, token_endpoint: `${url}/token` }));
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      forms.push(Buffer.concat(chunks).toString());
      outgoing.statusCode = answer.status;
      outgoing.end(JSON.stringify(answer.body));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  });
  after(() => {
    issuer?.closeAllConnections();
    issuer?.close();
  });

  const user = (idToken: string, more: object = {}) => ({
    'auth-provider': {
      name: 'oidc',
      config: {
        'id-token': idToken,
        'refresh-token': 'refresh-1',
        'idp-issuer-url': url,
        'client-id': 'mainstay',
        'client-secret': 'of-the-client',
        'idp-certificate-authority': certificate.path,
        ...more,
      },
    },
  });

  it('uses the token as long as it is good, without asking the issuer', async () => {
    forms = [];
    const token = jwt(3600);
    const { client } = await clientOf(user(token), bearer(token));
    await client.request(version);
    assert.deepEqual(forms, []);
  });

  it('renews a token that has expired, once, with the secret of the client', async () => {
    forms = [];
    const token = jwt(3600);
    answer = { status: 200, body: { id_token: token, refresh_token: 'refresh-2' } };
    const { client } = await clientOf(user(jwt(-1)), bearer(token));
    await Promise.all(Array.from({ length: 20 }, () => client.request(version)));
    assert.deepEqual(forms, [
      'grant_type=refresh_token&refresh_token=refresh-1&client_id=mainstay&client_secret=of-the-client',
    ]);
  });

  it('renews a token that the server refuses, with the newest refresh token', async () => {
    forms = [];
    let good = jwt(3600);
    const { client } = await clientOf(
      user(good, {
        'idp-certificate-authority': '',
        'idp-certificate-authority-data': Buffer.from(certificate.certificate).toString('base64'),
      }),
      (request) => bearer(good)(request),
    );
    await client.request(version);
    for (const refresh of ['refresh-2', 'refresh-3']) {
      good = `${jwt(3600)}${refresh}`;
      answer = { status: 200, body: { id_token: good, refresh_token: refresh } };
      await client.request(version);
    }
    assert.deepEqual(
      forms.map((form) => new URLSearchParams(form).get('refresh_token')),
      ['refresh-1', 'refresh-2'],
    );
  });

  it("fails with the issuer's words", async () => {
    answer = { status: 400, body: { error: 'invalid_grant', error_description: 'the session is over' } };
    const { client } = await clientOf(user(jwt(-1)), () => true);
    await assert.rejects(client.request(version), (error: Error) => {
      assert.match(
        error.message,
        /Cannot renew the token of the issuer https:.* as it answered 400: the session is over\. Log in again/,
      );
      assert.ok(!/refresh-1|of-the-client/.test(error.message));
      return true;
    });
  });
});
