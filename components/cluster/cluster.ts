import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, withTransform } from '../component';
import type { EksArgs } from './eks/eks-args';

/** A cluster that somebody else made. */
export interface ExistingClusterArgs {
  /** Tells it from a cluster that is made here (`eks`). */
  readonly kind: 'existing';
  /** Text of a kubeconfig, or a path to one. Left out: what `KUBECONFIG` or `~/.kube/config` says where the update runs. */
  readonly kubeconfig?: pulumi.Input<string>;
  /** Default: the kubeconfig's current one. */
  readonly context?: pulumi.Input<string>;
  /** Its name, where it is an EKS cluster with the pod identity agent: pods can then have AWS roles. */
  readonly eksName?: pulumi.Input<string>;
  /** ARN of the IAM OIDC provider of its service accounts, where it has one: pods can then have AWS roles (IRSA). */
  readonly oidcProviderArn?: pulumi.Input<string>;
}

export type ClusterArgs = (ExistingClusterArgs | ({ readonly kind: 'eks' } & EksArgs)) & ComponentArgs;

/** What a cluster is to what runs on it, whoever made it. */
export interface ClusterOutputs {
  /** Undefined where the machine's own kubeconfig is used. */
  readonly kubeconfig: pulumi.Output<string> | undefined;
  /** Address of the Kubernetes API. Holds undefined where the machine's own kubeconfig is used and has none. */
  readonly endpoint: pulumi.Output<string | undefined>;
  /** Base64 of PEM. Holds undefined where the kubeconfig trusts what the machine trusts. */
  readonly certificateAuthority: pulumi.Output<string | undefined>;
  /** Where pods get AWS roles from; undefined where they cannot. */
  readonly oidcProviderArn: pulumi.Output<string> | undefined;
  /** Undefined for clusters that are not EKS. */
  readonly eksName: pulumi.Output<string> | undefined;
  /** What has to be there before anything can run. */
  readonly ready: readonly pulumi.Resource[];
}

/**
 * A place to run applications: an EKS cluster, or an existing one by kubeconfig. What comes above it uses `provider` and does
 * not care which.
 */
export class Cluster extends pulumi.ComponentResource {
  /** The provider of everything that runs on it; it waits until that can run. */
  readonly provider: Provider;
  /** A secret. Undefined where the machine's own kubeconfig is used. */
  readonly kubeconfig: pulumi.Output<string> | undefined;
  /** Address of the Kubernetes API. Holds undefined only where the machine's own kubeconfig is used and has none. */
  readonly endpoint: pulumi.Output<string | undefined>;
  /** Base64 of PEM, no secret. Holds undefined where the kubeconfig trusts what the machine trusts. */
  readonly certificateAuthority: pulumi.Output<string | undefined>;
  /** For roles of pods by their service account's token (IRSA). Undefined where the cluster has none. */
  readonly oidcProviderArn: pulumi.Output<string> | undefined;
  /** For roles of pods by pod identity. Undefined for clusters that are not EKS. */
  readonly eksName: pulumi.Output<string> | undefined;

  constructor(name: string, args: ClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Cluster', name, {}, withTransform(args, options));
    const outputs = args.kind === 'eks' ? loadEks().createEks(name, args, this) : existing(args);
    this.kubeconfig = outputs.kubeconfig && pulumi.secret(outputs.kubeconfig);
    this.endpoint = outputs.endpoint;
    this.certificateAuthority = outputs.certificateAuthority;
    this.oidcProviderArn = outputs.oidcProviderArn;
    this.eksName = outputs.eksName;
    const context = args.kind === 'existing' ? args.context : undefined;
    this.provider = new Provider(
      name,
      { kubeconfig: this.kubeconfig, context, enableServerSideApply: true },
      { parent: this, dependsOn: [...outputs.ready] },
    );
    const { kubeconfig, endpoint, certificateAuthority, oidcProviderArn, eksName } = this;
    this.registerOutputs({ kubeconfig, endpoint, certificateAuthority, oidcProviderArn, eksName });
  }
}

/** Loads the EKS part, and with it the AWS SDK, only where it is wanted. */
function loadEks(): typeof import('./eks/create-eks') {
  return require('./eks/create-eks');
}

function existing(args: ExistingClusterArgs): ClusterOutputs {
  // Loaded here, as it needs a YAML parser.
  const { ambientFacts, clusterFacts } = require('./existing-cluster') as typeof import('./existing-cluster');
  const kubeconfig = args.kubeconfig === undefined ? undefined : pulumi.output(args.kubeconfig);
  const found = pulumi
    .all([kubeconfig, args.context])
    .apply(([text, context]) =>
      text === undefined ? ambientFacts(context, process.env) : clusterFacts(text, context),
    );
  // No secrets, though they stand in one.
  const facts = pulumi.unsecret(found);
  return {
    kubeconfig,
    endpoint: facts.apply((known) => known?.endpoint),
    certificateAuthority: facts.apply((known) => known?.certificateAuthority),
    oidcProviderArn: args.oidcProviderArn === undefined ? undefined : pulumi.output(args.oidcProviderArn),
    eksName: args.eksName === undefined ? undefined : pulumi.output(args.eksName),
    ready: [],
  };
}
