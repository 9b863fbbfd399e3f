import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, withTransform } from '../component';
import { renderObjects } from '../rendered/create-objects';

export interface ManifestsArgs extends ComponentArgs {
  /** Files and folders (all `.yaml`, `.yml` and `.json` in them), relative to where Pulumi.yaml is. */
  readonly paths?: readonly string[];
  /** YAML text, one or several documents. */
  readonly text?: pulumi.Input<string>;
  /** Where objects go that name no namespace. Default `default`. */
  readonly namespace?: pulumi.Input<string>;
}

/** Objects of plain YAML, each a resource of its own, made in the order in which they can exist. */
export class Manifests extends pulumi.ComponentResource {
  /** `Kind/namespace/name` of each object. */
  readonly objects: pulumi.Output<readonly string[]>;

  constructor(name: string, args: ManifestsArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Manifests', name, {}, withTransform(args, options));
    const texts = [...(args.paths ?? []).flatMap(readManifests), args.text ?? ''];
    const text = pulumi.all(texts).apply((parts) => parts.join('\n---\n'));
    const call = { token: 'kubernetes:yaml:decode', args: { text, defaultNamespace: args.namespace ?? 'default' } };
    this.objects = renderObjects(name, call, this);
    this.registerOutputs({ objects: this.objects });
  }
}

/** Texts of a file or of the manifests in a folder, in the order of their names. */
export function readManifests(path: string): readonly string[] {
  const full = join(pulumi.runtime.getRootDirectory(), path);
  try {
    if (!statSync(full).isDirectory()) return [readFileSync(full, 'utf8')];
    const names = readdirSync(full).filter((name) => /\.(ya?ml|json)$/.test(name));
    return names.sort().map((name) => readFileSync(join(full, name), 'utf8'));
  } catch (error) {
    throw new Error(`Cannot read manifests: ${path}. Name a file or a folder beside Pulumi.yaml.`, { cause: error });
  }
}
