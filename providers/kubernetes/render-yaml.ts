import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Cluster } from './cluster.ts';
import { isCustomResourceDefinition } from './kind.ts';
import { apiVersionOf, type KubeObject, kindOf, nameOf, namespaceOf } from './object.ts';
import type { ResourceContext } from './resource-context.ts';
import { containsSecret } from './secrets.ts';

/** Whether objects are written as files instead of into a cluster. */
export function isRendered(cluster: Cluster): boolean {
  return cluster.configuration.renderYamlToDirectory !== undefined;
}

/** Where an object is rendered to: definitions in a folder that sorts before all others, as they have to be applied first. */
export function renderPath(object: KubeObject, directory: string): string {
  const folder = isCustomResourceDefinition(object) ? '0-crd' : '1-manifest';
  const version = apiVersionOf(object).replaceAll(/[/:]/g, '_');
  const file = [version, kindOf(object).toLowerCase(), namespaceOf(object) || 'default', nameOf(object)].join('-');
  // Names of roles may hold colons and slashes do not get past the API server; a file name holds neither.
  return resolve(directory, folder, `${file.replaceAll('/', '_')}.yaml`);
}

/** Writes the object as YAML, readable by this user only. A secret in it is in the clear there, which is said. */
export async function renderObject(
  object: KubeObject,
  properties: PropertyMap,
  context: ResourceContext,
): Promise<void> {
  const path = pathOf(object, context);
  if (containsSecret(properties)) context.log('warning', `the rendered file ${path} holds a secret value in the clear`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, stringify(object, { lineWidth: 0 }), { mode: 0o600 });
  context.report(`rendered ${path}`);
}

/** Removes the file of an object. One that is gone already is fine. */
export async function removeRendered(object: KubeObject, context: ResourceContext): Promise<void> {
  await rm(pathOf(object, context), { force: true });
}

function pathOf(object: KubeObject, { cluster, rootDirectory }: ResourceContext): string {
  return renderPath(object, resolve(rootDirectory, cluster.configuration.renderYamlToDirectory!));
}
