import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findOfficial } from '../../test/differential/find-official.ts';
import { createEmbeddedPulumi } from './pulumi-command.ts';

const official = findOfficial();
const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const echoPlugin = fileURLToPath(new URL('../plugins/fixtures/echo-plugin.cjs', import.meta.url));

const program = `
const pulumi = require('@pulumi/pulumi');
const thing = (type, name, options) => new pulumi.CustomResource(type, name, { a: 1 }, options);
thing('echo:index:Thing', 'plain');
thing('echo:index:Thing', 'versioned', { version: '1.5.0' });
thing('echo:index:Thing', 'elsewhere', { pluginDownloadURL: 'https://x.example/y' });
thing('other:index:Thing', 'nested');
thing('third:index:Thing', 'unknown');
const explicit = new pulumi.ProviderResource('echo', 'explicit', {});
new pulumi.ProviderResource('echo', 'exact', {}, { version: '9.0.0' });
new pulumi.ProviderResource('other', 'from', {}, { pluginDownloadURL: 'https://u.example/' });
thing('echo:index:Thing', 'chosen', { provider: explicit });
`;

/** A program with SDKs of `echo` and, inside of it, of `other`, and plugins of three packages on the PATH. */
async function createProgram(root: string) {
  const directory = join(root, 'program');
  const bin = join(root, 'bin');
  const modules = join(directory, 'node_modules');
  const write = async (file: string, text: string) => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  await write(join(directory, 'Pulumi.yaml'), 'name: demo\nruntime: nodejs\n');
  await write(join(directory, 'package.json'), '{ "name": "demo", "main": "index.js" }');
  await write(join(directory, 'index.js'), program);
  const server = 'https://example.com/echo/';
  const sdk = { name: '@pulumi/echo', version: '1.2.3', pulumi: { resource: true, server } };
  await write(join(modules, '@pulumi/echo/package.json'), JSON.stringify(sdk));
  const other = { name: '@pulumi/other', version: '2.0.0', pulumi: { resource: true } };
  await write(join(modules, '@pulumi/echo/node_modules/@pulumi/other/package.json'), JSON.stringify(other));
  for (const name of await readdir(nodeModules))
    if (name !== '@pulumi') await symlink(join(nodeModules, name), join(modules, name));
  await symlink(join(nodeModules, '@pulumi/pulumi'), join(modules, '@pulumi/pulumi'));
  for (const name of ['ours', 'official']) await mkdir(join(root, name));
  for (const name of ['echo', 'other', 'third']) {
    const plugin = join(bin, `pulumi-resource-${name}`);
    await write(plugin, `#!/bin/sh\nexec '${process.execPath}' '${echoPlugin}' "$@"\n`);
    await chmod(plugin, 0o755);
  }
  const environment = (name: string) => ({
    PATH: `${bin}:${official === undefined ? '' : `${dirname(official)}:`}${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: root,
    PULUMI_HOME: join(root, 'home'),
    PULUMI_BACKEND_URL: `file://${join(root, name)}`,
    PULUMI_CONFIG_PASSPHRASE: 'x',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    ECHO_MODE: '',
  });
  return { directory, environment, removeSdks: () => rm(join(modules, '@pulumi/echo'), { recursive: true }) };
}

/** Providers by name with their inputs, and resources with the name of their provider. */
function shape(exported: string): { readonly providers: object; readonly resources: object } {
  interface Resource {
    readonly urn: string;
    readonly inputs?: object;
    readonly provider?: string;
  }
  const { resources } = (JSON.parse(exported) as { deployment: { resources: readonly Resource[] } }).deployment;
  const nameOf = (urn = '') => urn.split('::').slice(2).join('::');
  const isProvider = ({ urn }: Resource) => nameOf(urn).startsWith('pulumi:providers:');
  const pick = (wanted: boolean, value: (resource: Resource) => unknown) =>
    Object.fromEntries(
      resources
        .filter((resource) => isProvider(resource) === wanted)
        .map((resource) => [nameOf(resource.urn).replace('pulumi:providers:', ''), value(resource)])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
  return {
    providers: pick(true, ({ inputs = {} }) => inputs),
    resources: pick(false, ({ provider }) => nameOf(provider?.split('::').slice(0, -1).join('::')) || undefined),
  };
}

type Run = (...args: string[]) => Promise<string>;

async function statesOf(run: Run, removeSdks: () => Promise<void>) {
  await run('stack', 'init', 'dev');
  await run('up', '--yes', '--skip-preview');
  const first = shape(await run('stack', 'export'));
  await removeSdks();
  await run('up', '--yes', '--skip-preview');
  return { first, withoutSdks: shape(await run('stack', 'export')) };
}

const url = (pluginDownloadURL: string) => ({ pluginDownloadURL });

test('providers get version and URL from resource, SDK or state, as with the official CLI', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'mainstay-defaults-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const { directory, environment, removeSdks } = await createProgram(root);
  const pulumi = createEmbeddedPulumi({ environment: {} });
  t.after(() => pulumi.close());
  const run: Run = async (...args) => (await pulumi.run(args, directory, environment('ours'))).stdout;
  const ours = await statesOf(run, removeSdks);
  assert.deepEqual(ours.first.providers, {
    'echo::default_1_2_3_https_/example.com/echo': { __internal: url('https://example.com/echo'), version: '1.2.3' },
    'echo::default_1_2_3_https_/x.example/y': { __internal: url('https://x.example/y'), version: '1.2.3' },
    'echo::default_1_5_0_https_/example.com/echo': { __internal: url('https://example.com/echo'), version: '1.5.0' },
    'echo::exact': { __internal: {}, version: '9.0.0' },
    'echo::explicit': { __internal: url('https://example.com/echo/'), version: '1.2.3' },
    'other::default_2_0_0': { __internal: {}, version: '2.0.0' },
    'other::from': { __internal: url('https://u.example/') },
    'third::default': {},
  });
  const { providers } = ours.withoutSdks;
  assert.ok('echo::default_9_0_0' in providers && 'other::default_2_0_0' in providers, JSON.stringify(providers));

  if (official === undefined) return t.diagnostic('the official CLI is not on the PATH: nothing to compare with');
  const again = await createProgram(join(root, 'again'));
  const call = promisify(execFile);
  const theirs = await statesOf(async (...args) => {
    const options = { cwd: again.directory, env: again.environment('official'), timeout: 120_000 };
    return (await call(official, [...args, '--non-interactive'], options)).stdout;
  }, again.removeSdks);
  assert.deepEqual(ours, theirs);
});
