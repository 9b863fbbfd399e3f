import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { type ControlPlane, startKubernetes, whyNot } from '../../test/servers/start.ts';
import { configMap, deployment, namespaceNamed, types } from './manifests.ts';
import { at, ScriptedEngine } from './scripted-engine.ts';
import { TestCluster, uniqueName } from './test-cluster.ts';

describe('what goes wrong is one clear error, and nothing is half recorded', {
  skip: await whyNot('kubernetes'),
}, () => {
  let plane: ControlPlane;
  let engine: ScriptedEngine;
  let cluster: TestCluster;
  let kubeconfig: string;
  const namespace = uniqueName('bad');
  const map = configMap(namespace, { key: 'value' }, { name: 'map' });

  before(async () => {
    plane = await startKubernetes();
    kubeconfig = await readFile(plane.kubeconfig, 'utf8');
    engine = await ScriptedEngine.start({ kubeconfig, namespace });
    cluster = new TestCluster(plane.kubeconfig);
    await engine.create(types.namespace, 'namespace', namespaceNamed(namespace));
  });

  after(async () => {
    await cluster?.delete(`/api/v1/namespaces/${namespace}`).catch(() => {});
    cluster?.close();
    await engine?.close();
    await plane?.stop();
  });

  /** A provider of a configuration, used once and closed. */
  async function withEngine<Result>(
    configuration: PropertyMap,
    use: (other: ScriptedEngine) => Promise<Result>,
  ): Promise<Result> {
    const other = await ScriptedEngine.start(configuration, { HOME: '/nowhere' });
    try {
      return await use(other);
    } finally {
      await other.close();
    }
  }

  /** The message of a failure after which nothing must be recorded. */
  async function failure(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => assert.fail('it must fail'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ProviderError, String(error));
    assert.equal(error.partial, undefined, error.message);
    return error.message;
  }

  const elsewhere = (change: (config: string) => string) => change(kubeconfig);

  describe('an API server that cannot be reached', () => {
    const unreachable = () => ({ kubeconfig: elsewhere((text) => text.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1')) });

    it('says where it should be', () =>
      withEngine(unreachable(), async (other) => {
        const message = await failure(other.create(types.configMap, 'map', map));
        assert.match(message, /unreachable: .*https:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
      }));

    it('still previews', () =>
      withEngine(unreachable(), async (other) => {
        const preview = await other.create(types.configMap, 'map', map, { preview: true });
        assert.equal(at(preview.outputs, 'data', 'key'), 'value');
      }));

    it('keeps the state of a refresh, or drops it with deleteUnreachable, or takes it as it was', async () => {
      const made = await engine.create(types.configMap, 'map', { ...map, metadata: { namespace } });
      await withEngine(unreachable(), async (other) => {
        assert.match(await failure(other.refresh(made)), /PULUMI_K8S_DELETE_UNREACHABLE=true/);
        assert.match(await failure(other.delete(made)), /unreachable/);
      });
      await withEngine({ ...unreachable(), deleteUnreachable: 'true' }, async (other) => {
        assert.equal(await other.refresh(made), undefined);
        await other.delete(made);
      });
      await withEngine({ ...unreachable(), skipUpdateUnreachable: 'true' }, async (other) => {
        assert.deepEqual((await other.refresh(made))?.outputs, made.outputs);
      });
      await engine.delete(made);
    });
  });

  it('says that credentials are not accepted', () =>
    withEngine(
      { kubeconfig: elsewhere((text) => text.replace(/"token": "[^"]+"/, '"token": "expired"')) },
      async (other) => {
        const message = await failure(other.create(types.configMap, 'map', map));
        assert.match(message, /does not accept the credentials \(401 Unauthorized\)/);
        assert.ok(!message.includes('"expired"'));
      },
    ));

  it('says what is wrong with a kubeconfig', async () => {
    for (const [text, expected] of [
      ['/no/such/file', /there is no such file: \/no\/such\/file/],
      ['clusters: [', /it is no YAML/],
      ['just: text\nclusters: 1', /is not one \(an object with clusters, users and contexts\)/],
      [
        elsewhere((config) => config.replace('"current-context": "mainstay"', '"current-context": "other"')),
        /no context of this name: "other" .*there are: "mainstay"/,
      ],
    ] as const)
      await withEngine({ kubeconfig: text }, async (other) => {
        const message = await failure(other.create(types.configMap, 'map', { ...map, metadata: { name: 'map' } }));
        assert.match(message, expected);
      });
    await withEngine({}, async (other) => {
      assert.match(
        await failure(other.create(types.configMap, 'map', map)),
        /there is no kubeconfig: neither kubernetes:kubeconfig nor KUBECONFIG/,
      );
    });
  });

  it('says which rule is missing for a forbidden verb', async () => {
    const name = uniqueName('reader');
    await cluster.post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
    const token = String(
      at(
        (await cluster.post(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, request)) as never,
        'status',
        'token',
      ),
    );
    const config = elsewhere((text) => text.replace(/"token": "[^"]+"/, `"token": "${token}"`));
    await withEngine({ kubeconfig: config }, async (other) => {
      const message = await failure(other.create(types.configMap, 'map', map));
      const rule = `a Role in the namespace "${namespace}" with apiGroups: [""], resources: ["configmaps"], verbs: ["create"]`;
      assert.ok(message.includes(rule), message);
      assert.ok(message.includes(`system:serviceaccount:${namespace}:${name}`), message);
      const preview = await other.create(types.configMap, 'map', map, { preview: true });
      assert.equal(at(preview.outputs, 'data', 'key'), 'value', 'credentials of a preview may be for reading only');
    });
  });

  it("gives the server's own message, with the path, for an invalid manifest", async () => {
    const wrong = deployment(namespace, 'wrong', { replicas: 'many' as never });
    const message = await failure(engine.create(types.deployment, 'wrong', wrong));
    assert.match(message, /spec\.replicas|Deployment\.spec\.replicas/);
    const invalid = deployment(namespace, 'Wrong_Name');
    assert.match(
      await failure(engine.create(types.deployment, 'wrong', invalid)),
      /metadata\.name: Invalid value: "Wrong_Name"/,
    );
  });

  it('says that a namespace is missing, and what to do', async () => {
    const message = await failure(
      engine.create(types.configMap, 'lost', configMap('no-such-namespace', {}, { name: 'lost' })),
    );
    assert.match(message, /its namespace does not exist: "no-such-namespace"\. Create the namespace first/);
  });

  it('says that the definition of a custom kind is not installed', async () => {
    const inputs = { apiVersion: 'none.mainstay.test/v1', kind: 'Widget', metadata: { name: 'w' } };
    const message = await failure(engine.create('kubernetes:none.mainstay.test/v1:Widget', 'w', inputs));
    assert.match(
      message,
      /serves no kind Widget in none\.mainstay\.test\/v1: either its CustomResourceDefinition is not installed/,
    );
  });

  it('gives the words of a policy that refuses, in the preview already', async () => {
    const name = uniqueName('policy');
    const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
    const header = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name } };
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
    const only = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
    await cluster.post(policies, {
      ...header,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        matchConstraints: { resourceRules: [rule], namespaceSelector: only },
        validations: [
          { expression: "!object.metadata.name.startsWith('refused')", message: 'such names are not wanted here' },
        ],
      },
    });
    await cluster.post(`${policies.replace('policies', 'policybindings')}`, {
      ...header,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector: only } },
    });
    const inputs = configMap(namespace, {}, { name: 'refused' });
    let message = '';
    // A policy takes effect a moment after it is made.
    for (const deadline = Date.now() + 10_000; message === '' && Date.now() < deadline; )
      message = await engine.create(types.configMap, 'refused', inputs, { preview: true }).then(
        () => '',
        (error: Error) => error.message,
      );
    assert.match(message, /such names are not wanted here/);
    assert.match(await failure(engine.create(types.configMap, 'refused', inputs)), /such names are not wanted here/);
    await cluster.delete(`${policies}/${name}`);
    await cluster.delete(`${policies.replace('policies', 'policybindings')}/${name}`);
  });

  it('says that a webhook cannot be asked', async () => {
    const name = uniqueName('webhook');
    const hooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    await cluster.post(hooks, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: 'deny.mainstay.test',
          clientConfig: { url: 'https://127.0.0.1:1/deny' },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          timeoutSeconds: 1,
        },
      ],
    });
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: 'hooked' },
      stringData: { password: 'hunter2' },
    };
    let message = '';
    for (const deadline = Date.now() + 10_000; message === '' && Date.now() < deadline; )
      message = await engine.create(types.secret, 'hooked', secret, { preview: true }).then(
        () => '',
        (error: Error) => error.message,
      );
    assert.match(message, /failed calling webhook "deny\.mainstay\.test"/);
    assert.ok(!message.includes('hunter2'));
    await cluster.delete(`${hooks}/${name}`);
  });

  it('refuses lists, generated names and patches without a name before anything is asked', async () => {
    const check = (type: string, news: PropertyMap) => engine.check(type, 'x', news);
    await assert.rejects(
      check('kubernetes:core/v1:PodList', { apiVersion: 'v1', kind: 'PodList', items: [] }),
      /a list of objects cannot be created/,
    );
    await assert.rejects(
      check(types.configMap, configMap(namespace, {}, { generateName: 'x-' })),
      /metadata\.generateName: generateName cannot be used/,
    );
    await assert.rejects(
      check('kubernetes:core/v1:ConfigMapPatch', configMap(namespace, {})),
      /a patch needs the name of the object/,
    );
  });
});
