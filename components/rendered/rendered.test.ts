import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Chart, chartOptions } from '../chart/chart';
import { Kustomization } from '../kustomization/kustomization';
import { Manifests } from '../manifests/manifests';
import { at, mockRendered, mockStack } from '../testing/mock-stack';

const OBJECTS = [
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'store' }, spec: {} },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace: 'store' }, stringData: { a: 's3cret' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'store' } },
];

const PROGRAMS = {
  Manifests: () => new Manifests('web', { text: 'kind: List' }),
  Kustomization: () => new Kustomization('web', { directory: 'deploy/web' }),
  Chart: () => new Chart('web', { chart: 'web', version: '1.0.0', repository: 'https://charts.example' }),
};

for (const [kind, program] of Object.entries(PROGRAMS)) {
  describe(kind, () => {
    it('makes each object a resource of its own, in the order in which they can exist', async () => {
      mockRendered(OBJECTS);
      const stack = await mockStack(program);
      const deployment = stack.only('kubernetes:apps/v1:Deployment');
      assert.equal(deployment.name, 'web:Deployment/store/web');
      assert.equal(deployment.parent, `mainstay:index:${kind}::web`);
      assert.ok(deployment.dependencies.includes('kubernetes:core/v1:Namespace::web:Namespace/store'));
      const secret = stack.only('kubernetes:core/v1:Secret');
      assert.deepEqual(secret.inputs.stringData, { secret: { a: 's3cret' } });
      assert.ok(!secret.dependencies.includes(deployment.urn));
    });
  });
}

describe('Chart', () => {
  it('hands on what the provider needs to render', () => {
    const values = { replicas: 2 };
    const options = chartOptions('web', {
      chart: 'web',
      version: '1.0.0',
      repository: 'https://charts.example',
      values,
    });
    assert.equal(at(options, 'fetch_opts.repo'), 'https://charts.example');
    assert.deepEqual([options.release_name, options.version, options.values], ['web', '1.0.0', values]);
  });

  it('wants a version of everything that is not a folder', () => {
    assert.throws(() => chartOptions('web', { chart: 'web' }), /no version is named/);
    assert.throws(() => chartOptions('web', { chart: 'oci://charts.example/web' }), /no version is named/);
  });
});

describe('Manifests', () => {
  it('says which path it cannot read', async () => {
    await assert.rejects(
      () => mockStack(() => new Manifests('web', { paths: ['nowhere'] })),
      /Cannot read manifests: nowhere/,
    );
  });
});
