import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, withTransform } from '../component';
import type { EksArgs } from './eks/eks-args';

/** A cluster that somebody else made. */
export interface ExistingClusterArgs {
  readonly kind: 'existing';
  /** Text of a kubeconfig, or a path to one. Left out: what `KUBECONFIG` or `~/.kube/config` says where the update runs. */
  readonly kubeconfig?: pulumi.Input<string>;
  /** Default: the kubeconfig's current one. */
  readonly context?: pulumi.Input<string>;
}

export type ClusterArgs = (ExistingClusterArgs | ({ readonly kind: 'eks' } & EksArgs)) & ComponentArgs;

/** What a cluster is to what runs on it, whoever made it. */
export interface ClusterOutputs {
  /** Undefined where the machine's own kubeconfig is used. */
  readonly kubeconfig: pulumi.Output<string> | undefined;
  readonly endpoint: pulumi.Output<string> | undefined;
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
  readonly provider: Provider;
  /** A secret. Undefined where the machine's own kubeconfig is used. */
  readonly kubeconfig: pulumi.Output<string> | undefined;
  readonly endpoint: pulumi.Output<string> | undefined;
  readonly oidcProviderArn: pulumi.Output<string> | undefined;
  /** Undefined for clusters that are not EKS. */
  readonly eksName: pulumi.Output<string> | undefined;

  constructor(name: string, args: ClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Cluster', name, {}, withTransform(args, options));
    const outputs = args.kind === 'eks' ? loadEks().createEks(name, args, this) : existing(args);
    this.kubeconfig = outputs.kubeconfig && pulumi.secret(outputs.kubeconfig);
    this.endpoint = outputs.endpoint;
    this.oidcProviderArn = outputs.oidcProviderArn;
    this.eksName = outputs.eksName;
    const context = args.kind === 'existing' ? args.context : undefined;
    this.provider = new Provider(
      name,
      { kubeconfig: this.kubeconfig, context, enableServerSideApply: true },
      { parent: this, dependsOn: [...outputs.ready] },
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig, endpoint: this.endpoint });
  }
}

/** Loads the EKS part, and with it the AWS SDK, only where it is wanted. */
function loadEks(): typeof import('./eks/create-eks') {
  return require('./eks/create-eks');
}

function existing(args: ExistingClusterArgs): ClusterOutputs {
  const kubeconfig = args.kubeconfig === undefined ? undefined : pulumi.output(args.kubeconfig);
  return { kubeconfig, endpoint: undefined, oidcProviderArn: undefined, eksName: undefined, ready: [] };
}
