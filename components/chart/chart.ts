import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, withTransform } from '../component';
import { renderObjects } from '../rendered/create-objects';

export interface ChartArgs extends ComponentArgs {
  /** A chart's name in `repository`, an `oci://` address, or a folder beside Pulumi.yaml (`./charts/redis`). */
  readonly chart: string;
  /** Needed for everything but a folder: without it tomorrow's preview shows another chart. */
  readonly version?: string;
  /** `https://charts.example`. */
  readonly repository?: string;
  /** Where objects go that name no namespace. Default `default`. */
  readonly namespace?: pulumi.Input<string>;
  /** What differs from the chart's own values. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Leaves out what is in the folder `crds` of the chart. Default false. */
  readonly skipCrds?: boolean;
}

/**
 * A Helm chart, rendered and then managed object by object: previews show every field, and there is no second state in the cluster.
 * Hooks of the chart are objects like others.
 */
export class Chart extends pulumi.ComponentResource {
  /** `Kind/namespace/name` of each object. */
  readonly objects: pulumi.Output<readonly string[]>;

  constructor(name: string, args: ChartArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Chart', name, {}, withTransform(args, options));
    const jsonOpts = pulumi.jsonStringify(chartOptions(name, args));
    this.objects = renderObjects(name, { token: 'kubernetes:helm:template', args: { jsonOpts } }, this);
    this.registerOutputs({ objects: this.objects });
  }
}

/** The options of the provider's `helm:template`, as the SDK's own `helm.v3.Chart` writes them. */
export function chartOptions(name: string, args: ChartArgs): Record<string, unknown> {
  const isFolder = args.chart.startsWith('.') || args.chart.startsWith('/');
  if (!isFolder && args.version === undefined) {
    throw new Error(
      `Cannot render chart ${args.chart} as no version is named. Set version, so that it stays what was reviewed.`,
    );
  }
  const source = isFolder
    ? { path: args.chart.startsWith('/') ? args.chart : join(pulumi.runtime.getRootDirectory(), args.chart) }
    : { chart: args.chart, version: args.version, fetch_opts: { repo: args.repository, version: args.version } };
  return {
    ...source,
    release_name: name,
    namespace: args.namespace ?? 'default',
    values: args.values ?? {},
    ...(args.skipCrds ? { skip_crd_rendering: true } : {}),
  };
}
