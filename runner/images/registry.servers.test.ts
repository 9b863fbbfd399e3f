import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type RegistryServer, startRegistry } from '../../test/servers/registry.ts';
import { whyNot } from '../../test/servers/start.ts';
import { createRegistry } from './registry.ts';

const skip = await whyNot('registry');
let server: RegistryServer;

before(async () => {
  if (!skip) server = await startRegistry();
});
after(() => server?.stop());

/** Pushes an image of no layers as a client does, for another `content` another one. Returns its digest. */
async function push(name: string, tag: string, content: string): Promise<string> {
  const root = `http://${server.address}/v2/${name}`;
  const blob = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { content } },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const begun = await fetch(`${root}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(begun.headers.get('location')!, root);
  place.searchParams.set('digest', digestOf(blob));
  assert.equal((await fetch(place, { method: 'PUT', body: blob })).status, 201);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(blob), size: blob.length };
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
  const put = await fetch(`${root}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: manifest,
  });
  assert.equal(put.status, 201);
  return digestOf(manifest);
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

test('a real registry is asked for its tags and digests', { skip }, async () => {
  const [first, second] = [await push('shop/web', '1.0.0', 'one'), await push('shop/web', '1.1.0', 'two')];
  await push('shop/web', 'latest', 'two');
  const registry = createRegistry([{ host: server.address, insecure: true }]);
  const image = `${server.address}/shop/web`;
  assert.deepEqual([...(await registry.tags(image))].sort(), ['1.0.0', '1.1.0', 'latest']);
  assert.deepEqual([await registry.digest(image, '1.0.0'), await registry.digest(image, 'latest')], [first, second]);
  await assert.rejects(registry.digest(image, '2.0.0'), /no such tag/);
  await assert.rejects(registry.tags(`${server.address}/shop/none`), /no such image/);
});
