import * as pulumi from '@pulumi/pulumi';
import { type KubernetesManifest, objectName, objectType, orderObjects } from './object-order';

/** Any Kubernetes object, by its own type token: the state looks as if it had been written in TypeScript. */
class KubernetesObject extends pulumi.CustomResource {
  constructor(name: string, object: KubernetesManifest, options: pulumi.CustomResourceOptions) {
    super(objectType(object), name, withSecrets(object), options);
  }
}

/** The version of the Kubernetes SDK, so that objects share the provider of everything else. */
const { version } = require('@pulumi/kubernetes/package.json') as { readonly version: string };

/** Registers objects in the order in which they can exist. Resolves to their names. */
export function createObjects(
  prefix: string,
  objects: readonly KubernetesManifest[],
  parent: pulumi.Resource,
): readonly string[] {
  const made: pulumi.Resource[] = [];
  for (const stage of orderObjects(objects)) {
    const dependsOn = [...made];
    for (const object of stage) {
      made.push(new KubernetesObject(`${prefix}:${objectName(object)}`, object, { parent, dependsOn, version }));
    }
  }
  return objects.map(objectName);
}

/** Calls a function of the Kubernetes provider that gives objects, and registers what it gives. */
export function renderObjects(
  prefix: string,
  call: { readonly token: string; readonly args: Record<string, unknown> },
  parent: pulumi.Resource,
): pulumi.Output<readonly string[]> {
  const rendered = pulumi.output(call.args).apply(async (args) => {
    const result = await pulumi.runtime.invoke(call.token, args, { parent, version });
    return (result as { readonly result: readonly KubernetesManifest[] }).result;
  });
  return rendered.apply((objects) => createObjects(prefix, objects, parent));
}

function withSecrets(object: KubernetesManifest): Record<string, unknown> {
  if (object.kind !== 'Secret') return { ...object };
  return { ...object, data: pulumi.secret(object.data), stringData: pulumi.secret(object.stringData) };
}
