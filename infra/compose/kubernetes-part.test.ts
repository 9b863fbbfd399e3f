import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, type MockStack, mockStack } from '../../components/testing/mock-stack';
import { type Settings, settingsSchema } from '../settings/settings-schema';
import { composeKubernetes } from './kubernetes-part';

const OIDC = 'arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1';
const POLICY = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';

function settingsOf(values: Record<string, unknown>): Settings {
  const applications = {
    shop: { image: 'shop:1.0.0', tenant: 'store', awsPolicies: [POLICY], migrations: { schema: { command: ['/up'] } } },
    web: { image: 'web:1.0.0', serviceAccount: { kubernetesAccess: true } },
  };
  const network = { cidr: '10.0.0.0/16', zones: ['eu-central-1a', 'eu-central-1b'] };
  return settingsSchema.parse({ network, tenants: { store: {} }, applications, ...values });
}

const compose = (values: Record<string, unknown>): Promise<MockStack> =>
  mockStack(() => composeKubernetes(settingsOf(values), ['subnet-a', 'subnet-b']));

const EKS = { kind: 'eks', version: '1.35', nodeGroups: { general: { maximum: 2 } } };

describe('the role of an application', () => {
  const complete = [
    'aws:iam/role:Role::shop',
    'aws:iam/rolePolicyAttachment:RolePolicyAttachment::shop-0',
    'aws:eks/podIdentityAssociation:PodIdentityAssociation::shop',
  ];

  it('is complete before its pods start: those of the migration, and those of the application', async () => {
    const stack = await compose({ cluster: EKS });
    for (const type of [DEPLOYMENT, 'kubernetes:batch/v1:Job']) {
      const [pods] = stack.ofType(type).filter(({ name }) => name.startsWith('shop'));
      for (const first of complete) assert.ok(stack.waits(pods!.urn).includes(first), `${type} waits for ${first}`);
    }
    const web = stack.waits(stack.named(DEPLOYMENT, 'web').urn);
    assert.ok(!web.some((urn) => complete.includes(urn)), 'whoever has no role waits for none');
  });

  it('is taken by pod identity where the cluster is EKS', async () => {
    const stack = await compose({ cluster: EKS });
    const { inputs } = stack.only('aws:eks/podIdentityAssociation:PodIdentityAssociation');
    assert.deepEqual([inputs.namespace, inputs.serviceAccount], ['store', 'shop']);
    assert.equal(roleOf(stack, 'shop'), undefined);
  });

  it('is taken by tokens where that is asked for, and the service account names it', async () => {
    const stack = await compose({ cluster: { ...EKS, workloadIdentity: 'irsa' } });
    assert.equal(stack.ofType('aws:eks/podIdentityAssociation:PodIdentityAssociation').length, 0);
    assert.equal(roleOf(stack, 'shop'), 'arn:aws:test:::shop-id');
    const trust = JSON.parse(String(stack.named('aws:iam/role:Role', 'shop').inputs.assumeRolePolicy));
    assert.equal(trust.Statement[0].Action, 'sts:AssumeRoleWithWebIdentity');
    assert.equal(roleOf(stack, 'web'), undefined);
  });

  it('is to be had on an existing cluster too, in the way that it knows', async () => {
    const kubeconfig = JSON.stringify({
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x' } }],
      clusters: [{ name: 'x', cluster: { server: 'https://x.example' } }],
    });
    const existing = { kind: 'existing', kubeconfig };
    const byName = await compose({ cluster: { ...existing, eksName: 'shared' } });
    const { inputs } = byName.only('aws:eks/podIdentityAssociation:PodIdentityAssociation');
    assert.equal(inputs.clusterName, 'shared');
    const byToken = await compose({ cluster: { ...existing, oidcProviderArn: OIDC } });
    assert.equal(roleOf(byToken, 'shop'), 'arn:aws:test:::shop-id');
    assert.throws(() => settingsOf({ cluster: existing }), /need a cluster that gives roles to pods/);
    assert.throws(
      () => settingsOf({ cluster: { ...existing, eksName: 'x', workloadIdentity: 'irsa' } }),
      /oidcProvider/,
    );
  });
});

describe('what runs on a cluster', () => {
  it('is made with its provider, after its nodes and add-ons', async () => {
    const stack = await compose({ cluster: EKS });
    const made = stack.resources.filter(({ type }) => type.startsWith('kubernetes:'));
    assert.ok(made.length > 8);
    for (const { provider, urn } of made) assert.match(provider, /pulumi:providers:kubernetes::main/, urn);
    const provider = stack.only('pulumi:providers:kubernetes');
    for (const first of ['aws:eks/nodeGroup:NodeGroup::main-general', 'aws:eks/addon:Addon::main-coredns']) {
      assert.ok(provider.dependencies.includes(first), first);
    }
  });

  it('is made with the provider of the current kubeconfig where no cluster is set', async () => {
    const stack = await compose({ applications: { web: { image: 'web:1.0.0' } } });
    for (const { provider, type } of stack.resources.filter((one) => one.type.startsWith('kubernetes:'))) {
      assert.doesNotMatch(provider, /kubernetes::main/, type);
    }
  });

  it('goes into the namespace of its tenant, when the policies of that are there', async () => {
    const stack = await compose({ cluster: EKS });
    const deployment = stack.named(DEPLOYMENT, 'shop');
    assert.equal(at(deployment.inputs, 'metadata.namespace'), 'store');
    const deny = 'kubernetes:networking.k8s.io/v1:NetworkPolicy::store-default-deny';
    assert.ok(stack.waits(deployment.urn).includes(deny));
  });
});

function roleOf(stack: MockStack, account: string): unknown {
  const { inputs } = stack.named('kubernetes:core/v1:ServiceAccount', account);
  return at(inputs, 'metadata.annotations.eks\\.amazonaws\\.com/role-arn');
}
