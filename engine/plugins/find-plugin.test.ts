import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type FindOptions, findPlugin } from './find-plugin.ts';
import { createPluginBench, type PluginBench } from './testing/plugin-bench.ts';

const ask = (name: string, version = '') => ({ package: name, version, downloadUrl: '' });

function optionsOf(
  bench: PluginBench,
  changes: Partial<FindOptions> = {},
): FindOptions & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return {
    environment: bench.environment,
    projectPlugins: [],
    programDirectory: import.meta.dirname,
    sandbox: false,
    providersDirectory: join(bench.directory, 'providers'),
    warn: (message) => void warnings.push(message),
    warnings,
    ...changes,
  };
}

const installed = (bench: PluginBench, name: string) => join(bench.directory, 'home', 'plugins', name);

describe('finding a plugin', () => {
  it('takes the version asked for, else the newest, and passes over unfinished downloads', async (test) => {
    const bench = await createPluginBench(test);
    for (const version of ['1.9.0', '1.10.0', '2.0.0-alpha.1', '3.0.0']) {
      await bench.addPlugin('x', installed(bench, `resource-x-v${version}`));
    }
    await writeFile(`${installed(bench, 'resource-x-v3.0.0')}.partial`, '');
    await writeFile(`${installed(bench, 'resource-x-v1.9.0')}.lock`, '');
    await mkdir(installed(bench, 'resource-x-v9.0.0'));
    await mkdir(installed(bench, 'resource-xy-v9.0.0'));
    const options = optionsOf(bench);
    const path = (version: string) => join(installed(bench, `resource-x-v${version}`), 'pulumi-resource-x');
    assert.deepEqual(await findPlugin(ask('x', '1.9.0'), options), { kind: 'executable', path: path('1.9.0') });
    assert.deepEqual(await findPlugin(ask('x'), options), { kind: 'executable', path: path('2.0.0-alpha.1') });
    await assert.rejects(findPlugin(ask('x', '3.0.0'), options), /no provider for it was found: x 3\.0\.0/);
    assert.deepEqual(options.warnings, []);
  });

  it('asks in the official order: Pulumi.yaml, attached, PATH, installed, own', async (test) => {
    const bench = await createPluginBench(test);
    const own = join(bench.directory, 'providers', 'x');
    await mkdir(own, { recursive: true });
    await writeFile(join(own, 'provider.ts'), '');
    assert.equal((await findPlugin(ask('x'), optionsOf(bench))).kind, 'module');
    const cached = await bench.addPlugin('x', installed(bench, 'resource-x-v1.0.0'));
    assert.deepEqual(await findPlugin(ask('x'), optionsOf(bench)), { kind: 'executable', path: cached });
    const ambient = await bench.addPlugin('x');
    const options = optionsOf(bench);
    assert.deepEqual(await findPlugin(ask('x'), options), { kind: 'executable', path: ambient });
    assert.deepEqual(options.warnings, [`using pulumi-resource-x from $PATH at ${ambient}`]);
    const ignoring = { ...bench.environment, PULUMI_IGNORE_AMBIENT_PLUGINS: 'true' };
    assert.deepEqual(await findPlugin(ask('x'), optionsOf(bench, { environment: ignoring })), {
      kind: 'executable',
      path: cached,
    });
    const attached = { ...bench.environment, PULUMI_DEBUG_PROVIDERS: 'y:1,x:4567' };
    assert.deepEqual(await findPlugin(ask('x'), optionsOf(bench, { environment: attached })), {
      kind: 'attach',
      port: 4567,
    });
  });

  it('uses the plugin that Pulumi.yaml names, executable or source, unless its version is another', async (test) => {
    const bench = await createPluginBench(test);
    const folder = join(bench.directory, 'mine');
    const projectPlugins = [{ name: 'x', path: folder, version: '1.0.0' }];
    await mkdir(folder);
    await assert.rejects(
      findPlugin(ask('x'), optionsOf(bench, { projectPlugins })),
      /neither pulumi-resource-x nor PulumiPlugin\.yaml/,
    );
    await writeFile(join(folder, 'PulumiPlugin.yaml'), 'runtime: nodejs\n');
    assert.deepEqual(await findPlugin(ask('x'), optionsOf(bench, { projectPlugins })), {
      kind: 'source',
      directory: folder,
    });
    const path = await bench.addPlugin('x', folder);
    assert.deepEqual(await findPlugin(ask('x', '1.0.0'), optionsOf(bench, { projectPlugins })), {
      kind: 'executable',
      path,
    });
    const options = optionsOf(bench, { projectPlugins });
    await assert.rejects(findPlugin(ask('x', '2.0.0'), options), /no provider for it was found/);
    assert.match(options.warnings[0]!, /version 1\.0\.0 is incompatible with requested version 2\.0\.0/);
  });

  it('names the entry of PULUMI_DEBUG_PROVIDERS that is wrong', async (test) => {
    const bench = await createPluginBench(test);
    const environment = { ...bench.environment, PULUMI_DEBUG_PROVIDERS: 'x:port' };
    await assert.rejects(findPlugin(ask('x'), optionsOf(bench, { environment })), /holds no port: "x:port"/);
  });

  it('takes the dynamic provider from the program, in a sandbox too', async (test) => {
    const bench = await createPluginBench(test);
    const found = await findPlugin(ask('pulumi-nodejs'), optionsOf(bench, { sandbox: true }));
    assert.match(found.kind === 'dynamic' ? found.script : '', /@pulumi\/pulumi\/cmd\/dynamic-provider\/index\.js$/);
    const elsewhere = findPlugin(ask('pulumi-nodejs'), optionsOf(bench, { programDirectory: bench.directory }));
    await assert.rejects(elsewhere, /the program has no @pulumi\/pulumi: .*Install its dependencies/);
  });

  it('never takes the sandbox for a package that is called so, nor a path for a name', async (test) => {
    const bench = await createPluginBench(test);
    for (const name of ['sandbox', '..']) {
      await mkdir(join(bench.directory, 'providers', name), { recursive: true });
      await writeFile(join(bench.directory, 'providers', name, 'provider.ts'), '');
      await assert.rejects(findPlugin(ask(name), optionsOf(bench)), /no provider for it was found/);
    }
  });
});
