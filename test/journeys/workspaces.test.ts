import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { startProcess } from '../../foundation/processes.ts';
import { type PackageServer, startPackageServer } from '../../runner/git/testing/package-server.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** A repository of npm workspaces on plain Git: two Pulumi projects, and a package that one of them imports by name. npm installs it for real. */
const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'mainstay-workspaces-'));
let shop: Workshop;
let server: PackageServer;

interface Locked {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The SDK with all that it needs beside it, as one package: what this repository has installed is what a registry would send. */
async function packSdk(): Promise<Buffer> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const needed = new Set(['node_modules/@pulumi/pulumi']);
  for (const place of needed) {
    const nested = Object.keys(packages).filter((path) => path.startsWith(`${place}/`));
    for (const path of [place, ...nested])
      for (const name of Object.keys(packages[path]!.dependencies ?? {}))
        if (packages[`node_modules/${name}`]) needed.add(`node_modules/${name}`);
  }
  const archive = join(folder, 'sdk.tar');
  const moved = ['s,^node_modules/@pulumi/pulumi/,package/,', 's,^node_modules/,package/node_modules/,'];
  const left = ['*.map', '*.d.ts', 'build/esm', 'build/esnext'].map((name) => `--exclude=${name}`);
  const args = ['-cf', archive, '-C', ROOT, ...left, ...moved.map((rule) => `--transform=${rule}`), ...needed];
  const tar = await startProcess('tar', args, { stdio: 'ignore' });
  assert.equal((await tar.exited).code, 0);
  return readFileSync(archive);
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const program = (imports: string, team: string) =>
  `import * as pulumi from '@pulumi/pulumi';\n${imports}class Part extends pulumi.CustomResource {\n` +
  `  constructor(name: string, team: string) {\n    super('acme:index:Part', name, { team });\n  }\n}\n` +
  `new Part('part', ${team});\nexport const team = ${team};\n`;

before(async () => {
  server = await startPackageServer(folder);
  const { version } = JSON.parse(
    readFileSync(join(ROOT, 'node_modules/@pulumi/pulumi/package.json'), 'utf8'),
  ) as Locked;
  const sdk = { ...server.put('sdk', await packSdk()), version };
  const apps = {
    'apps/net': { name: 'net', version: '1.0.0', dependencies: { '@pulumi/pulumi': sdk.resolved } },
    'apps/web': {
      name: 'web',
      version: '1.0.0',
      dependencies: { '@acme/tags': '^1.0.0', '@pulumi/pulumi': sdk.resolved },
    },
    'packages/tags': { name: '@acme/tags', version: '1.0.0', main: 'index.ts' },
  };
  const root = { name: 'acme', version: '1.0.0', workspaces: ['apps/*', 'packages/*'] };
  const links = Object.entries(apps).map(([path, { name }]) => [
    `node_modules/${name}`,
    { resolved: path, link: true },
  ]);
  const packages = { '': root, ...apps, ...Object.fromEntries(links), 'node_modules/@pulumi/pulumi': sdk };
  const stack = json({ config: { 'mainstay:sandbox': true } });
  shop = await createWorkshop({
    'package.json': json(root),
    'package-lock.json': json({ lockfileVersion: 3, requires: true, packages }),
    ...Object.fromEntries(Object.entries(apps).map(([path, manifest]) => [`${path}/package.json`, json(manifest)])),
    'packages/tags/index.ts': "export const tags = { team: 'shop' };\n",
    'apps/net/Pulumi.yaml': 'name: net\nruntime: nodejs\n',
    'apps/net/Pulumi.dev.yaml': stack,
    'apps/net/index.ts': program('', "'net'"),
    'apps/web/Pulumi.yaml': 'name: web\nruntime: nodejs\n',
    'apps/web/Pulumi.dev.yaml': stack,
    'apps/web/index.ts': program("import { tags } from '@acme/tags';\n", 'tags.team'),
    'mainstay.yaml': 'drift: { mode: "off" }\n',
  });
  await shop.sweep();
});
after(async () => {
  await shop?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const teamOf = async (rollout: string, stack: string) => {
  const [run] = await shop.store.runs.list({ rollout, kind: 'update', stack });
  return (await shop.store.runs.get(run!.id))!.outcome!.outputs.team;
};

test('updates both projects, with what is installed once', async () => {
  const rollout = await shop.rollout(await shop.head());
  assert.equal(rollout.state, 'succeeded', `${rollout.summary}\n${shop.said.join('\n')}`);
  assert.deepEqual([await teamOf(rollout.id, 'net/dev'), await teamOf(rollout.id, 'web/dev')], ['net', 'shop']);
  assert.equal(server.asked.filter(({ path }) => path === '/sdk.tgz').length, 1);
});

test('previews and updates the project that imports a package whose sources change, and leaves the other one', async () => {
  await shop.push('toys', { 'packages/tags/index.ts': "export const tags = { team: 'toys' };\n" });
  await shop.sweep();
  const [run, ...others] = await shop.until('the preview', async () => {
    const runs = await shop.store.runs.list({ change: 'estate/toys' });
    return runs.length > 0 && runs.every(({ endedAt }) => endedAt !== undefined) && runs;
  });
  assert.deepEqual([run!.stack, run!.state, others.length], ['web/dev', 'succeeded', 0], run!.summary);
  assert.deepEqual(
    run!.reasons.map(({ text }) => text),
    ['apps/web/index.ts → packages/tags/index.ts'],
  );
  const changed = (await shop.store.runs.get(run!.id))!.outcome!.steps.filter(({ urn }) => urn.endsWith('::part'));
  assert.equal(changed.length, 1, 'it saw the sources of its own commit');
  const merged = await shop.merge('toys');
  await shop.sweep();
  const rollout = await shop.rollout(merged);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.equal(await teamOf(rollout.id, 'web/dev'), 'toys');
  assert.deepEqual(await shop.store.runs.list({ rollout: rollout.id, stack: 'net/dev' }), []);
  assert.equal(server.asked.filter(({ path }) => path === '/sdk.tgz').length, 1, 'nothing is installed again');
});

test('says what to do where the lock file is of another package manager', async () => {
  const head = await shop.push('yarn', { 'apps/web/yarn.lock': '# yarn\n' });
  await shop.sweep();
  const [run] = await shop.until('the preview', async () => {
    const runs = await shop.store.runs.list({ change: 'estate/yarn' });
    return runs.length > 0 && runs.every(({ endedAt }) => endedAt !== undefined) && runs;
  });
  assert.equal((await shop.store.changes.get('estate/yarn'))?.head, head);
  assert.deepEqual([run!.stack, run!.state], ['web/dev', 'failed']);
  assert.match(run!.summary, /only npm's package-lock\.json is supported: apps\/web\/yarn\.lock/);
});
