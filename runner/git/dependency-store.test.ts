import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startProcess } from '../../foundation/processes.ts';
import { treeOf } from '../core/tree-of-files.ts';
import { createDependencyStore, npmEnvironment } from './dependency-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-dependencies-'));
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('shows npm no secret of ours, as a .npmrc could send it anywhere', () => {
  const ours = { GITEA_TOKEN: 'a', PULUMI_CONFIG_PASSPHRASE: 'b', DATABASE_URL: 'c', AWS_SECRET_ACCESS_KEY: 'd' };
  const needed = { PATH: '/bin', HOME: '/root', npm_config_registry: 'e', HTTPS_PROXY: 'f' };
  assert.deepEqual(npmEnvironment({ ...ours, ...needed }), needed);
});

/** A package as a registry serves it, packed by tar itself. */
async function packed(name: string, files: Readonly<Record<string, string>>): Promise<Buffer> {
  const place = join(folder, name, 'package');
  mkdirSync(place, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
  const archive = join(folder, `${name}.tgz`);
  const tar = await startProcess('tar', ['-czf', archive, '-C', join(folder, name), 'package'], { stdio: 'ignore' });
  assert.equal((await tar.exited).code, 0);
  return readFileSync(archive);
}

test('installs a package without running what it would run then', async () => {
  const mark = join(folder, 'mark');
  const leaveMark = `node -e "require('fs').writeFileSync('${mark}', '')"`;
  const scripts = { preinstall: leaveMark, install: leaveMark, postinstall: leaveMark };
  const archive = await packed('marker', {
    'package.json': JSON.stringify({ name: 'marker', version: '1.0.0', scripts }),
    'index.js': 'module.exports = 1;\n',
  });
  const server = createServer((_request, response) => response.end(archive));
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const resolved = `http://127.0.0.1:${(server.address() as AddressInfo).port}/marker-1.0.0.tgz`;
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  const manifest = { name: 'program', version: '1.0.0', dependencies: { marker: resolved }, scripts };
  const lock = {
    ...{ name: 'program', version: '1.0.0', lockfileVersion: 3, requires: true },
    packages: {
      '': { name: 'program', version: '1.0.0', dependencies: { marker: resolved }, hasInstallScript: true },
      'node_modules/marker': { version: '1.0.0', resolved, integrity, hasInstallScript: true },
    },
  };
  const tree = treeOf({
    'infra/package.json': JSON.stringify(manifest),
    'infra/package-lock.json': JSON.stringify(lock),
    'infra/.npmrc': 'ignore-scripts=false\nforeground-scripts=true\n',
  });
  const store = createDependencyStore({ folder: join(folder, 'store'), seeds: [] });
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  for (const place of [first, second]) mkdirSync(join(place, 'infra'), { recursive: true });
  assert.equal(await store.link(tree, { folder: first, program: 'infra' }), 'installed');
  assert.ok(existsSync(join(first, 'infra/node_modules/marker/index.js')), 'the package itself is there');
  assert.ok(!existsSync(mark), 'a script of the package has run');
  assert.equal(await store.link(tree, { folder: second, program: 'infra' }), 'linked', 'nothing is installed again');
});
