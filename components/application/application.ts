import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

/** What an application is: an image, how often it runs, and where it listens. */
export interface ApplicationArgs {
  /** By tag or digest: `registry.example/shop:1.4.2`. */
  readonly image: pulumi.Input<string>;
  /** Default 1. */
  readonly replicas?: pulumi.Input<number>;
  /** The port that the container listens on; without one there is no Service. */
  readonly port?: pulumi.Input<number>;
  /** Default `default`. */
  readonly namespace?: pulumi.Input<string>;
}

/** A Deployment and, where it listens, a Service. */
export class Application extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;
  readonly image: pulumi.Output<string>;

  constructor(name: string, args: ApplicationArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Application', name, {}, options);
    const labels = { 'app.kubernetes.io/name': name };
    const metadata = { name, namespace: args.namespace ?? 'default', labels };
    this.deployment = new kubernetes.apps.v1.Deployment(
      name,
      {
        metadata,
        spec: {
          replicas: args.replicas ?? 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [
                { name, image: args.image, ports: args.port === undefined ? [] : [{ containerPort: args.port }] },
              ],
            },
          },
        },
      },
      { parent: this },
    );
    if (args.port !== undefined) {
      const spec = { selector: labels, ports: [{ port: 80, targetPort: args.port }] };
      new kubernetes.core.v1.Service(name, { metadata, spec }, { parent: this });
    }
    this.image = pulumi.output(args.image);
    this.registerOutputs({ image: this.image });
  }
}
