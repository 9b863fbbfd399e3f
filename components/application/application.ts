import type { types } from '@pulumi/kubernetes';
import { CustomResource } from '@pulumi/kubernetes/apiextensions/customResource';
import * as apps from '@pulumi/kubernetes/apps/v1';
import * as autoscalingV2 from '@pulumi/kubernetes/autoscaling/v2';
import * as batch from '@pulumi/kubernetes/batch/v1';
import * as core from '@pulumi/kubernetes/core/v1';
import * as networking from '@pulumi/kubernetes/networking/v1';
import * as policy from '@pulumi/kubernetes/policy/v1';
import * as pulumi from '@pulumi/pulumi';
import { withTransform } from '../component';
import type { ApplicationArgs } from './application-args';
import {
  APPLICATION_LABEL,
  INSTANCE_LABEL,
  planIngress,
  planMetrics,
  planNetworkPolicy,
  planRoute,
} from './exposure-plan';
import { imageProblem } from './image-reference';
import { fileKey, type PodReferences, planPod, planTaskPod } from './pod-plan';

/** A service that runs on Kubernetes, with everything that a careful team puts around it. */
export class Application extends pulumi.ComponentResource {
  /** For whoever has to wait for its pods. */
  readonly deployment: apps.Deployment;
  /** Undefined where the application listens on no port. */
  readonly service: core.Service | undefined;
  /** The image that runs, known to be fixed. */
  readonly image: pulumi.Output<string>;
  /** Name inside the cluster, `shop.team-a.svc`; undefined without a port. */
  readonly address: pulumi.Output<string> | undefined;
  /** What the outside calls, with the scheme. */
  readonly urls: readonly string[];

  readonly #name: string;
  readonly #args: ApplicationArgs;
  readonly #selector: Readonly<Record<string, string>>;
  readonly #child: pulumi.CustomResourceOptions;

  constructor(name: string, args: ApplicationArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Application', name, {}, withTransform(args, options));
    this.#name = name;
    this.#args = args;
    this.#selector = { [APPLICATION_LABEL]: name };
    this.#child = { parent: this };
    this.image = pulumi.output(args.image).apply(acceptable);
    const references = this.#createReferences();
    // Before it nothing gets out of a tenant, and a migration could not reach its database.
    const policy = this.#createPolicy();
    const migrations = this.#createMigrations(references, policy);
    this.deployment = this.#createDeployment(references, [policy, ...migrations]);
    this.service = this.#createService();
    this.#createExposure();
    this.#createResilience();
    this.#createCronJobs(references);
    this.address = this.service && pulumi.interpolate`${name}.${args.namespace ?? 'default'}.svc`;
    const scheme = args.ingress?.tls === false ? 'http' : 'https';
    this.urls = [...(args.ingress?.hosts ?? []), ...(args.route?.hosts ?? [])].map((host) => `${scheme}://${host}`);
    this.registerOutputs({ image: this.image, address: this.address, urls: this.urls });
  }

