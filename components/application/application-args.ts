import type * as pulumi from '@pulumi/pulumi';
import type { ComponentArgs } from '../component';

/** What an application is. Only `image` is needed; whatever is left out has a secure default. */
export interface ApplicationArgs extends ComponentArgs {
  /** By tag (`registry.example/shop:1.4.2`) or digest (`registry.example/shop@sha256:...`). `:latest` and no tag are refused. */
  readonly image: pulumi.Input<string>;
  /** Default `default`. */
  readonly namespace?: pulumi.Input<string>;
  /** Default 2; not used where `autoscaling` is given. */
  readonly replicas?: number;
  readonly autoscaling?: AutoscalingArgs;
  /** The port that the container listens on. Without one there is no Service, no probes and no way in. */
  readonly port?: number;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Environment in the clear. A change rolls out new pods, as do changes of the next three. */
  readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Environment from a Secret of the application's own. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Files by absolute path, from a ConfigMap of the application's own. */
  readonly files?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Requests, which are the limit of memory too. Default 100m and 128Mi. */
  readonly resources?: ResourceArgs;
  readonly probes?: ProbeArgs;
  readonly ingress?: IngressArgs;
  /** A route of the Gateway API instead of (or beside) an ingress. */
  readonly route?: RouteArgs;
  readonly network?: NetworkPolicyArgs;
  readonly serviceAccount?: ServiceAccountArgs;
  readonly volumes?: Readonly<Record<string, VolumeArgs>>;
  readonly initContainers?: Readonly<Record<string, SideTaskArgs>>;
  readonly cronJobs?: Readonly<Record<string, CronJobArgs>>;
  /** Run to their end, with the new image, before new pods start; a failure stops the update there. */
  readonly migrations?: Readonly<Record<string, SideTaskArgs>>;
  readonly security?: SecurityArgs;
  /** Spread over zones and nodes. Default true. */
  readonly spread?: boolean;
  /** How many pods may be missing while nodes are drained. Default 1; no budget where there is only one pod. */
  readonly maxUnavailable?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AutoscalingArgs {
  readonly minimum: number;
  readonly maximum: number;
  /** Percent of the requested CPU. Default 70. */
  readonly cpu?: number;
  /** Percent of the requested memory. Default: not looked at. */
  readonly memory?: number;
}

export interface ResourceArgs {
  readonly cpu?: string;
  readonly memory?: string;
  /** A limit on CPU throttles: default none. */
  readonly cpuLimit?: string;
}

export interface ProbeArgs {
  /** Default: a TCP connection to `port`. */
  readonly path?: string;
  /** Another path for liveness; default: none, as a liveness probe that asks too much restarts what is only busy. */
  readonly livenessPath?: string;
  /** Seconds that a start may take. Default 60. */
  readonly startupSeconds?: number;
}

export interface IngressArgs {
  readonly hosts: readonly string[];
  readonly className?: string;
  readonly path?: string;
  /** Name of the Secret with the certificate. Default `<application>-tls`; false: no TLS. */
  readonly tls?: string | false;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RouteArgs {
  readonly hosts: readonly string[];
  readonly gateway: { readonly name: string; readonly namespace?: string };
  readonly path?: string;
}

export interface NetworkPolicyArgs {
  /** Who may come in: `{namespace, application}`; a namespace alone means all of it. Default: nobody but ingress controllers. */
  readonly from?: readonly { readonly namespace?: string; readonly application?: string }[];
  /** Where the ingress controller or gateway runs. Default `ingress-nginx`. */
  readonly ingressNamespace?: string;
  /** Where it may go beside DNS: CIDR blocks and applications. Default: everywhere. */
  readonly to?: readonly { readonly cidr?: string; readonly namespace?: string; readonly application?: string }[];
}

export interface ServiceAccountArgs {
  /** An AWS role that pods take through the cluster's OIDC provider (IRSA). */
  readonly roleArn?: pulumi.Input<string>;
  /** Whether pods can talk to the Kubernetes API. Default false. */
  readonly kubernetesAccess?: boolean;
}

/** One of: `size` (a claim of its own), `claim`, `secret`, `configMap`, or none (scratch space). */
export interface VolumeArgs {
  readonly path: string;
  readonly size?: string;
  readonly storageClass?: string;
  readonly claim?: string;
  readonly secret?: string;
  readonly configMap?: string;
  readonly readOnly?: boolean;
}

/** A container that runs to its end. What is left out is the application's own. */
export interface SideTaskArgs {
  readonly image?: pulumi.Input<string>;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  /** Default: the application's own; of migrations 100m and 128Mi, as they would be run again for another size. */
  readonly resources?: ResourceArgs;
}

export interface CronJobArgs extends SideTaskArgs {
  /** Five fields: `0 3 * * *`. */
  readonly schedule: string;
  readonly timeZone?: string;
  /** Seconds. Default 3600. */
  readonly deadline?: number;
}

export interface SecurityArgs {
  /** Default 10001. */
  readonly user?: number;
  /** Default true; `/tmp` is writable all the same. */
  readonly readOnlyFilesystem?: boolean;
}
