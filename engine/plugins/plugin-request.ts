/** Which provider is wanted. */
export interface PluginRequest {
  readonly package: string;
  /** '' : any, the newest installed. */
  readonly version: string;
  /** '' : the official place. */
  readonly downloadUrl: string;
}

/** A local plugin of Pulumi.yaml's `plugins.providers`. */
export interface ProjectPlugin {
  readonly name: string;
  /** Absolute path of the plugin's folder. */
  readonly path: string;
  /** '' : any. */
  readonly version: string;
}

/** `aws 7.1.0`, or `aws` where no version is asked for. */
export function describeRequest({ package: name, version }: PluginRequest): string {
  return version === '' ? name : `${name} ${version}`;
}
