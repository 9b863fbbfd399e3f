import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { at, type MockStack, mockStack } from '../testing/mock-stack';
import { Cluster, type ClusterArgs } from './cluster';
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

/** The order in which an engine makes and upgrades what the stack has: everything after all that it waits for. */
function upgradeOrder(stack: MockStack): readonly string[] {
  const order: string[] = [];
  const visit = (urn: string) => {
    if (order.includes(urn)) return;
    for (const dependency of stack.resources.find((one) => one.urn === urn)?.dependencies ?? []) visit(dependency);
    order.push(urn);
  };
  // Backwards, so that it is the dependencies and not the program's order that decide.
  for (const { urn } of [...stack.resources].reverse()) visit(urn);
  return order;
}

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

  it('upgrades in order: control plane, what nodes wait for, nodes, other add-ons', async () => {
    const stack = await made({ addons: { 'aws-ebs-csi-driver': { dependsOn: ['coredns'] } } });
    const order = upgradeOrder(stack);
    const before = (first: string, then: string) => {
      assert.ok(order.indexOf(first) >= 0, first);
      assert.ok(order.indexOf(first) < order.indexOf(then), `${first} before ${then}`);
    };
    for (const early of ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent']) {
      before(`${CLUSTER}::main`, `${ADDON}::main-${early}`);
      before(`${ADDON}::main-${early}`, `${GROUP}::main-general`);
    }
    before(`${GROUP}::main-general`, `${ADDON}::main-coredns`);
    before(`${ADDON}::main-coredns`, `${ADDON}::main-aws-ebs-csi-driver`);
    before(`${ADDON}::main-aws-ebs-csi-driver`, 'pulumi:providers:kubernetes::main');
    // Nodes follow the version that the control plane has reached, not the one that was asked for.
    assert.equal(stack.named(GROUP, 'main-general').inputs.version, '1.35');
  });

  it('makes add-ons with their versions, after what they depend on, with the roles they cannot work without', async () => {
    const stack = await made({
      addons: {
        coredns: { version: 'v1.12.1-eksbuild.2', configuration: { replicaCount: 3 } },
        'aws-ebs-csi-driver': {},
        'amazon-cloudwatch-observability': {
          podIdentity: { 'cloudwatch-agent': 'arn:aws:iam::123456789012:role/own' },
        },
      },
    });
    const coredns = stack.named(ADDON, 'main-coredns').inputs;
    assert.deepEqual([coredns.addonVersion, coredns.configurationValues], ['v1.12.1-eksbuild.2', '{"replicaCount":3}']);
    const driver = stack.named(ADDON, 'main-aws-ebs-csi-driver');
    const account = 'ebs-csi-controller-sa';
    const roleArn = `arn:aws:test:::main-aws-ebs-csi-driver-${account}-id`;
    assert.deepEqual(driver.inputs.podIdentityAssociations, [{ serviceAccount: account, roleArn }]);
    const attachment = `aws:iam/rolePolicyAttachment:RolePolicyAttachment::main-aws-ebs-csi-driver-${account}-AmazonEBSCSIDriverPolicy`;
    for (const first of [attachment, `${ADDON}::main-eks-pod-identity-agent`, `${GROUP}::main-general`]) {
      assert.ok(driver.dependencies.includes(first), first);
    }
    const role = stack.named('aws:iam/role:Role', `main-aws-ebs-csi-driver-${account}`);
    const [{ Principal, Action }] = JSON.parse(String(role.inputs.assumeRolePolicy)).Statement;
    assert.deepEqual([Principal.Service, Action], ['pods.eks.amazonaws.com', ['sts:AssumeRole', 'sts:TagSession']]);
    const own = stack.named(ADDON, 'main-amazon-cloudwatch-observability');
    assert.equal(at(own.inputs, 'podIdentityAssociations.0.roleArn'), 'arn:aws:iam::123456789012:role/own');
    assert.ok(own.dependencies.includes(`${ADDON}::main-eks-pod-identity-agent`));
    assert.equal(stack.ofType('aws:iam/role:Role').filter(({ name }) => name.includes('cloudwatch')).length, 0);
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
    const larger = { minimum: 2, maximum: 9, diskSize: 100, instanceTypes: ['m7g.2xlarge'] };
    const [before, after] = [await made(), await made({ version: '1.36', nodeGroups: { general: larger } })];
    const [old, young] = [before.named(GROUP, 'main-general'), after.named(GROUP, 'main-general')];
    for (const key of replacing) assert.deepEqual(young.inputs[key], old.inputs[key], key);
    assert.notDeepEqual(young.inputs.scalingConfig, old.inputs.scalingConfig);
    const template = after.only('aws:ec2/launchTemplate:LaunchTemplate').inputs;
    assert.equal(template.instanceType, 'm7g.2xlarge');
    assert.equal(at(template, 'blockDeviceMappings.0.ebs.volumeSize'), 100);
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
  const KUBECONFIG = JSON.stringify({
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'one' } }],
    clusters: [{ name: 'one', cluster: { server: 'https://one.example', 'certificate-authority-data': 'T05F' } }],
    users: [{ name: 'one', user: { token: 'hunter2' } }],
  });

  /** Values of a cluster's outputs, and the names of those that are secrets. */
  async function outputs(args: ClusterArgs) {
    const values: Record<string, unknown> = {};
    const secrets: string[] = [];
    const stack = await mockStack(async () => {
      const cluster = new Cluster('main', args);
      const { kubeconfig, endpoint, certificateAuthority, oidcProviderArn, eksName } = cluster;
      const all = { kubeconfig, endpoint, certificateAuthority, oidcProviderArn, eksName };
      for (const [name, output] of Object.entries(all)) {
        if (await pulumi.isSecret(pulumi.output(output))) secrets.push(name);
        pulumi.unsecret(pulumi.output(output as pulumi.Input<string>)).apply((value) => {
          values[name] = value;
        });
      }
    });
    return { values, secrets, stack };
  }

  it('takes its kubeconfig as a secret, and makes nothing else', async () => {
    const { stack } = await outputs({ kind: 'existing', kubeconfig: KUBECONFIG });
    assert.deepEqual(stack.only('pulumi:providers:kubernetes').inputs.kubeconfig, { secret: KUBECONFIG });
    assert.equal(stack.resources.filter(({ type }) => type.startsWith('aws:')).length, 0);
  });

  it('has the outputs that an EKS cluster has, of which only the kubeconfig is a secret', async () => {
    const eksName = 'shared';
    const oidcProviderArn = 'arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1';
    const kubeconfig = pulumi.secret(KUBECONFIG);
    const existing = await outputs({ kind: 'existing', kubeconfig, eksName, oidcProviderArn });
    const eks = await outputs({ kind: 'eks', ...ARGS });
    assert.deepEqual(existing.values, {
      kubeconfig: KUBECONFIG,
      endpoint: 'https://one.example',
      certificateAuthority: 'T05F',
      oidcProviderArn,
      eksName,
    });
    for (const { values, secrets } of [existing, eks]) {
      assert.deepEqual(secrets, ['kubeconfig']);
      assert.ok(Object.values(values).every((value) => typeof value === 'string' && value !== ''));
    }
    assert.deepEqual(Object.keys(eks.values).sort(), Object.keys(existing.values).sort());
    assert.equal(eks.values.certificateAuthority, 'Y2E=');
  });

  it("uses the machine's own kubeconfig where none is given", async () => {
    const { stack, values } = await outputs({ kind: 'existing', context: 'a context that no machine has' });
    const { inputs } = stack.only('pulumi:providers:kubernetes');
    assert.deepEqual([inputs.kubeconfig, inputs.context], [undefined, 'a context that no machine has']);
    assert.equal(values.endpoint, undefined);
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
