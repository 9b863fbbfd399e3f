import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { at, type MockStack, mockStack } from '../testing/mock-stack';
import { Cluster } from './cluster';
import { planAddons } from './eks/addon-order';
import type { EksArgs } from './eks/eks-args';
import { WorkloadRole } from './workload-role';

const ARGS: EksArgs = {
  version: '1.35',
  subnetIds: ['subnet-a', 'subnet-b'],
  nodeGroups: { general: { maximum: 4 } },
};

function made(args: Partial<EksArgs> = {}): Promise<MockStack> {
  return mockStack(() => new Cluster('main', { kind: 'eks', ...ARGS, ...args }));
}

const CLUSTER = 'aws:eks/cluster:Cluster';
const GROUP = 'aws:eks/nodeGroup:NodeGroup';
const ADDON = 'aws:eks/addon:Addon';

describe('an EKS cluster', () => {
  it('is reached from within the network only', async () => {
    const { inputs } = (await made()).only(CLUSTER);
    assert.equal(at(inputs, 'vpcConfig.endpointPublicAccess'), false);
    assert.equal(at(inputs, 'vpcConfig.endpointPrivateAccess'), true);
  });

  it('is reached from the addresses that are named, never from everywhere', async () => {
    const { inputs } = (await made({ endpoint: { allowedCidrs: ['198.51.100.0/24'] } })).only(CLUSTER);
    assert.deepEqual(at(inputs, 'vpcConfig.publicAccessCidrs'), ['198.51.100.0/24']);
    await assert.rejects(() => made({ endpoint: { allowedCidrs: ['0.0.0.0/0'] } }), /to everybody: 0\.0\.0\.0\/0/);
    await assert.rejects(() => made({ endpoint: { allowedCidrs: [] } }), /to everybody/);
  });

  it('encrypts secrets with a key of its own that rotates, and logs all of its control plane', async () => {
    const stack = await made();
    assert.equal(stack.only('aws:kms/key:Key').inputs.enableKeyRotation, true);
    const { inputs, dependencies } = stack.only(CLUSTER);
    assert.deepEqual(at(inputs, 'encryptionConfig'), {
      provider: { keyArn: 'arn:aws:test:::main-id' },
      resources: ['secrets'],
    });
    assert.equal((inputs.enabledClusterLogTypes as string[]).length, 5);
    assert.equal(stack.only('aws:cloudwatch/logGroup:LogGroup').inputs.name, `/aws/eks/${inputs.name}/cluster`);
    assert.ok(dependencies.includes('aws:cloudwatch/logGroup:LogGroup::main'));
  });

  it('upgrades in order: control plane, network add-ons, nodes, other add-ons', async () => {
    const stack = await made();
    const group = stack.named(GROUP, 'main-general');
    assert.ok(group.dependencies.includes(`${CLUSTER}::main`));
    assert.ok(group.dependencies.includes(`${ADDON}::main-vpc-cni`));
    assert.ok(group.dependencies.includes(`${ADDON}::main-kube-proxy`));
    const coredns = stack.named(ADDON, 'main-coredns');
    assert.ok(coredns.dependencies.includes(`${GROUP}::main-general`));
    assert.ok(!stack.named(ADDON, 'main-vpc-cni').dependencies.includes(`${GROUP}::main-general`));
    assert.equal(group.inputs.version, '1.35');
  });

  it('replaces no node group and no cluster for a new version, a new size or a new disk', async () => {
    const replacing = [
      'instanceTypes',
      'amiType',
      'capacityType',
      'nodeRoleArn',
      'subnetIds',
      'clusterName',
      'diskSize',
    ];
    const [before, after] = [
      await made(),
      await made({ version: '1.36', nodeGroups: { general: { minimum: 2, maximum: 9, diskSize: 100 } } }),
    ];
    const [old, young] = [before.named(GROUP, 'main-general'), after.named(GROUP, 'main-general')];
    for (const key of replacing) assert.deepEqual(young.inputs[key], old.inputs[key], key);
    assert.notDeepEqual(young.inputs.scalingConfig, old.inputs.scalingConfig);
    for (const key of ['name', 'roleArn', 'encryptionConfig', 'accessConfig', 'bootstrapSelfManagedAddons']) {
      assert.deepEqual(after.only(CLUSTER).inputs[key], before.only(CLUSTER).inputs[key], key);
    }
  });

  it('leaves the number of nodes to the autoscaler', async () => {
    const { ignoreChanges } = (await made()).named(GROUP, 'main-general');
    assert.deepEqual(ignoreChanges, ['scalingConfig.desiredSize']);
  });

  it('keeps the credentials of nodes from pods, and their disks encrypted', async () => {
    const { inputs } = (await made()).only('aws:ec2/launchTemplate:LaunchTemplate');
    assert.equal(at(inputs, 'metadataOptions.httpTokens'), 'required');
    assert.equal(at(inputs, 'metadataOptions.httpPutResponseHopLimit'), 1);
    assert.equal(at(inputs, 'blockDeviceMappings.0.ebs.encrypted'), 'true');
  });

  it('makes on-demand arm64 nodes unless told otherwise', async () => {
    const spot = { capacity: 'spot', architecture: 'x64', maximum: 2 } as const;
    const stack = await made({
      nodeGroups: { general: { maximum: 2 }, cheap: { ...spot, taints: [{ key: 'batch', effect: 'NO_SCHEDULE' }] } },
    });
    const general = stack.named(GROUP, 'main-general').inputs;
    assert.deepEqual([general.capacityType, general.amiType], ['ON_DEMAND', 'AL2023_ARM_64_STANDARD']);
    const cheap = stack.named(GROUP, 'main-cheap').inputs;
    assert.deepEqual([cheap.capacityType, cheap.amiType], ['SPOT', 'AL2023_x86_64_STANDARD']);
    assert.deepEqual(cheap.taints, [{ key: 'batch', effect: 'NO_SCHEDULE' }]);
  });

  it('lets named principals in, each with one policy, and before anything runs', async () => {
    const principal = 'arn:aws:iam::123456789012:role/store';
    const stack = await made({ access: { [principal]: { policy: 'view', namespaces: ['store'] } } });
    const { inputs, dependencies } = stack.only('aws:eks/accessPolicyAssociation:AccessPolicyAssociation');
    assert.match(String(inputs.policyArn), /AmazonEKSViewPolicy$/);
    assert.deepEqual(inputs.accessScope, { type: 'namespace', namespaces: ['store'] });
    assert.ok(dependencies.includes('aws:eks/accessEntry:AccessEntry::main-store'));
    const provider = stack.only('pulumi:providers:kubernetes');
    assert.ok(provider.dependencies.includes('aws:eks/accessPolicyAssociation:AccessPolicyAssociation::main-store'));
  });

  it('gives a kubeconfig that is a secret and holds no credential', async () => {
    const stack = await made();
    const { secret } = stack.only('pulumi:providers:kubernetes').inputs.kubeconfig as { secret: string };
    const config = JSON.parse(secret);
    assert.equal(at(config, 'clusters.0.cluster.server'), 'https://cluster.example');
    assert.deepEqual(Object.keys(at(config, 'users.0.user') as object), ['exec']);
  });
});

