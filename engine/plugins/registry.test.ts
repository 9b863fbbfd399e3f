import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type PropertyMap, Secret, Unknown } from '../../protocol/property-value.ts';
import { type Provider, ProviderError } from '../../protocol/provider.ts';
import { serveProvider } from '../../protocol/provider-server.ts';
import { ProviderPool } from './provider-pool.ts';
import { createPluginBench, isRunning, providerUrn, registerProvider } from './testing/plugin-bench.ts';

const resource = (type: string, inputs: PropertyMap = {}) => ({
  urn: `urn:pulumi:dev::proj::echo:index:${type}::r`,
  name: 'r',
  type: `echo:index:${type}`,
  inputs,
  timeout: 0,
  preview: false,
});

interface EchoState {
  readonly pid: number;
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly args: PropertyMap;
  readonly environment: Readonly<Record<string, string>>;
}

async function stateOf(provider: Provider): Promise<EchoState> {
  const { result } = await provider.invoke({ token: 'echo:index:state', args: {} });
  return result as unknown as EchoState;
}

describe('provider registry', () => {
  it('starts a plugin from the PATH, says so, and ends it with the registry', async (test) => {
    const bench = await createPluginBench(test);
    const path = await bench.addPlugin('echo');
    const registry = bench.registry();
    const provider = registry.get(await registerProvider(registry, 'echo'));
    const created = await provider.create(resource('Thing', { a: 1, b: { c: ['x'] } }));
    assert.deepEqual(created, { id: 'id-r', outputs: { a: 1, b: { c: ['x'] } }, refreshBeforeUpdate: false });
    assert.deepEqual(
      bench.diagnostics.filter(({ severity }) => severity === 'warning').map(({ message, urn }) => [message, urn]),
      [
        [`using pulumi-resource-echo from $PATH at ${path}`, ''],
        ['created with care', resource('Thing').urn],
      ],
    );
    const { pid, cwd } = await stateOf(provider);
    assert.equal(cwd, bench.directory);
    assert.equal(await isRunning(pid), true);
    await registry.close();
    assert.equal(await isRunning(pid), false);
  });

  it('configures with variables, arguments and environment, without the secrets of the engine', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    Object.assign(bench.environment, {
      PULUMI_CONFIG_PASSPHRASE: 'the passphrase',
      PULUMI_ACCESS_TOKEN: 'the token',
      MAINSTAY_DATABASE: 'the database',
      AWS_REGION: 'eu-1',
      ECHO_SOURCE: 'mapped',
    });
    const registry = bench.registry({ config: { 'echo:region': 'eu', 'other:x': 'y' } });
    const inputs = {
      version: '1.2.3',
      region: 'eu',
      token: new Secret('t0p'),
      nested: { a: [1, true] },
      __internal: { envVarMappings: { ECHO_SOURCE: 'ECHO_TARGET' } },
    };
    const reference = await registerProvider(registry, 'echo', inputs);
    const { variables, args, environment } = await stateOf(registry.get(reference));
    assert.deepEqual(variables, {
      'echo:config:region': 'eu',
      'echo:config:token': 't0p',
      'echo:config:nested': '{"a":[1,true]}',
    });
    assert.deepEqual(args, {
      version: '1.2.3',
      region: 'eu',
      token: new Secret('t0p'),
      nested: { a: [1, true] },
    });
    const { PULUMI_HOME: _, ...rest } = environment;
    assert.deepEqual(rest, {
      PULUMI_PROJECT: 'proj',
      PULUMI_CONFIG: '{"region":"eu"}',
      AWS_REGION: 'eu-1',
      ECHO_MODE: '',
      ECHO_SOURCE: 'mapped',
      ECHO_TARGET: 'mapped',
    });
  });

  it('takes secrets from a provider that does not accept them, and marks what comes back', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const provider = registry.get(await registerProvider(registry, 'echo'));
    const inputs = { a: new Secret('s'), list: ['x', new Secret('y')], map: { in: new Secret('z'), out: 'o' }, p: 'p' };
    const { outputs } = await provider.create(resource('Thing', inputs));
    assert.deepEqual(outputs, {
      a: new Secret('s'),
      list: new Secret(['x', 'y']),
      map: { in: new Secret('z'), out: 'o' },
      p: 'p',
    });
  });

  it('hands the inputs on as outputs in previews of a provider without previews', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const provider = registry.get(await registerProvider(registry, 'echo', {}, true));
    const request = { ...resource('Crash', { a: new Unknown() }), preview: true };
    assert.deepEqual(await provider.create(request), { id: '', outputs: { a: new Unknown() } });
  });

  it('does not call a provider whose configuration is not known yet', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const provider = registry.get(await registerProvider(registry, 'echo', { token: new Unknown() }, true));
    const { urn, name, type } = resource('Crash');
    const inputs = { a: 1 };
    assert.deepEqual(await provider.check({ urn, name, type, olds: {}, news: inputs }), { inputs, failures: [] });
    assert.deepEqual(await provider.create({ ...resource('Crash', inputs), preview: true }), { id: '', outputs: {} });
    assert.deepEqual(await provider.invoke({ token: 'echo:index:echo', args: inputs }), { result: {}, failures: [] });
    const maps = { oldInputs: inputs, oldOutputs: inputs, newInputs: inputs };
    const diff = await provider.diff({ urn, name, type, id: 'i', ...maps, ignoreChanges: [] });
    assert.equal(diff.changes, 'some');
    assert.match(bench.diagnostics.at(-1)!.message, /inputs that are not known during preview/);
    await assert.rejects(provider.create(resource('Thing')), /needs a provider whose configuration is known/);
  });

  it('says what a provider that fails to configure misses, at the first call', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const provider = registry.get(await registerProvider(registry, 'echo', { broken: 'yes' }));
    await assert.rejects(provider.create(resource('Thing')), (error: ProviderError) => {
      assert.equal(
        error.message,
        'missing required configuration key "echo:token": the token\n' +
          'Set a value using the command `pulumi config set echo:token <value>`.',
      );
      return error.status === 'failed';
    });
  });

  it('keeps a half-made resource: id, properties and reasons', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const provider = registry.get(await registerProvider(registry, 'echo'));
    await assert.rejects(provider.create(resource('Partial', { s: new Secret('x') })), (error: ProviderError) => {
      assert.equal(error.message, '1 error occurred:\n\t* it never became ready\n\n');
      assert.deepEqual(error.partial, {
        id: 'half-1',
        outputs: { s: new Secret('x') },
        inputs: undefined,
        reasons: ['it never became ready'],
      });
      return true;
    });
  });

  it('tells a clean refusal from an end in the middle', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const provider = registry.get(await registerProvider(registry, 'echo'));
    await assert.rejects(provider.create(resource('Refuse')), (error: ProviderError) => {
      assert.equal(error.message, 'never heard of it');
      return error.status === 'failed';
    });
    await assert.rejects(provider.create(resource('Crash')), (error: ProviderError) => {
      assert.equal(
        error.message,
        'The provider plugin echo ended during the call: exit code 3. It wrote:\nabout to fall over',
      );
      return error.status === 'unknown';
    });
  });

  it('reports failures of the provider configuration, and mistakes in what belongs to the engine', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const identity = { urn: providerUrn('echo'), name: 'default', type: 'pulumi:providers:echo', olds: {} };
    assert.deepEqual((await registry.check({ ...identity, news: { refused: true } })).failures, [
      { property: 'refused', reason: 'this is refused' },
    ]);
    assert.deepEqual((await registry.check({ ...identity, news: { version: 3 } })).failures, [
      { property: 'version', reason: "'version' must be a string" },
    ]);
    assert.deepEqual((await registry.check({ ...identity, news: { __internal: { name: '' } } })).failures, [
      { property: 'name', reason: "'name' must not be empty" },
    ]);
  });

  it('compares the configuration itself where the provider cannot', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    await registerProvider(registry, 'echo', { region: 'eu' });
    const identity = { urn: providerUrn('echo'), name: 'default', type: 'pulumi:providers:echo' };
    await registry.check({ ...identity, olds: {}, news: { region: 'eu', __internal: {} } });
    const request = {
      ...identity,
      id: 'x',
      oldInputs: { region: 'eu' },
      oldOutputs: { region: 'eu' },
      ignoreChanges: [],
    };
    assert.equal((await registry.diff({ ...request, newInputs: { region: 'eu', __internal: {} } })).changes, 'none');
    assert.equal((await registry.diff({ ...request, newInputs: { region: 'us' } })).changes, 'some');
  });

  it('names package, version and the ways out where nobody can serve a package', async (test) => {
    const bench = await createPluginBench(test);
    const registry = bench.registry();
    await assert.rejects(registerProvider(registry, 'nobody', { version: '7.8.9' }), (error: ProviderError) => {
      assert.ok(error instanceof ProviderError);
      assert.match(
        error.message,
        /^Cannot manage resources of the package nobody as no provider for it was found: nobody 7\.8\.9\./,
      );
      assert.match(
        error.message,
        /home\/plugins\/resource-nobody-v7\.8\.9 .*pulumi-resource-nobody on the PATH.*mainstay:sandbox: "true"/,
      );
      return true;
    });
  });

  it('loads the provider of a state once, however many ask at the same time', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const registry = bench.registry();
    const state = { urn: providerUrn('echo'), type: 'pulumi:providers:echo', id: 'from-state', inputs: { a: 'b' } };
    await Promise.all([registry.load(state), registry.load(state), registry.load(state)]);
    const { variables } = await stateOf(registry.get(`${state.urn}::from-state`));
    assert.deepEqual(variables, { 'echo:config:a': 'b' });
    await registry.delete({ ...state, name: 'default', outputs: {}, timeout: 0 });
    assert.throws(() => registry.get(`${state.urn}::from-state`), /not registered/);
  });

  it('keeps a configured plugin for the next operation with the same configuration', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const pool = new ProviderPool();
    test.after(() => pool.close());
    const state = { urn: providerUrn('echo'), type: 'pulumi:providers:echo', id: 'same', inputs: { a: 'b' } };
    const pids: number[] = [];
    for (const inputs of [{ a: 'b' }, { a: 'b' }, { a: 'changed' }]) {
      const registry = bench.registry({ pool });
      await registry.check({ ...state, name: 'default', olds: {}, news: inputs });
      await registry.load({ ...state, inputs });
      pids.push((await stateOf(registry.get(`${state.urn}::same`))).pid);
      await registry.close();
    }
    assert.equal(pids[0], pids[1]);
    assert.notEqual(pids[1], pids[2]);
    assert.equal(await isRunning(pids[1]!), true);
    await pool.close();
    assert.deepEqual([await isRunning(pids[0]!), await isRunning(pids[2]!)], [false, false]);
  });

  it('does not keep a plugin that crashed, that was cancelled, or that nobody needs for a while', async (test) => {
    const bench = await createPluginBench(test);
    await bench.addPlugin('echo');
    const pool = new ProviderPool({ idleMs: 30 });
    test.after(() => pool.close());
    const run = async (use: (provider: Provider, registry: ReturnType<typeof bench.registry>) => Promise<unknown>) => {
      const registry = bench.registry({ pool });
      const state = { urn: providerUrn('echo'), type: 'pulumi:providers:echo', id: 'same', inputs: {} };
      await registry.load(state);
      const provider = registry.get(`${state.urn}::same`);
      const { pid } = await stateOf(provider);
      await use(provider, registry);
      await registry.close();
      return pid;
    };
    const crashed = await run((provider) => provider.create(resource('Crash')).catch(() => {}));
    const cancelled = await run((_provider, registry) => registry.cancel!());
    assert.notEqual(crashed, cancelled);
    assert.equal(await isRunning(cancelled), false);
    const unused = await run(async () => {});
    assert.notEqual(unused, cancelled);
    const deadline = Date.now() + 5000;
    while ((await isRunning(unused)) && Date.now() < deadline) await delay(20);
    assert.equal(await isRunning(unused), false);
  });
});

