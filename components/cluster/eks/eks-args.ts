import type * as pulumi from '@pulumi/pulumi';

/** An EKS cluster that is made here (`kind: eks`). */
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
  /** Groups of nodes by name. */
  readonly nodeGroups: Readonly<Record<string, NodeGroupArgs>>;
  /** Beside the ones that every cluster needs (`vpc-cni`, `kube-proxy`, `coredns`, `eks-pod-identity-agent`). */
  readonly addons?: Readonly<Record<string, AddonArgs>>;
  /** Who may do what, by ARN of the IAM principal. */
  readonly access?: Readonly<Record<string, AccessArgs>>;
  /** Default 90. */
  readonly logRetentionDays?: number;
  /** On every resource that can have some, beside project, stack and name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Nodes of one kind. */
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
  /** Nodes that there are at most. */
  readonly maximum: number;
  /** GiB, encrypted. Default 50. */
  readonly diskSize?: number;
  /** On its nodes, for selectors of pods. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Keep away pods that do not tolerate them. */
  readonly taints?: readonly TaintArgs[];
}

/** What keeps pods away from nodes. */
export interface TaintArgs {
  /** `batch`. */
  readonly key: string;
  /** Default: none. */
  readonly value?: string;
  /** Whether pods are not scheduled, are rather not scheduled, or have to leave. */
  readonly effect: 'NO_SCHEDULE' | 'PREFER_NO_SCHEDULE' | 'NO_EXECUTE';
}

/** An EKS add-on. */
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
  /** The add-on's own settings, as its schema says (`aws eks describe-addon-configuration`). */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/** What an IAM principal may do in the cluster. */
export interface AccessArgs {
  /** One of EKS's own access policies. */
  readonly policy: 'admin' | 'clusterAdmin' | 'edit' | 'view';
  /** Default: the whole cluster. */
  readonly namespaces?: readonly string[];
}
