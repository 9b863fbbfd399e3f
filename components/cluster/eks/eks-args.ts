import type * as pulumi from '@pulumi/pulumi';

export interface EksArgs {
  /** Kubernetes version, `1.35`. Control plane first, then add-ons, then nodes: a new version rolls through in this order. */
  readonly version: string;
  /** Where nodes and the control plane's interfaces live: private subnets of two zones or more. */
  readonly subnetIds: pulumi.Input<readonly pulumi.Input<string>[]>;
  /**
   * Who reaches the Kubernetes API: `private` (default) from within the network only, or also the given addresses. The whole
   * internet is refused.
   */
  readonly endpoint?: 'private' | { readonly allowedCidrs: readonly string[] };
  readonly nodeGroups: Readonly<Record<string, NodeGroupArgs>>;
  /** Beside the ones that every cluster needs (`vpc-cni`, `kube-proxy`, `coredns`, `eks-pod-identity-agent`). */
  readonly addons?: Readonly<Record<string, AddonArgs>>;
  /** Who may do what, by ARN of the IAM principal. */
  readonly access?: Readonly<Record<string, AccessArgs>>;
  /** Default 90. */
  readonly logRetentionDays?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface NodeGroupArgs {
  /**
   * Default `['m7g.large']`, or `['m7i.large']` on x64. One can be changed in place, node by node; several (of one size, which give
   * spot more to choose from) belong to the group itself, and a change makes a new group beside the old one.
   */
  readonly instanceTypes?: readonly string[];
  /** Default `arm64`: the same work for less. */
  readonly architecture?: 'arm64' | 'x64';
  /** Default `onDemand`. Spot nodes go away at two minutes' notice. */
  readonly capacity?: 'onDemand' | 'spot';
  /** Default 1. */
  readonly minimum?: number;
  readonly maximum: number;
  /** GiB, encrypted. Default 50. */
  readonly diskSize?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly TaintArgs[];
}

export interface TaintArgs {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NO_SCHEDULE' | 'PREFER_NO_SCHEDULE' | 'NO_EXECUTE';
}

export interface AddonArgs {
  /** Default: EKS's own choice for the cluster's version, kept until it is named. */
  readonly version?: string;
  /** Add-ons that have to be there first. Whatever has a role waits for `eks-pod-identity-agent` anyway. */
  readonly dependsOn?: readonly string[];
  /** Whether nodes wait for it, as for a network add-on. Default: only for `vpc-cni`, `kube-proxy`, `eks-pod-identity-agent`. */
  readonly beforeNodes?: boolean;
  /** `false` leaves out one that every cluster gets: where another one takes its place. Default true. */
  readonly enabled?: boolean;
  /**
   * Roles that its pods take through pod identity: service account -> ARN. Default: for the EBS and EFS drivers and CloudWatch a role
   * is made that can do what they need; for others none.
   */
  readonly podIdentity?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly configuration?: Readonly<Record<string, unknown>>;
}

export interface AccessArgs {
  readonly policy: 'admin' | 'clusterAdmin' | 'edit' | 'view';
  /** Default: the whole cluster. */
  readonly namespaces?: readonly string[];
}
