import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { isMainstayError } from '../../foundation/errors.ts';
import { createRegistry, type RegistryAccount } from './registry.ts';
import { openWireRegistry, READER, type WireRegistry } from './testing/wire-registry.ts';

describe('a registry', () => {
  let shelf: WireRegistry;
  let image: string;
  before(async () => {
    shelf = await openWireRegistry();
    image = `${shelf.host}/shop/web`;
    for (const tag of ['1.0.0', '1.1.0', '1.2.0', 'latest', 'main-1']) shelf.put('shop/web', tag);
  });
  after(() => shelf.close());
  beforeEach(() => {
    Object.assign(shelf, { login: 'none', page: 1000 });
    shelf.asked.length = 0;
  });
  /** The clock does not wait: what is tried again is tried at once. */
  const clock = { now: () => Date.now(), sleep: async () => {} };
  const open = (account: Partial<RegistryAccount> = {}) =>
    createRegistry([{ host: shelf.host, insecure: true, ...account }], clock);

  it('says all tags, however many there are in an answer', async () => {
    shelf.page = 2;
    assert.deepEqual(await open().tags(image), ['1.0.0', '1.1.0', '1.2.0', 'latest', 'main-1']);
    assert.equal(shelf.asked.length, 3);
  });

  it('says the digest that a tag stands for', async () => {
    const digest = shelf.put('shop/web', 'latest', 'another one');
    assert.equal(await open().digest(image, 'latest'), digest);
    assert.equal(await open().digest(image, '1.0.0'), shelf.put('shop/web', '1.0.0'));
  });

  for (const login of ['basic', 'bearer'] as const)
    it(`logs in by ${login}, and says what to do where that fails, without the password`, async () => {
      shelf.login = login;
      assert.equal((await open(READER).tags(image)).length, 5);
      await assert.rejects(open({ ...READER, password: 'n0t-it' }).digest(image, 'latest'), (error: Error) => {
        assert.match(error.message, /does not let us: 401\. Check the user name and password of the registry/);
        assert.doesNotMatch(error.message, /n0t-it/);
        return isMainstayError(error, 'user');
      });
      await assert.rejects(
        createRegistry([{ host: shelf.host, insecure: true }], clock).tags(image),
        /does not let us: 401/,
      );
    });

  it('sends no password to an address without TLS unless it is told so', async () => {
    shelf.instead.push((response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${shelf.host}/token"` }).end(),
    );
    const asking = globalThis.fetch;
    const urls: string[] = [];
    // The registry itself has TLS here: only its answer is the one of the wire.
    globalThis.fetch = async (url, init) => {
      urls.push(String(url));
      return asking(String(url).replace('https:', 'http:'), init);
    };
    try {
      await assert.rejects(open({ ...READER, insecure: false }).tags(image), /sends us to no address with TLS/);
    } finally {
      globalThis.fetch = asking;
    }
    assert.deepEqual(urls, [`https://${image.replace('/', '/v2/')}/tags/list?n=1000`]);
  });

  it('says that there is no such image, or tag', async () => {
    await assert.rejects(open().tags(`${shelf.host}/shop/wbe`), /no such image: \/v2\/shop\/wbe\/tags/);
    await assert.rejects(open().digest(image, '9'), /no such tag: \/v2\/shop\/web\/manifests\/9\. Check the name/);
  });

  it('tries again what may go away, and does not take what it does not understand', async () => {
    shelf.instead.push(
      (response) => response.writeHead(503).end(),
      (response) => response.destroy(),
    );
    assert.equal((await open().tags(image)).length, 5);
    const garbage: readonly (readonly [string, RegExp])[] = [
      ['<html>a proxy</html>', /is no JSON/],
      ['{"tags": [1, 2]}', /tags\.0/],
    ];
    for (const [body, error] of garbage) {
      shelf.instead.push((response) => response.writeHead(200).end(body));
      await assert.rejects(open().tags(image), error);
    }
    shelf.instead.push((response) => response.writeHead(200, { 'docker-content-digest': 'sha256:short' }).end());
    await assert.rejects(open().digest(image, 'latest'), /names no digest of it: "sha256:short"\. Use pin: tag/);
    shelf.instead.push((response) => response.writeHead(301, { location: 'https://elsewhere.example/' }).end());
    await assert.rejects(open().tags(image), /somewhere else/);
  });
});
