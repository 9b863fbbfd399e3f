import * as ec2 from '@pulumi/aws/ec2';
import * as eks from '@pulumi/aws/eks';
import type * as iam from '@pulumi/aws/iam';
import type * as pulumi from '@pulumi/pulumi';
import { stackTags } from '../../component';
import type { EksArgs, NodeGroupArgs } from './eks-args';
import { attach, createRole } from './service-role';

const NODE_POLICIES = ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'];

interface Made {
  readonly parent: pulumi.Resource;
  readonly cluster: eks.Cluster;
  readonly after: readonly pulumi.Resource[];
}

/** Managed groups of nodes. They follow the cluster's version, a third at a time. */
export function createNodeGroups(name: string, args: EksArgs, made: Made): readonly eks.NodeGroup[] {
  const { parent } = made;
  const role = createRole(`${name}-node`, {
    service: 'ec2.amazonaws.com',
    parent,
    tags: stackTags(`${name}-node`, args.tags),
  });
  const policies = NODE_POLICIES.map((policy) => attach(`${name}-node`, role, { policy, parent }));
  return Object.entries(args.nodeGroups).map(([group, groupArgs]) =>
    createNodeGroup(`${name}-${group}`, groupArgs, { ...made, args, role, after: [...made.after, ...policies] }),
  );
}

function createNodeGroup(
  name: string,
  group: NodeGroupArgs,
  made: Made & { readonly args: EksArgs; readonly role: iam.Role },
): eks.NodeGroup {
  const { parent, cluster, args } = made;
  const minimum = group.minimum ?? 1;
  const x64 = group.architecture === 'x64';
  const tags = stackTags(name, args.tags);
  const instanceTypes = group.instanceTypes ?? [x64 ? 'm7i.large' : 'm7g.large'];
  // In the template a type is rolled out node by node; in the group it could only be changed by a new group.
  const [only, ...more] = instanceTypes;
  const template = createLaunchTemplate(name, group, {
    parent,
    tags,
    instanceType: more.length > 0 ? undefined : only,
  });
  return new eks.NodeGroup(
    name,
    {
      clusterName: cluster.name,
      version: cluster.version,
      nodeRoleArn: made.role.arn,
      subnetIds: args.subnetIds as pulumi.Input<pulumi.Input<string>[]>,
      amiType: x64 ? 'AL2023_x86_64_STANDARD' : 'AL2023_ARM_64_STANDARD',
      instanceTypes: more.length > 0 ? [...instanceTypes] : undefined,
      capacityType: group.capacity === 'spot' ? 'SPOT' : 'ON_DEMAND',
      scalingConfig: { minSize: minimum, maxSize: group.maximum, desiredSize: minimum },
      updateConfig: { maxUnavailablePercentage: 33 },
      launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
      labels: { 'mainstay/node-group': name, ...group.labels },
      taints: group.taints?.map((taint) => ({ ...taint })),
      tags,
    },
    // An autoscaler changes the wanted number all the time: it is nobody else's to set back.
    { parent, dependsOn: [...made.after], ignoreChanges: ['scalingConfig.desiredSize'] },
  );
}

/** Encrypted disk; the instance's credentials are out of reach of pods (IMDSv2, one hop). */
function createLaunchTemplate(
  name: string,
  group: NodeGroupArgs,
  made: {
    readonly parent: pulumi.Resource;
    readonly tags: Record<string, string>;
    readonly instanceType: string | undefined;
  },
): ec2.LaunchTemplate {
  return new ec2.LaunchTemplate(
    name,
    {
      instanceType: made.instanceType,
      metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: { volumeSize: group.diskSize ?? 50, volumeType: 'gp3', encrypted: 'true', deleteOnTermination: 'true' },
        },
      ],
      tagSpecifications: [{ resourceType: 'instance', tags: made.tags }],
      tags: made.tags,
    },
    { parent: made.parent },
  );
}
