import { isNamespaced } from '../check.ts';
import type { Cluster } from '../cluster.ts';
import { isCustomResourceDefinition } from '../kind.ts';
import { type KubeObject, namespaceOf, withValueAt } from '../object.ts';

/** The objects with `namespace` where they name none and their kind lives in one. Definitions among them tell about their own kinds. */
export async function placeObjects(
  objects: readonly KubeObject[],
  namespace: string,
  cluster: Cluster,
): Promise<readonly KubeObject[]> {
  for (const object of objects) if (isCustomResourceDefinition(object)) cluster.define(object);
  return Promise.all(
    objects.map(async (object) =>
      namespace !== '' && namespaceOf(object) === '' && (await isNamespaced(object, cluster))
        ? withValueAt(object, ['metadata', 'namespace'], namespace)
        : object,
    ),
  );
}
