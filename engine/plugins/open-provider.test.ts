import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import type { ProviderError } from '../../protocol/provider.ts';
import { openProvider } from './open-provider.ts';
import { createPluginBench } from './testing/plugin-bench.ts';

const request = { package: 'echo', version: '1.0.0', downloadUrl: '' };
const thing = { urn: 'urn:pulumi:s::p::echo:index:Thing::r', name: 'r', type: 'echo:index:Thing' };

describe('a plugin that hangs', () => {
  it('is noticed: what only reads fails clearly, what changes is waited for', async (test) => {
    const bench = await createPluginBench(test);
    const path = await bench.addPlugin('echo');
    const { provider, ended } = await openProvider(
      { kind: 'executable', path },
      {
        request,
        project: 'p',
        stack: 's',
        organization: 'o',
        rootDirectory: bench.directory,
        programDirectory: bench.directory,
        environment: bench.environment,
        log: (diagnostic) => void bench.diagnostics.push(diagnostic),
        watch: { silentAfterMs: 100, probeTimeoutMs: 100 },
      },
    );
    await provider.configure({ urn: 'u', name: 'n', type: 'pulumi:providers:echo', id: 'i', inputs: {} });
    const { result } = await provider.invoke({ token: 'echo:index:state', args: {} });
    const pid = Number(result.pid);
    process.kill(pid, 'SIGSTOP');
    let created = false;
    const creating = provider.create({ ...thing, inputs: {}, timeout: 0, preview: false }).then(() => {
      created = true;
    });
    await assert.rejects(provider.check({ ...thing, olds: {}, news: {} }), (error: ProviderError) => {
      assert.match(error.message, /^The provider plugin echo 1\.0\.0 hangs: it did not answer twice within 0\.1 s\./);
      return true;
    });
    await ended;
    await assert.rejects(provider.invoke({ token: 'echo:index:state', args: {} }), /hangs/);
    assert.match(bench.diagnostics.at(-1)!.message, /hangs/);
    assert.equal(created, false);
    process.kill(pid, 'SIGCONT');
    await creating;
    await provider.close();
  });

  it('is not one that merely takes its time', async (test) => {
    const bench = await createPluginBench(test);
    const path = await bench.addPlugin('echo');
    const { provider } = await openProvider(
      { kind: 'executable', path },
      {
        request,
        project: 'p',
        stack: 's',
        organization: 'o',
        rootDirectory: bench.directory,
        programDirectory: bench.directory,
        environment: bench.environment,
        log: () => {},
        watch: { silentAfterMs: 50, probeTimeoutMs: 500 },
      },
    );
    await provider.configure({ urn: 'u', name: 'n', type: 'pulumi:providers:echo', id: 'i', inputs: {} });
    const { result } = await provider.invoke({ token: 'echo:index:slow', args: {} });
    assert.deepEqual(result, { took: 600 });
    await provider.close();
  });
});

test('a plugin that is older than what is needed is used, with a warning', async (t) => {
  const bench = await createPluginBench(t);
  const path = await bench.addPlugin('echo');
  for (const version of ['0.9.0', '', '1.0.1']) {
    const { provider } = await openProvider(
      { kind: 'executable', path },
      {
        request: { ...request, version },
        project: 'p',
        stack: 's',
        organization: 'o',
        rootDirectory: bench.directory,
        programDirectory: bench.directory,
        environment: bench.environment,
        log: (diagnostic) => void bench.diagnostics.push(diagnostic),
      },
    );
    await provider.close();
  }
  const warnings = bench.diagnostics.filter(({ severity }) => severity === 'warning');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!.message, /echo should have the version 1\.0\.1 or later and has 1\.0\.0/);
});

test('an executable plugin gets the arguments of --logflow before the address of the engine', async (t) => {
  const bench = await createPluginBench(t);
  const path = await bench.addPlugin('echo');
  const wrapper = join(bench.directory, 'wrapper');
  await writeFile(wrapper, `#!/bin/sh\necho "$@" > '${bench.directory}/arguments'\nexec '${path}' "$@"\n`);
  await chmod(wrapper, 0o755);
  const { provider } = await openProvider(
    { kind: 'executable', path: wrapper },
    {
      request,
      project: 'p',
      stack: 's',
      organization: 'o',
      rootDirectory: bench.directory,
      programDirectory: bench.directory,
      environment: bench.environment,
      pluginArguments: ['--logtostderr', '-v=3'],
      log: () => {},
    },
  );
  await provider.close();
  assert.match(await readFile(join(bench.directory, 'arguments'), 'utf8'), /^--logtostderr -v=3 127\.0\.0\.1:\d+\n$/);
});