  /** Metadata of what is called like the application (`named`), or gets a new name with each change of content. */
  #metadata(name?: string): types.input.meta.v1.ObjectMeta {
    const labels = { ...this.#args.labels, ...this.#selector, 'app.kubernetes.io/managed-by': 'pulumi' };
    return { ...(name === undefined ? {} : { name }), namespace: this.#args.namespace ?? 'default', labels };
  }

  /** Labels of every pod. What runs to its end does not carry the selector: the Service must not lead anybody there. */
  #taskLabels(): Record<string, string> {
    return { ...this.#args.labels, [INSTANCE_LABEL]: this.#name };
  }

  /**
   * What pods refer to. ConfigMap and Secret have a new name for new content: pods roll out with it, and pods of the version before
   * keep what they were started with.
   */
  #createReferences(): PodReferences {
    const { files = {}, secrets = {}, serviceAccount = {}, volumes = {} } = this.#args;
    const annotations = serviceAccount.roleArn ? { 'eks.amazonaws.com/role-arn': serviceAccount.roleArn } : undefined;
    const account = new core.ServiceAccount(
      this.#name,
      { metadata: { ...this.#metadata(this.#name), annotations }, automountServiceAccountToken: false },
      this.#child,
    );
    const data = Object.fromEntries(Object.entries(files).map(([path, text]) => [fileKey(path), text]));
    const configMap =
      Object.keys(files).length > 0 &&
      new core.ConfigMap(this.#name, { metadata: this.#metadata(), immutable: true, data }, this.#child);
    const secret =
      Object.keys(secrets).length > 0 &&
      new core.Secret(
        this.#name,
        { metadata: this.#metadata(), immutable: true, stringData: pulumi.secret(secrets) },
        this.#child,
      );
    const claims = Object.entries(volumes).flatMap(([volume, { size, storageClass }]) =>
      size === undefined ? [] : [[volume, this.#createClaim(volume, size, storageClass)] as const],
    );
    return {
      serviceAccount: account.metadata.name,
      configMap: configMap ? configMap.metadata.name : undefined,
      secret: secret ? secret.metadata.name : undefined,
      claims: Object.fromEntries(claims),
      selector: this.#selector,
    };
  }

  /** A claim outlives the application: what was written is nobody's to throw away by a change of settings. */
  #createClaim(volume: string, storage: string, storageClassName: string | undefined): pulumi.Output<string> {
    const name = `${this.#name}-${volume}`;
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } };
    return new core.PersistentVolumeClaim(
      name,
      { metadata: { ...this.#metadata(name), annotations: { 'pulumi.com/skipAwait': 'true' } }, spec },
      { ...this.#child, retainOnDelete: true },
    ).metadata.name;
  }

  #createMigrations(references: PodReferences, after: pulumi.Resource): readonly batch.Job[] {
    return Object.entries(this.#args.migrations ?? {}).map(([task, taskArgs]) => {
      const spec = planTaskPod(task, { resources: {}, ...taskArgs }, { args: this.#args, references });
      // Without a name of its own: a new image is a new Job beside the finished one.
      return new batch.Job(
        `${this.#name}-${task}`,
        {
          metadata: this.#metadata(),
          spec: { backoffLimit: 2, template: { metadata: { labels: this.#taskLabels() }, spec } },
        },
        { ...this.#child, dependsOn: [after] },
      );
    });
  }

  #createDeployment(references: PodReferences, after: readonly pulumi.Resource[]): apps.Deployment {
    const args = this.#args;
    const rollingUpdate = { maxSurge: '25%', maxUnavailable: 0 };
    return new apps.Deployment(
      this.#name,
      {
        metadata: this.#metadata(this.#name),
        spec: {
          // The autoscaler's number is its own.
          replicas: args.autoscaling ? undefined : (args.replicas ?? 2),
          revisionHistoryLimit: 5,
          selector: { matchLabels: { ...this.#selector } },
          strategy: holdsOneWriter(args) ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate },
          template: {
            metadata: { labels: { ...this.#taskLabels(), ...this.#selector } },
            spec: planPod(this.#name, { ...args, image: this.image }, references),
          },
        },
      },
      { ...this.#child, dependsOn: [...after] },
    );
  }

  #createService(): core.Service | undefined {
    if (this.#args.port === undefined) return undefined;
    return new core.Service(
      this.#name,
      {
        metadata: this.#metadata(this.#name),
        spec: {
          type: 'ClusterIP',
          selector: { ...this.#selector },
          ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
        },
      },
      this.#child,
    );
  }

  #createPolicy(): networking.NetworkPolicy {
    const spec = planNetworkPolicy(this.#name, this.#args);
    return new networking.NetworkPolicy(this.#name, { metadata: this.#metadata(this.#name), spec }, this.#child);
  }

  #createExposure(): void {
    const { ingress, route } = this.#args;
    const name = this.#name;
    if ((ingress || route) && this.#args.port === undefined) {
      throw new Error(`Cannot lead anybody to application ${name} as it listens on no port. Set its port.`);
    }
    if (ingress) {
      const metadata = { ...this.#metadata(name), annotations: { ...ingress.annotations } };
      new networking.Ingress(name, { metadata, spec: planIngress(name, ingress) }, this.#child);
    }
    if (route) {
      const apiVersion = 'gateway.networking.k8s.io/v1';
      const object = { apiVersion, kind: 'HTTPRoute', metadata: this.#metadata(name), spec: planRoute(name, route) };
      new CustomResource(name, object, this.#child);
    }
  }

  #createResilience(): void {
    const { autoscaling, maxUnavailable = 1, replicas = 2 } = this.#args;
    const name = this.#name;
    if (autoscaling) {
      const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
      const { minimum: minReplicas, maximum: maxReplicas } = autoscaling;
      const spec = { scaleTargetRef, minReplicas, maxReplicas, metrics: planMetrics(autoscaling) };
      new autoscalingV2.HorizontalPodAutoscaler(name, { metadata: this.#metadata(name), spec }, this.#child);
    }
    // A budget for a single pod would keep its node from ever being drained.
    if ((autoscaling?.minimum ?? replicas) < 2) return;
    const spec = { maxUnavailable, selector: { matchLabels: { ...this.#selector } } };
    new policy.PodDisruptionBudget(name, { metadata: this.#metadata(name), spec }, this.#child);
  }

  #createCronJobs(references: PodReferences): void {
    for (const [task, cron] of Object.entries(this.#args.cronJobs ?? {})) {
      const name = `${this.#name}-${task}`;
      const spec = planTaskPod(task, cron, { args: this.#args, references });
      const jobTemplate = {
        spec: {
          backoffLimit: 1,
          activeDeadlineSeconds: cron.deadline ?? 3600,
          template: { metadata: { labels: this.#taskLabels() }, spec },
        },
      };
      const { schedule, timeZone } = cron;
      new batch.CronJob(
        name,
        { metadata: this.#metadata(name), spec: { schedule, timeZone, concurrencyPolicy: 'Forbid', jobTemplate } },
        this.#child,
      );
    }
  }
}

/** A volume that only one pod can hold keeps the next pod waiting forever in a rolling update. */
function holdsOneWriter(args: ApplicationArgs): boolean {
  return Object.values(args.volumes ?? {}).some(({ size, claim }) => size !== undefined || claim !== undefined);
}

function acceptable(image: string): string {
  const problem = imageProblem(image);
  if (problem !== undefined) throw new Error(`Cannot deploy an image that is not fixed: ${problem}.`);
  return image;
}
