import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { givenCluster, startKubernetes, whyNot } from '../../test/servers/start.ts';
import { WebhookServer } from '../../test/servers/webhook.ts';
import { configMap, deployment, types } from './manifests.ts';
import { at, ScriptedEngine } from './scripted-engine.ts';
import { TestBed } from './test-bed.ts';
import { type TestCluster, uniqueName } from './test-cluster.ts';

const EXEC_V1 = 'client.authentication.k8s.io/v1';

interface Config {
  readonly 'current-context': string;
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
  readonly users: readonly { readonly name: string; readonly user: object }[];
}

function changed(kubeconfig: string, change: (config: Config) => Partial<Config>): string {
  const config: Config = parse(kubeconfig);
  return JSON.stringify({ ...config, ...change(config) });
}

/** The kubeconfig with other credentials for its users. */
function withUser(kubeconfig: string, user: object): string {
  return changed(kubeconfig, ({ users }) => ({ users: users.map(({ name }) => ({ name, user })) }));
}

/** The kubeconfig with another address for its clusters. */
function withServer(kubeconfig: string, server: string): string {
  return changed(kubeconfig, ({ clusters }) => ({
    clusters: clusters.map(({ name, cluster }) => ({ name, cluster: { ...cluster, server } })),
  }));
}

/** Where the API server is elsewhere it cannot ask a webhook on this machine. */
const given = givenCluster();
const elsewhereReason =
  given !== undefined && !/server"?: *"?https:\/\/127\.0\.0\.1:/.test(await readFile(given, 'utf8'))
    ? 'the cluster is not on this machine and cannot ask a webhook here'
    : false;

