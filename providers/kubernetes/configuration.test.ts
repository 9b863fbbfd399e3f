import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type PropertyMap, Secret, Unknown } from '../../protocol/property-value.ts';
import { readConfiguration } from './configuration.ts';
import { activeCluster, readAmbientKubeconfig, readKubeconfig } from './kubeconfig.ts';
import { checkConfiguration, diffConfiguration } from './provider-configuration.ts';

const kubeconfig = (server: string, extra = '') => `
current-context: one
clusters: [{name: a, cluster: {server: "${server}"}}, {name: b, cluster: {server: https://b}}]
users: []
contexts: [{name: one, context: {cluster: a, namespace: n}}, {name: two, context: {cluster: b}}]
${extra}`;

describe('readConfiguration', () => {
  it('takes arguments before the environment and the environment before defaults', () => {
    const environment = { PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY: 'false', PULUMI_K8S_DELETE_UNREACHABLE: 'true' };
    const read = readConfiguration({ enableServerSideApply: 'true', enableSecretMutable: true }, environment);
    assert.equal(read.enableServerSideApply, true);
    assert.equal(read.deleteUnreachable, true);
    assert.equal(read.enableSecretMutable, true);
    assert.equal(read.enableConfigMapMutable, false);
    assert.equal(readConfiguration({}, environment).enableServerSideApply, false);
  });

  it('reads objects that arrive as JSON, and secrets', () => {
    const read = readConfiguration(
      {
        kubeClientSettings: '{"burst":5,"qps":2}',
        kubeconfig: new Secret({ clusters: [] }),
        helmReleaseSettings: { driver: 'memory' },
      },
      { PULUMI_K8S_CLIENT_TIMEOUT: '7' },
    );
    assert.deepEqual(read.client, { burst: 5, qps: 2, timeout: 7 });
    assert.equal(read.kubeconfig, '{"clusters":[]}');
    assert.equal(read.helm.driver, 'memory');
  });

  for (const [inputs, expected] of [
    [{ deleteUnreachable: 'maybe' }, /deleteUnreachable is neither true nor false: "maybe"/],
    [{ kubeClientSettings: 'x' }, /kubeClientSettings is no JSON object: "x"/],
    [{ kubeClientSettings: { qps: -1 } }, /qps of kubeClientSettings .* no positive number: "-1"/],
  ] as const)
    it(`names what is wrong with ${JSON.stringify(inputs)}`, () =>
      assert.throws(() => readConfiguration(inputs as PropertyMap, {}), expected));
});

describe('kubeconfigs', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-kubeconfig-'));
    await writeFile(join(folder, 'first'), kubeconfig('https://first'));
    await writeFile(join(folder, 'second'), kubeconfig('https://second', 'extra: 1'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are read by content and by path', () => {
    assert.deepEqual(activeCluster(readKubeconfig(kubeconfig('https://x')), {}), { server: 'https://x' });
    assert.deepEqual(activeCluster(readKubeconfig(join(folder, 'first')), {}), { server: 'https://first' });
    assert.deepEqual(activeCluster(readKubeconfig(join(folder, 'first')), { context: 'two' }), { server: 'https://b' });
    assert.deepEqual(activeCluster(readKubeconfig(join(folder, 'first')), { cluster: 'b' }), { server: 'https://b' });
  });

  it('of KUBECONFIG are merged, the first one wins', () => {
    const merged = readAmbientKubeconfig({ KUBECONFIG: `${folder}/first:${folder}/none:${folder}/second` })!;
    assert.deepEqual(activeCluster(merged, {}), { server: 'https://first' });
    assert.equal(merged.content.extra, 1);
    assert.equal(readAmbientKubeconfig({ HOME: folder }), undefined);
    assert.throws(() => readAmbientKubeconfig({ KUBECONFIG: `${folder}/none` }), /no file of KUBECONFIG exists/);
  });
});

describe('checkConfiguration', () => {
  const failures = (news: PropertyMap, urn = 'urn:pulumi:s::p::pulumi:providers:kubernetes::own') =>
    checkConfiguration({ urn, name: 'own', type: 'pulumi:providers:kubernetes', olds: {}, news }, {}).failures.map(
      ({ property }) => property,
    );

  it('refuses what does not go together', () => {
    assert.deepEqual(failures({ renderYamlToDirectory: 'd', context: 'c', kubeconfig: 'k' }), [
      'context',
      'kubeconfig',
    ]);
    assert.deepEqual(failures({ alwaysRender: true }), ['alwaysRender']);
    assert.deepEqual(failures({ renderYamlToDirectory: 'd', alwaysRender: true }), []);
  });

  it('wants an explicit provider, kubeconfig and context in strict mode', () => {
    const strict = { strictMode: 'true' };
    assert.deepEqual(failures(strict, 'urn:pulumi:s::p::pulumi:providers:kubernetes::default_4_34_2'), [
      '',
      'kubeconfig',
      'context',
    ]);
    assert.deepEqual(failures({ ...strict, kubeconfig: new Unknown(), context: 'c' }), []);
  });
});

describe('diffConfiguration', () => {
  const diff = (oldInputs: PropertyMap, newInputs: PropertyMap) =>
    diffConfiguration({
      urn: '',
      name: '',
      type: '',
      id: '',
      oldInputs,
      oldOutputs: {},
      newInputs,
      ignoreChanges: [],
    });

  it('replaces everything when another cluster is meant', () => {
    const changed = diff({ kubeconfig: kubeconfig('https://x') }, { kubeconfig: kubeconfig('https://y') });
    assert.deepEqual(changed.replaces, ['kubeconfig']);
    assert.deepEqual(
      diff({ kubeconfig: kubeconfig('https://x') }, { kubeconfig: kubeconfig('https://x'), context: 'two' }).replaces,
      ['context'],
    );
  });

  it('replaces nothing when the same cluster is reached in another way', () => {
    const changed = diff({ kubeconfig: kubeconfig('https://x') }, { kubeconfig: kubeconfig('https://x', 'extra: 1') });
    assert.deepEqual([changed.changes, changed.replaces], ['some', []]);
    assert.equal(diff({ namespace: 'a' }, { namespace: 'a' }).changes, 'none');
  });

  it('goes by clusterIdentifier where both have one', () => {
    const old = { kubeconfig: kubeconfig('https://x'), clusterIdentifier: 'i' };
    assert.deepEqual(diff(old, { kubeconfig: kubeconfig('https://y'), clusterIdentifier: 'i' }).replaces, []);
    assert.deepEqual(diff(old, { kubeconfig: kubeconfig('https://x'), clusterIdentifier: 'j' }).replaces, [
      'clusterIdentifier',
    ]);
  });

  it('plans a replacement where the new kubeconfig is not known yet', () => {
    assert.deepEqual(diff({ kubeconfig: kubeconfig('https://x') }, { kubeconfig: new Unknown() }).replaces, [
      'kubeconfig',
    ]);
  });
});
