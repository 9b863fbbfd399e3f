import * as eks from '@pulumi/aws/eks';
import type * as pulumi from '@pulumi/pulumi';
import { stackTags } from '../../component';
import type { AccessArgs, EksArgs } from './eks-args';

const POLICIES: Readonly<Record<AccessArgs['policy'], string>> = {
  admin: 'AmazonEKSAdminPolicy',
  clusterAdmin: 'AmazonEKSClusterAdminPolicy',
  edit: 'AmazonEKSEditPolicy',
  view: 'AmazonEKSViewPolicy',
};

/** Lets IAM principals in, each with one of EKS's policies, for the cluster or for some namespaces. */
export function createAccess(
  name: string,
  args: EksArgs,
  made: { readonly parent: pulumi.Resource; readonly cluster: eks.Cluster },
): readonly pulumi.Resource[] {
  const { parent, cluster } = made;
  return Object.entries(args.access ?? {}).map(([principalArn, access]) => {
    const entryName = `${name}-${principalArn.split('/').at(-1)}`;
    const entry = new eks.AccessEntry(
      entryName,
      { clusterName: cluster.name, principalArn, tags: stackTags(entryName, args.tags) },
      { parent },
    );
    return new eks.AccessPolicyAssociation(
      entryName,
      {
        clusterName: cluster.name,
        principalArn,
        policyArn: `arn:aws:eks::aws:cluster-access-policy/${POLICIES[access.policy]}`,
        accessScope: access.namespaces
          ? { type: 'namespace', namespaces: [...access.namespaces] }
          : { type: 'cluster' },
      },
      { parent, dependsOn: [entry] },
    );
  });
}