describe('what goes wrong is one clear error, and nothing is half recorded', {
  skip: await whyNot('kubernetes'),
}, () => {
  let bed: TestBed;
  let engine: ScriptedEngine;
  let cluster: TestCluster;
  let kubeconfig: string;
  const namespace = uniqueName('bad');
  const map = configMap(namespace, { key: 'value' }, { name: 'map' });

  before(async () => {
    bed = await TestBed.open(startKubernetes, namespace);
    ({ engine, cluster } = bed);
    kubeconfig = await readFile(bed.kubeconfig, 'utf8');
  });

  after(() => bed?.close());

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

  describe('an API server that cannot be reached', () => {
    const unreachable = () => ({ kubeconfig: withServer(kubeconfig, 'https://127.0.0.1:1') });

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

  it('says that a token has expired, and since when', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: 'https://mainstay.test', sub: 'system:serviceaccount:default:default', exp: 1_700_000_000 };
    const token = `${encode({ alg: 'RS256' })}.${encode(claims)}.${encode({})}`;
    await withEngine({ kubeconfig: withUser(kubeconfig, { token }) }, async (other) => {
      const message = await failure(other.create(types.configMap, 'map', map));
      assert.match(message, /401 Unauthorized\): the token expired at 2023-11-14T22:13:20/);
      assert.ok(!message.includes(token));
    });
  });

  it('goes on with a new token of a plugin where the server no longer takes the one before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mainstay-plugin-'));
    const answer = (token: string) =>
      JSON.stringify({ apiVersion: EXEC_V1, kind: 'ExecCredential', status: { token } });
    await writeFile(join(folder, 'ended'), answer('ended'));
    const account = uniqueName('worker');
    await writeFile(join(folder, 'good'), answer(await accountToken(account)));
    await allowEverything(account);
    const script = `cd ${folder}; [ -f runs ] && cat good || cat ended; echo run >> runs`;
    const exec = { apiVersion: EXEC_V1, command: 'sh', args: ['-c', script], interactiveMode: 'Never' };
    await withEngine({ kubeconfig: withUser(kubeconfig, { exec }) }, async (other) => {
      const inputs = (name: string) => configMap(namespace, {}, { name });
      const made = await Promise.all(
        ['one', 'two', 'three'].map((name) => other.create(types.configMap, name, inputs(name))),
      );
      for (const one of made) await other.delete(one);
      assert.equal(await readFile(join(folder, 'runs'), 'utf8'), 'run\nrun\n');
    });
    await rm(folder, { recursive: true, force: true });
  });

  /** The token of a new service account, which may do nothing. */
  async function accountToken(name: string): Promise<string> {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await cluster.post(accounts, { metadata: { name } });
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
    return String(at((await cluster.post(`${accounts}/${name}/token`, request)) as never, 'status', 'token'));
  }

  async function allowEverything(name: string): Promise<void> {
    const group = 'rbac.authorization.k8s.io';
    await cluster.post(`/apis/${group}/v1/namespaces/${namespace}/rolebindings`, {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }

  it('says that credentials are not accepted', () =>
    withEngine({ kubeconfig: withUser(kubeconfig, { token: 'wrong-token' }) }, async (other) => {
      const message = await failure(other.create(types.configMap, 'map', map));
      assert.match(message, /does not accept the credentials \(401 Unauthorized\)/);
      assert.ok(!message.includes('wrong-token'));
    }));

  it('says what is wrong with a kubeconfig', async () => {
    for (const [text, expected] of [
      ['/no/such/file', /there is no such file: \/no\/such\/file/],
      ['clusters: [', /it is no YAML/],
      ['just: text\nclusters: 1', /is not one \(an object with clusters, users and contexts\)/],
      [changed(kubeconfig, () => ({ 'current-context': 'other' })), /no context of this name: "other" .*there are: "/],
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
    const token = await accountToken(name);
    const config = withUser(kubeconfig, { token });
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

  // Both are given some seconds to appear, as another resource may just have made them.
  describe('what is not there', { concurrency: true }, () => {
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

  describe('an admission webhook', () => {
    const hooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

    /** Makes a webhook for new Secrets of this namespace, and ends it after `use`. */
    async function withWebhook(webhook: object, use: () => Promise<void>): Promise<void> {
      const name = uniqueName('webhook');
      const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }];
      await cluster.post(hooks, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name },
        webhooks: [
          {
            name: 'deny.mainstay.test',
            rules,
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            timeoutSeconds: 2,
            ...webhook,
          },
        ],
      });
      try {
        await use();
      } finally {
        await cluster.delete(`${hooks}/${name}`);
      }
    }

    const secret = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name },
      stringData: { password: 'hunter2' },
    });

    /** The message of the first preview that fails: a webhook takes effect a moment after it is made. */
    async function refusal(name: string): Promise<string> {
      for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
        const preview = engine.create(types.secret, name, secret(name), { preview: true });
        const message = await preview.then(
          () => '',
          (error: Error) => error.message,
        );
        if (message !== '') return message;
      }
      return assert.fail('the webhook has no effect');
    }

    it('that refuses is quoted, in the preview already, and nothing is recorded', {
      skip: elsewhereReason,
    }, async () => {
      const webhook = await WebhookServer.start('no secrets of this name, says the security team');
      await withWebhook({ clientConfig: webhook.clientConfig }, async () => {
        const quoted =
          /admission webhook "deny\.mainstay\.test" denied the request: no secrets of this name, says the security team/;
        assert.match(await refusal('refused'), quoted);
        assert.ok(webhook.asked.every(({ dryRun }) => dryRun === true));
        const message = await failure(engine.create(types.secret, 'refused', secret('refused')));
        assert.match(message, quoted);
        assert.match(message, /Ask who runs the policy or webhook/);
        assert.ok(!message.includes('hunter2'));
        await assert.rejects(cluster.get(`/api/v1/namespaces/${namespace}/secrets/refused`), { code: 404 });
        await engine.delete(await engine.create(types.secret, 'allowed', secret('allowed')));
      });
      await webhook.close();
    });

    it('that cannot be asked is named', () =>
      withWebhook({ clientConfig: { url: 'https://127.0.0.1:1/deny' } }, async () => {
        const message = await refusal('hooked');
        assert.match(message, /failed calling webhook "deny\.mainstay\.test"/);
        assert.ok(!message.includes('hunter2'));
      }));
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
