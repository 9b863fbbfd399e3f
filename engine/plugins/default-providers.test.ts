import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../protocol/property-value.ts';
import type { Goal } from '../deploy/goal.ts';
import { createDefaultProviders, type DefaultProviderRequest, defaultProviderName } from './default-providers.ts';

const ask = (name: string, rest: Partial<DefaultProviderRequest> = {}): DefaultProviderRequest => ({
  package: name,
  version: '',
  pluginDownloadURL: '',
  ...rest,
});

function bench(config: Readonly<Record<string, string>> = {}, configSecretKeys: readonly string[] = []) {
  const goals: Goal[] = [];
  const registrar = {
    async registerResource(goal: Goal) {
      goals.push(goal);
      const urn = `urn:pulumi:s::p::${goal.type}::${goal.name}`;
      return { urn, id: `id-${goals.length}`, outputs: {}, stables: [], result: 'success' as const, unknown: false };
    },
  };
  return { goals, registrar, config, configSecretKeys };
}

describe('default providers', () => {
  it('have names made of version and download URL', () => {
    const names = [
      ['', ''],
      ['4.34.2', ''],
      ['1.2.3-alpha.7+build.9', ''],
      ['1.0.0', 'https://example.com/a-b/ü?x=1'],
    ].map(([version, url]) => defaultProviderName(ask('x', { version: version!, pluginDownloadURL: url! })));
    assert.deepEqual(names, [
      'default',
      'default_4_34_2',
      'default_1_2_3_alpha_7_build_9',
      'default_1_0_0_https_/example.com/a-b/___x_1',
    ]);
  });

  it('are registered once for each package and version, however many ask at once', async () => {
    const { goals, ...options } = bench();
    const providers = createDefaultProviders(options);
    const references = await Promise.all([
      providers.reference(ask('aws', { version: '7.1.0' })),
      providers.reference(ask('aws', { version: '7.1.0' })),
      providers.reference(ask('aws')),
    ]);
    assert.deepEqual(references, [
      'urn:pulumi:s::p::pulumi:providers:aws::default_7_1_0::id-1',
      'urn:pulumi:s::p::pulumi:providers:aws::default_7_1_0::id-1',
      'urn:pulumi:s::p::pulumi:providers:aws::default::id-2',
    ]);
    assert.deepEqual(
      goals.map(({ inputs }) => inputs),
      [{ version: '7.1.0', __internal: {} }, {}],
    );
  });

  it("have the package's settings as inputs, secret ones marked", async () => {
    const { goals, ...options } = bench({ 'aws:region': 'eu', 'aws:token': 't', 'gcp:project': 'x' }, ['aws:token']);
    await createDefaultProviders(options).reference(ask('aws'));
    assert.deepEqual(goals[0]!.inputs, { region: 'eu', token: new Secret('t') });
  });

  it('of dynamic resources have every setting, with its namespace', async () => {
    const { goals, ...options } = bench({ 'aws:region': 'eu', 'proj:x': 'y' }, ['proj:x']);
    await createDefaultProviders(options).reference(ask('pulumi-nodejs'));
    assert.deepEqual(goals[0]!.inputs, { 'aws:region': 'eu', 'proj:x': new Secret('y') });
  });

  it('keep what belongs to the engine apart: URL, checksums, parameter', async () => {
    const { goals, ...options } = bench();
    await createDefaultProviders(options).reference(
      ask('terraform', {
        version: '0.9.0',
        pluginDownloadURL: 'github://api.github.com/x/',
        pluginChecksums: { 'linux-amd64': new Uint8Array([1, 255]) },
        parameterization: { name: 'random', version: '3.5.1', value: new TextEncoder().encode('{"a":1}') },
      }),
    );
    assert.equal(goals[0]!.type, 'pulumi:providers:random');
    assert.equal(goals[0]!.name, 'default_3_5_1_github_/api.github.com/x');
    assert.deepEqual(goals[0]!.inputs, {
      version: '3.5.1',
      __internal: {
        pluginDownloadURL: 'github://api.github.com/x',
        pluginChecksums: { 'linux-amd64': '01ff' },
        name: 'terraform',
        version: '0.9.0',
        parameterization: 'eyJhIjoxfQ==',
      },
    });
  });

  it('take the version that the program requires where a resource names none', async () => {
    const { goals, ...options } = bench();
    await createDefaultProviders({
      ...options,
      packages: new Map([['aws', ask('aws', { version: '7.2.0' })]]),
    }).reference(ask('aws'));
    assert.equal(goals[0]!.name, 'default_7_2_0');
  });

  for (const [setting, denied] of [
    ['["aws"]', true],
    ['["*"]', true],
    ['[" aws "]', true],
    ['["gcp"]', false],
    ['', false],
  ] as const) {
    it(`are ${denied ? 'refused' : 'allowed'} with pulumi:disable-default-providers ${setting}`, async () => {
      const { goals: _, ...options } = bench({ 'pulumi:disable-default-providers': setting });
      const providers = createDefaultProviders(options);
      await providers.reference(ask('pulumi'));
      const reference = providers.reference(ask('aws'));
      if (!denied) await reference;
      else
        await assert.rejects(reference, {
          message: "Default provider for 'aws' disabled. 'aws' must use an explicit provider.",
        });
    });
  }

  it('refuse a list of disabled packages that is none', async () => {
    const { goals: _, ...options } = bench({ 'pulumi:disable-default-providers': 'aws' });
    await assert.rejects(createDefaultProviders(options).reference(ask('aws')), /is no list of package names: "aws"/);
  });
});