describe('an existing cluster', () => {
  it('takes its kubeconfig as a secret, and makes nothing else', async () => {
    const stack = await mockStack(() => new Cluster('main', { kind: 'existing', kubeconfig: 'apiVersion: v1' }));
    assert.deepEqual(stack.only('pulumi:providers:kubernetes').inputs.kubeconfig, { secret: 'apiVersion: v1' });
    assert.equal(stack.resources.filter(({ type }) => type.startsWith('aws:')).length, 0);
  });

  it("uses the machine's own kubeconfig where none is given", async () => {
    const stack = await mockStack(() => new Cluster('main', { kind: 'existing', context: 'kind' }));
    const { inputs } = stack.only('pulumi:providers:kubernetes');
    assert.deepEqual([inputs.kubeconfig, inputs.context], [undefined, 'kind']);
  });
});

describe('planAddons', () => {
  it('has what every cluster needs once, and puts what was asked for after nodes', () => {
    const plan = planAddons({ 'aws-ebs-csi-driver': {}, 'vpc-cni': { version: 'v1.20.0-eksbuild.1' } });
    assert.deepEqual(
      plan.map(({ name, phase }) => `${name} ${phase}`),
      [
        'vpc-cni beforeNodes',
        'kube-proxy beforeNodes',
        'eks-pod-identity-agent beforeNodes',
        'coredns afterNodes',
        'aws-ebs-csi-driver afterNodes',
      ],
    );
    assert.equal(plan[0]!.args.version, 'v1.20.0-eksbuild.1');
  });
});

describe('WorkloadRole', () => {
  const args = { namespace: 'store', serviceAccount: 'shop', policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] };

  it('is taken through pod identity by one service account', async () => {
    const through = { kind: 'podIdentity', clusterName: 'main' } as const;
    const stack = await mockStack(() => new WorkloadRole('shop', { ...args, through }));
    const { inputs } = stack.only('aws:eks/podIdentityAssociation:PodIdentityAssociation');
    assert.deepEqual([inputs.namespace, inputs.serviceAccount], ['store', 'shop']);
    assert.match(String(stack.only('aws:iam/role:Role').inputs.assumeRolePolicy), /pods\.eks\.amazonaws\.com/);
  });

  it('is taken by tokens of one service account where the cluster has an OIDC provider', async () => {
    const arn = 'arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1';
    const through = { kind: 'irsa', oidcProviderArn: pulumi.output(arn) } as const;
    const stack = await mockStack(() => new WorkloadRole('shop', { ...args, through }));
    const policy = JSON.parse(String(stack.only('aws:iam/role:Role').inputs.assumeRolePolicy));
    assert.deepEqual(policy.Statement[0].Condition.StringEquals, {
      'oidc.example/id/1:sub': 'system:serviceaccount:store:shop',
      'oidc.example/id/1:aud': 'sts.amazonaws.com',
    });
  });
});
