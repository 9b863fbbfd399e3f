import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { createPluginBench, providerUrn, registerProvider } from './testing/plugin-bench.ts';

const sandboxCode = `export async function createProvider(context) {
  context.log({ severity: 'info', message: 'ready', urn: '' });
  return {
    configure: async () => ({ acceptSecrets: true, acceptResources: true, acceptOutputs: false, supportsPreview: true, supportsAutonamingConfiguration: false }),
    invoke: async () => ({ result: { package: context.package, stack: context.stack }, failures: [] }),
    close: async () => {},
  };
}`;

async function bench(test: TestContext) {
  const plugins = await createPluginBench(test);
  await plugins.addPlugin('echo');
  const providersDirectory = join(plugins.directory, 'providers');
  await mkdir(join(providersDirectory, 'sandbox'), { recursive: true });
  await writeFile(join(providersDirectory, 'sandbox', 'provider.ts'), sandboxCode);
  const registry = (sandbox: boolean | string) =>
    plugins.registry({ config: { 'mainstay:sandbox': String(sandbox) }, providersDirectory });
  return { ...plugins, registry };
}

const identity = { urn: providerUrn('echo'), name: 'default', type: 'pulumi:providers:echo' };
const marked: PropertyMap = { region: 'eu', __internal: { name: 'mainstay-sandbox-echo' } };
const real: PropertyMap = { region: 'eu' };
const diffOf = (oldInputs: PropertyMap, newInputs: PropertyMap) => ({
  ...identity,
  id: 'i',
  oldInputs,
  oldOutputs: { region: 'eu' },
  newInputs,
  ignoreChanges: [],
});

describe('the sandbox', () => {
  it('takes the place of every package where the stack asks for it, and says so', async (test) => {
    const { registry, diagnostics } = await bench(test);
    const providers = registry(true);
    const provider = providers.get(await registerProvider(providers, 'echo'));
    assert.deepEqual((await provider.invoke({ token: 'x', args: {} })).result, { package: 'echo', stack: 'dev' });
    const messages = diagnostics.map(({ message }) => message);
    assert.match(messages[0]!, /^\[sandbox\] Resources of echo are made in the sandbox: nothing real/);
    assert.equal(messages[1], '[sandbox] ready');
  });

  it('takes the place of the packages that a list names, and of no other', async (test) => {
    const { registry } = await bench(test);
    for (const [setting, expected] of [
      ['["echo"]', true],
      ['kubernetes, echo', true],
      ['["kubernetes"]', false],
    ] as const) {
      const { inputs } = await registry(setting).check({ ...identity, olds: {}, news: real });
      assert.deepEqual(inputs, expected ? marked : real, setting);
    }
    assert.throws(() => registry('[yes'), /neither true, false nor a list of packages: \[yes/);
  });

  it('leaves its mark in the state, and serves what has the mark', async (test) => {
    const { registry } = await bench(test);
    const making = registry(true);
    const { inputs } = await making.check({ ...identity, olds: {}, news: real });
    assert.deepEqual(inputs, marked);
    assert.equal((await making.diff(diffOf(marked, inputs))).changes, 'none');
    const later = registry(false);
    await later.load({ ...identity, id: 'i', inputs: marked });
    const { result } = await later.get(`${identity.urn}::i`).invoke({ token: 'x', args: {} });
    assert.deepEqual(result, { package: 'echo', stack: 'dev' });
  });

  it('gives way to the real provider by replacing everything that it made', async (test) => {
    const { registry } = await bench(test);
    const providers = registry(false);
    const { inputs } = await providers.check({ ...identity, olds: marked, news: real });
    assert.deepEqual(inputs, real);
    const { changes, replaces } = await providers.diff(diffOf(marked, inputs));
    assert.deepEqual([changes, replaces], ['some', ['__internal']]);
  });

  it('is refused where the state has real resources', async (test) => {
    const { registry } = await bench(test);
    const providers = registry(true);
    await assert.rejects(
      providers.load({ ...identity, id: 'i', inputs: real }),
      /^ProviderError: Cannot use the sandbox as the stack has real resources of this provider: urn:pulumi:dev::proj::pulumi:providers:echo::default\./,
    );
    const { inputs } = await providers.check({ ...identity, olds: real, news: real });
    await assert.rejects(providers.diff(diffOf(real, inputs)), /Take the setting mainstay:sandbox out of this stack/);
  });
});