describe('a provider that already runs', () => {
  it('is attached to, and left running', async (test) => {
    const bench = await createPluginBench(test);
    let attached = '';
    const provider = {
      invoke: async () => ({ result: { here: true }, failures: [] }),
    } as Partial<Provider> as Provider;
    const configure: Provider['configure'] = async () => ({
      acceptSecrets: true,
      acceptResources: true,
      acceptOutputs: true,
      supportsPreview: true,
      supportsAutonamingConfiguration: false,
    });
    const served = await serveProvider(
      { ...provider, configure, close: async () => {} },
      {
        onAttach: (address) => {
          attached = address;
        },
      },
    );
    test.after(() => served.close());
    bench.environment.PULUMI_DEBUG_PROVIDERS = `other:1,mine:${served.address.split(':')[1]}`;
    for (const _ of [1, 2]) {
      const registry = bench.registry();
      const reference = await registerProvider(registry, 'mine');
      assert.deepEqual((await registry.get(reference).invoke({ token: 't', args: {} })).result, { here: true });
      await registry.close();
    }
    assert.match(attached, /^127\.0\.0\.1:\d+$/);
    bench.environment.PULUMI_DEBUG_PROVIDERS = 'mine:1';
    await assert.rejects(registerProvider(bench.registry(), 'mine'), /does not answer: 127\.0\.0\.1:1\. Is it running/);
  });
});
