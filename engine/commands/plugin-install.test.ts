import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { create, Header } from 'tar';
import { findOfficial } from '../../test/differential/find-official.ts';
import { createEmbeddedPulumi } from '../automation/pulumi-command.ts';
import { downloadPlugin } from '../plugins/download-plugin.ts';

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
const official = findOfficial();
const script = '#!/bin/sh\necho 1\n';

/** Tar archives are blocks of 512 bytes: this one has a single entry of any name, as an attacker would write it. */
function evilArchive(path: string, more: object = {}): Buffer {
  const content = Buffer.alloc(512);
  content.write('evil\n');
  const header = new Header({ path, mode: 0o644, size: 5, type: 'File', mtime: new Date(0), ...more } as never);
  const block = Buffer.alloc(512);
  header.encode(block, 0);
  return gzipSync(Buffer.concat([block, ...(header.size === 0 ? [] : [content]), Buffer.alloc(1024)]));
}

describe('pulumi plugin install', () => {
  const pulumi = createEmbeddedPulumi({ environment: {}, warm: false });
  let folder: string;
  let server: Server;
  let url: string;
  /** What the server has, by path; a number is a status. */
  const files = new Map<string, Buffer | number>();
  let requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  let good: Buffer;

  before(async () => {
    server = createServer((request, response) => {
      requests.push({ path: request.url!, authorization: request.headers.authorization });
      const found = files.get(request.url!) ?? 404;
      if (typeof found === 'number') response.writeHead(found).end('no');
      else response.writeHead(200, { 'content-length': found.length }).end(found);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await pulumi.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-install-'));
    await mkdir(join(folder, 'content'));
    await writeFile(join(folder, 'content', 'pulumi-resource-thing'), script, { mode: 0o644 });
    await writeFile(join(folder, 'content', 'README.md'), 'a thing');
    await create({ cwd: join(folder, 'content'), gzip: true, file: join(folder, 'good.tar.gz') }, ['.']);
    good = await readFile(join(folder, 'good.tar.gz'));
    files.clear();
    files.set(`/pulumi-resource-thing-v1.2.3-${platform}.tar.gz`, good);
    requests = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    pulumi.run(['plugin', ...args], folder, { PULUMI_HOME: join(folder, 'home'), HOME: folder, ...more });
  const install = (...args: readonly string[]) => run(['install', 'resource', 'thing', '1.2.3', ...args]);
  const installed = () => readdir(join(folder, 'home', 'plugins')).catch(() => []);
  const plugin = { kind: 'resource', name: 'thing', version: '1.2.3' };

  test('from a server: the archive is unpacked where both engines look, once', async () => {
    await install('--server', url);
    assert.deepEqual(await installed(), ['resource-thing-v1.2.3']);
    const place = join(folder, 'home', 'plugins', 'resource-thing-v1.2.3');
    assert.equal(await readFile(join(place, 'pulumi-resource-thing'), 'utf8'), script);
    await access(join(place, 'pulumi-resource-thing'), 1);
    const listed = JSON.parse((await run(['ls', '--json'])).stdout) as { name: string }[];
    assert.deepEqual(
      listed.map(({ name }) => name),
      ['thing'],
    );
    await install('--server', url);
    assert.equal(requests.length, 1);
    await install('--server', url, '--reinstall');
    assert.equal(requests.length, 2);
    if (official === undefined) return;
    const env = {
      PATH: process.env.PATH!,
      HOME: folder,
      PULUMI_HOME: join(folder, 'home'),
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    };
    const { stdout } = await promisify(execFile)(official, ['plugin', 'ls', '--json'], { env });
    assert.match(stdout, /"name": "thing"/);
  });

  test('fills in the address, and sends user and password where they are in it', async () => {
    files.set(`/mirror/thing/1.2.3/${process.platform}/pulumi-resource-thing-v1.2.3-${platform}.tar.gz`, good);
    const withUser = url.replace('http://', 'http://me:s3cret-word@');
    await install('--server', `${withUser}/mirror/\${NAME}/\${VERSION}/\${OS}/`);
    assert.equal(requests[0]!.authorization, `Basic ${Buffer.from('me:s3cret-word').toString('base64')}`);
    await assert.rejects(install('--reinstall', '--server', `${withUser}/nowhere`), (error: Error) => {
      assert.match(error.message, /the server answers 404 Not Found: http:\/\/127/);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
    assert.deepEqual(await installed(), ['resource-thing-v1.2.3'], 'what was there stays');
  });

  test('goes by PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES, also without --server', async () => {
    files.set(`/of/pulumi-thing/pulumi-resource-thing-v1.2.3-${platform}.tar.gz`, good);
    const overrides = `^nothing=http://127.0.0.1:1,^github://api.github.com/pulumi/(?P<repo>.+)$=${url}/of/\${repo}`;
    await run(['install', 'resource', 'thing', '1.2.3'], { PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES: overrides });
    assert.deepEqual(await installed(), ['resource-thing-v1.2.3']);
    await assert.rejects(
      run(['install', 'resource', 'other', '1.0.0'], { PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES: '(=x' }),
      /it is no regexp=URL|is no regexp=URL/,
    );
  });

  test('compares the checksum before anything is unpacked', async () => {
    const checksum = createHash('sha256').update(good).digest('hex');
    await assert.rejects(
      install('--server', url, '--checksum', 'ab'.repeat(32)),
      new RegExp(`the checksum of the archive is another one \\(expected (ab){32}, found ${checksum}\\)`),
    );
    assert.deepEqual(await installed(), []);
    assert.equal(requests.length, 1, 'it is not tried again');
    await install('--server', url, '--checksum', checksum.toUpperCase());
    assert.deepEqual(await installed(), ['resource-thing-v1.2.3']);
    await assert.rejects(install('--server', url, '--checksum', 'zz'), /--checksum was not a valid SHA-256/);
  });

  test('tries again what may pass, and stops with what the server said', async () => {
    const path = `/pulumi-resource-thing-v1.2.3-${platform}.tar.gz`;
    const file = join(folder, 'archive');
    const download = () =>
      downloadPlugin({ plugin, server: url, file, signal: new AbortController().signal, pauses: [1, 1] });
    files.set(path, 503);
    await assert.rejects(download(), /the server answers 503/);
    assert.equal(requests.length, 3);
    server.once('request', () => files.set(path, good));
    await download();
    assert.deepEqual(await readFile(file), good);
    await assert.rejects(
      downloadPlugin({ plugin, server: 'http://127.0.0.1:1', file, signal: AbortSignal.timeout(60_000), pauses: [1] }),
      /Cannot download the plugin as .*(ECONNREFUSED|bad port)/,
    );
  });

  test('installs nothing of an archive that is damaged, unsafe, or of another plugin', async () => {
    const path = `/pulumi-resource-thing-v1.2.3-${platform}.tar.gz`;
    for (const [archive, problem] of [
      [good.subarray(0, good.length - 40), /its archive is damaged or unsafe/],
      [evilArchive('../../../evil'), /damaged or unsafe/],
      [evilArchive('/tmp/mainstay-evil-absolute'), /damaged or unsafe/],
      [evilArchive('README.md'), /neither pulumi-resource-thing nor PulumiPlugin.yaml/],
      [Buffer.from('<html>please log in</html>'), /neither an archive nor executable/],
    ] as const) {
      files.set(path, archive);
      await assert.rejects(install('--server', url), problem);
      assert.deepEqual(await installed(), []);
    }
    await assert.rejects(access(join(folder, 'evil')));
    await assert.rejects(access('/tmp/mainstay-evil-absolute'));
  });

  test('takes an archive, an executable or a folder from the disk', async () => {
    await install('--file', 'good.tar.gz');
    await run(['rm', '--all', '--yes']);
    await writeFile(join(folder, 'built'), script, { mode: 0o755 });
    await install('--file', 'built');
    const place = join(folder, 'home', 'plugins', 'resource-thing-v1.2.3');
    assert.deepEqual(await readdir(place), ['pulumi-resource-thing']);
    await symlink('README.md', join(folder, 'content', 'link'));
    await install('--file', 'content', '--reinstall');
    assert.deepEqual(await readdir(place), ['README.md', 'link', 'pulumi-resource-thing']);
    await assert.rejects(install('--file', 'content/README.md', '--reinstall'), /neither an archive nor executable/);
    await assert.rejects(install('--file', 'nowhere', '--reinstall'), /cannot be read: .*ENOENT/);
    await assert.rejects(install('--file', 'x', '--server', url, '--reinstall'), /both --file and --server/);
  });

  test('says what is wrong with what it is asked for', async () => {
    await assert.rejects(install(), /downloads only from a server that is named: resource thing 1\.2\.3.*--server/);
    await assert.rejects(install('--server', 'github://api.github.com/a/b'), /no http or https address: github:/);
    await assert.rejects(run(['install', 'source', 'thing', '1.2.3']), /unrecognized plugin kind: source/);
    await assert.rejects(run(['install', 'resource', '../thing', '1.2.3']), /invalid plugin name/);
    await assert.rejects(run(['install', 'resource', 'thing', 'latest']), /invalid plugin semver/);
  });
});
