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
  /** As many pods as the load needs. Default: `replicas`, always. */
  readonly autoscaling?: AutoscalingArgs;
  /** The port that the container listens on. Without one there is no Service, no probes and no way in. */
  readonly port?: number;
  /** Instead of the image's entry point. */
  readonly command?: readonly string[];
  /** Arguments of the command, or of the image's entry point. */
  readonly args?: readonly string[];
  /** Environment in the clear. A change rolls out new pods, as do changes of the next three. */
  readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Environment from a Secret of the application's own. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Files by absolute path, from a ConfigMap of the application's own. */
  readonly files?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Requests, which are the limit of memory too. Default 100m and 128Mi. */
  readonly resources?: ResourceArgs;
  /** How it says that it is ready. Default: a connection to `port`. */
  readonly probes?: ProbeArgs;
  /** A way in from outside, by host name, through an ingress controller. Default: none. */
  readonly ingress?: IngressArgs;
  /** A route of the Gateway API instead of (or beside) an ingress. */
  readonly route?: RouteArgs;
  /** Who may come in, and where it may go. Default: nobody comes in; it goes everywhere. */
  readonly network?: NetworkPolicyArgs;
  /** What its pods may do in the cloud and in the cluster. Default: nothing. */
  readonly serviceAccount?: ServiceAccountArgs;
  /** What is mounted, by name. `/tmp` is there always. */
  readonly volumes?: Readonly<Record<string, VolumeArgs>>;
  /** Run to their end, in order, before each pod starts. */
  readonly initContainers?: Readonly<Record<string, SideTaskArgs>>;
  /** Run on a schedule, with the same image, environment and files. */
  readonly cronJobs?: Readonly<Record<string, CronJobArgs>>;
  /** Run to their end, with the new image, before new pods start; a failure stops the update there. */
  readonly migrations?: Readonly<Record<string, SideTaskArgs>>;
  /** User and filesystem of its containers. */
  readonly security?: SecurityArgs;
  /** Spread over zones and nodes. Default true. */
  readonly spread?: boolean;
  /** How many pods may be missing while nodes are drained. Default 1; no budget where there is only one pod. */
  readonly maxUnavailable?: number;
  /** On all of its objects and pods. Selectors never use them, so that they may change. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Between how many pods, and by what. */
export interface AutoscalingArgs {
  /** Pods that are always there. */
  readonly minimum: number;
  /** Pods that there are at most. */
  readonly maximum: number;
  /** Percent of the requested CPU. Default 70. */
  readonly cpu?: number;
  /** Percent of the requested memory. Default: not looked at. */
  readonly memory?: number;
}

/** What a container gets, in the notation of Kubernetes. */
export interface ResourceArgs {
  /** Request: `250m` is a quarter of a core. */
  readonly cpu?: string;
  /** Request and limit: `512Mi`. */
  readonly memory?: string;
  /** A limit on CPU throttles: default none. */
  readonly cpuLimit?: string;
}

/** How an application is asked whether it can be used. */
export interface ProbeArgs {
  /** Default: a TCP connection to `port`. */
  readonly path?: string;
  /** Another path for liveness; default: none, as a liveness probe that asks too much restarts what is only busy. */
  readonly livenessPath?: string;
  /** Seconds that a start may take. Default 60. */
  readonly startupSeconds?: number;
}

/** A way in by host name. */
export interface IngressArgs {
  /** `www.shop.example`. */
  readonly hosts: readonly string[];
  /** Which ingress controller. Default: the cluster's own choice. */
  readonly className?: string;
  /** Where the application begins. Default `/`. */
  readonly path?: string;
  /** Name of the Secret with the certificate. Default `<application>-tls`; false: no TLS. */
  readonly tls?: string | false;
  /** For the ingress controller. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A way in by the Gateway API. */
export interface RouteArgs {
  /** `www.shop.example`. */
  readonly hosts: readonly string[];
  /** The Gateway that leads here. */
  readonly gateway: { readonly name: string; readonly namespace?: string };
  /** Where the application begins. Default `/`. */
  readonly path?: string;
}

/** What its network policy lets through. */
export interface NetworkPolicyArgs {
  /** Who may come in: `{namespace, application}`; a namespace alone means all of it. Default: nobody but ingress controllers. */
  readonly from?: readonly { readonly namespace?: string; readonly application?: string }[];
  /** Where the ingress controller or gateway runs. Default `ingress-nginx`. */
  readonly ingressNamespace?: string;
  /** Where it may go beside DNS: CIDR blocks and applications. Default: everywhere. */
  readonly to?: readonly { readonly cidr?: string; readonly namespace?: string; readonly application?: string }[];
}

/** What pods may do beyond running. */
export interface ServiceAccountArgs {
  /** An AWS role that pods take through the cluster's OIDC provider (IRSA). */
  readonly roleArn?: pulumi.Input<string>;
  /** Whether pods can talk to the Kubernetes API. Default false. */
  readonly kubernetesAccess?: boolean;
}

/** One of: `size` (a claim of its own), `claim`, `secret`, `configMap`, or none (scratch space). */
export interface VolumeArgs {
  /** Where it is mounted. */
  readonly path: string;
  /** `10Gi`: a claim of its own, which outlives the application. */
  readonly size?: string;
  /** Default: the cluster's own. */
  readonly storageClass?: string;
  /** A claim that is there already. */
  readonly claim?: string;
  /** A Secret that is there already. */
  readonly secret?: string;
  /** A ConfigMap that is there already. */
  readonly configMap?: string;
  /** Default false. */
  readonly readOnly?: boolean;
}

/** A container that runs to its end. What is left out is the application's own. */
export interface SideTaskArgs {
  /** Default: the application's own. */
  readonly image?: pulumi.Input<string>;
  /** What it runs. */
  readonly command: readonly string[];
  /** Arguments of the command. */
  readonly args?: readonly string[];
  /** Default: the application's own; of migrations 100m and 128Mi, as they would be run again for another size. */
  readonly resources?: ResourceArgs;
}

/** A container that runs to its end, on a schedule. */
export interface CronJobArgs extends SideTaskArgs {
  /** Five fields: `0 3 * * *`. */
  readonly schedule: string;
  /** `Europe/Berlin`. Default: the control plane's own, mostly UTC. */
  readonly timeZone?: string;
  /** Seconds. Default 3600. */
  readonly deadline?: number;
}

/** How much a container is trusted with. */
export interface SecurityArgs {
  /** Default 10001. */
  readonly user?: number;
  /** Default true; `/tmp` is writable all the same. */
  readonly readOnlyFilesystem?: boolean;
}
