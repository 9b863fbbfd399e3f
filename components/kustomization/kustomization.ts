import { isAbsolute, join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, withTransform } from '../component';
import { renderObjects } from '../rendered/create-objects';

export interface KustomizationArgs extends ComponentArgs {
  /** The folder of a `kustomization.yaml`, relative to where Pulumi.yaml is, or an address that kustomize reads. */
  readonly directory: string;
}

/** What `kustomize build` gives, each object a resource of its own. */
export class Kustomization extends pulumi.ComponentResource {
  /** `Kind/namespace/name` of each object. */
  readonly objects: pulumi.Output<readonly string[]>;

  constructor(name: string, args: KustomizationArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Kustomization', name, {}, withTransform(args, options));
    const call = { token: 'kubernetes:kustomize:directory', args: { directory: located(args.directory) } };
    this.objects = renderObjects(name, call, this);
    this.registerOutputs({ objects: this.objects });
  }
}

function located(directory: string): string {
  const elsewhere = isAbsolute(directory) || /^(https?:|git@|ssh:|github\.com\/)/.test(directory);
  return elsewhere ? directory : join(pulumi.runtime.getRootDirectory(), directory);
}
