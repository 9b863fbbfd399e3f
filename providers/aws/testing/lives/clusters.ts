import type { Life } from '../life.ts';
import type { World } from '../world.ts';

/** EKS. */
export const clusterLives: readonly Life[] = [
  {
    type: 'aws:eks/cluster:Cluster',
    inputs: async (world) => ({
      name: `${world.prefix}-main`,
      roleArn: await world.roleArn('eks'),
      version: '1.34',
      vpcConfig: {
        subnetIds: await world.subnetIds(),
        endpointPrivateAccess: true,
        endpointPublicAccess: true,
        publicAccessCidrs: ['198.51.100.0/24'],
      },
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
      bootstrapSelfManagedAddons: false,
      enabledClusterLogTypes: ['audit', 'api'],
      upgradePolicy: { supportType: 'STANDARD' },
      deletionProtection: true,
      tags: { Name: 'one' },
    }),
    live: async ({ eks }, { id }) => (await eks.describeCluster({ name: id })).cluster,
    change: (_, inputs) => ({
      ...inputs,
      version: '1.35',
      deletionProtection: false,
      enabledClusterLogTypes: ['api'],
      vpcConfig: { ...(inputs.vpcConfig as object), publicAccessCidrs: ['203.0.113.0/24'] },
      tags: { Name: 'two' },
    }),
    replace: {
      inputs: async (world) => ({
        name: `${world.prefix}-main`,
        roleArn: await world.roleArn('ec2'),
        vpcConfig: { subnetIds: await world.subnetIds() },
      }),
      properties: ['roleArn', 'bootstrapSelfManagedAddons'],
    },
    drift: {
      by: ({ eks }, { id }) =>
        eks.updateClusterConfig({ name: id, resourcesVpcConfig: { publicAccessCidrs: ['0.0.0.0/0'] } }),
      properties: ['vpcConfig'],
    },
  },
  {
    type: 'aws:eks/nodeGroup:NodeGroup',
    inputs: async (world) => ({
      clusterName: await world.clusterName(),
      nodeGroupName: 'general',
      nodeRoleArn: await world.roleArn('ec2'),
      subnetIds: await world.subnetIds(),
      scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 3 },
      instanceTypes: ['m7g.large'],
      capacityType: 'SPOT',
      labels: { role: 'general' },
      taints: [{ key: 'batch', value: 'true', effect: 'NO_SCHEDULE' }],
      updateConfig: { maxUnavailablePercentage: 33 },
      version: '1.34',
      tags: { Name: 'one' },
    }),
    live: async (world) =>
      (await world.eks.describeNodegroup({ clusterName: await world.clusterName(), nodegroupName: 'general' }))
        .nodegroup,
    change: (_, inputs) => ({
      ...inputs,
      version: '1.35',
      scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 5 },
      labels: { tier: 'web' },
      taints: [],
    }),
    replace: {
      inputs: async (world) => ({
        clusterName: await world.clusterName(),
        nodeGroupName: 'general',
        nodeRoleArn: await world.roleArn('ec2'),
        subnetIds: await world.subnetIds(),
        scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 3 },
        instanceTypes: ['c7g.large'],
        capacityType: 'ON_DEMAND',
      }),
      properties: ['capacityType', 'instanceTypes'],
    },
    drift: {
      by: async (world) =>
        world.eks.updateNodegroupConfig({
          clusterName: await world.clusterName(),
          nodegroupName: 'general',
          scalingConfig: { minSize: 0, desiredSize: 2, maxSize: 5 },
        }),
      properties: ['scalingConfig'],
    },
  },
  {
    type: 'aws:eks/fargateProfile:FargateProfile',
    inputs: async (world) => ({
      clusterName: await world.clusterName(),
      fargateProfileName: 'jobs',
      podExecutionRoleArn: await world.roleArn('eks-fargate-pods'),
      subnetIds: await world.subnetIds(),
      selectors: [{ namespace: 'jobs', labels: { kind: 'batch' } }],
      tags: { Name: 'one' },
    }),
    live: async (world) =>
      (await world.eks.describeFargateProfile({ clusterName: await world.clusterName(), fargateProfileName: 'jobs' }))
        .fargateProfile,
    change: (_, inputs) => ({ ...inputs, tags: { Name: 'two' } }),
    replace: {
      inputs: async (world) => ({
        clusterName: await world.clusterName(),
        podExecutionRoleArn: await world.roleArn('eks-fargate-pods'),
        selectors: [{ namespace: 'others' }],
        fargateProfileName: 'jobs',
        subnetIds: await world.subnetIds(),
      }),
      properties: ['selectors'],
    },
    drift: {
      by: ({ eks }, { outputs }) => eks.tagResource({ resourceArn: outputs.arn as string, tags: { Name: 'by hand' } }),
      properties: ['tags', 'tagsAll'],
    },
    motoLacks: { change: 'moto keeps no tags of a Fargate profile after it is made', drift: 'the same' },
  },
  {
    type: 'aws:eks/addon:Addon',
    inputs: async (world) => ({
      clusterName: await world.clusterName(),
      addonName: 'vpc-cni',
      addonVersion: 'v1.20.4-eksbuild.2',
      configurationValues: JSON.stringify({ env: { ENABLE_PREFIX_DELEGATION: 'true' } }),
      podIdentityAssociations: [{ serviceAccount: 'aws-node', roleArn: await world.roleArn('pods') }],
      resolveConflictsOnCreate: 'OVERWRITE',
      resolveConflictsOnUpdate: 'OVERWRITE',
      tags: { Name: 'one' },
    }),
    live: (world) => addon(world),
    change: (_, inputs) => ({
      ...inputs,
      addonVersion: 'v1.21.1-eksbuild.1',
      configurationValues: JSON.stringify({ env: {} }),
      podIdentityAssociations: [],
      tags: { Name: 'two' },
    }),
    replace: {
      inputs: async (world) => ({ clusterName: await world.clusterName(), addonName: 'coredns' }),
      properties: ['addonName'],
    },
    drift: {
      by: async (world) =>
        world.eks.updateAddon({
          clusterName: await world.clusterName(),
          addonName: 'vpc-cni',
          addonVersion: 'v1.20.4-eksbuild.2',
        }),
      properties: ['addonVersion'],
    },
  },
  {
    type: 'aws:eks/accessEntry:AccessEntry',
    inputs: async (world) => ({
      clusterName: await world.clusterName(),
      principalArn: await world.roleArn('ecs'),
      kubernetesGroups: ['viewers'],
      tags: { Name: 'one' },
    }),
    live: async (world, { outputs }) =>
      (
        await world.eks.describeAccessEntry({
          clusterName: await world.clusterName(),
          principalArn: outputs.principalArn as string,
        })
      ).accessEntry,
    change: (_, inputs) => ({ ...inputs, kubernetesGroups: ['editors', 'viewers'], tags: { Name: 'two' } }),
    replace: {
      inputs: async (world) => ({
        clusterName: await world.clusterName(),
        principalArn: await world.roleArn('ecs'),
        type: 'EC2_LINUX',
      }),
      properties: ['type'],
    },
    drift: {
      by: async (world, { outputs }) =>
        world.eks.updateAccessEntry({
          clusterName: await world.clusterName(),
          principalArn: outputs.principalArn as string,
          kubernetesGroups: ['system:masters'],
        }),
      properties: ['kubernetesGroups'],
    },
  },
  {
    type: 'aws:eks/accessPolicyAssociation:AccessPolicyAssociation',
    inputs: async (world) => ({
      clusterName: await world.clusterName(),
      principalArn: await entryOf(world),
      policyArn: VIEW,
      accessScope: { type: 'namespace', namespaces: ['store'] },
    }),
    live: async (world, { outputs }) => {
      const [clusterName, principalArn] = [await world.clusterName(), outputs.principalArn as string];
      const { associatedAccessPolicies = [] } = await world.eks.listAssociatedAccessPolicies({
        clusterName,
        principalArn,
      });
      return associatedAccessPolicies.find((one) => one.policyArn === VIEW);
    },
    replace: {
      inputs: async (world) => ({
        clusterName: await world.clusterName(),
        principalArn: await entryOf(world),
        policyArn: VIEW,
        accessScope: { type: 'cluster' },
      }),
      properties: ['accessScope'],
    },
    drift: {
      by: async (world, { outputs }) =>
        world.eks.associateAccessPolicy({
          clusterName: await world.clusterName(),
          principalArn: outputs.principalArn as string,
          policyArn: VIEW,
          accessScope: { type: 'namespace', namespaces: ['kube-system'] },
        }),
      properties: ['accessScope'],
    },
  },
  {
    type: 'aws:eks/podIdentityAssociation:PodIdentityAssociation',
    inputs: async (world) => ({
      clusterName: await world.clusterName(),
      namespace: 'store',
      serviceAccount: 'shop',
      roleArn: await world.roleArn('pods'),
      tags: { Name: 'one' },
    }),
    live: async (world, { id }) =>
      (await world.eks.describePodIdentityAssociation({ clusterName: await world.clusterName(), associationId: id }))
        .association,
    change: async (world, inputs) => ({ ...inputs, roleArn: await world.roleArn('ecs') }),
    replace: {
      inputs: async (world) => ({
        clusterName: await world.clusterName(),
        namespace: 'store',
        serviceAccount: 'worker',
        roleArn: await world.roleArn('pods'),
      }),
      properties: ['serviceAccount'],
    },
    drift: {
      by: async (world, { id }) =>
        world.eks.updatePodIdentityAssociation({
          clusterName: await world.clusterName(),
          associationId: id,
          roleArn: await world.roleArn('pods'),
        }),
      properties: ['roleArn'],
    },
    importId: ({ id, outputs }) => `${outputs.clusterName},${id}`,
  },
];

const VIEW = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy';

async function addon({ eks, clusterName }: World) {
  return (await eks.describeAddon({ clusterName: await clusterName(), addonName: 'vpc-cni' })).addon;
}

async function entryOf(world: World): Promise<string> {
  const [clusterName, principalArn] = [await world.clusterName(), await world.roleArn('lambda')];
  const made = await world.eks.createAccessEntry({ clusterName, principalArn }).catch(() => undefined);
  if (made) world.later(() => world.eks.deleteAccessEntry({ clusterName, principalArn }));
  return principalArn;
}
