import { isCustomResourceDefinition, kindOfObject } from '../kind.ts';
import { annotationOf, type KubeObject, kindOf, nameOf, namespaceOf, textAt } from '../object.ts';

/** Names objects on which one depends, as `kubectl apply` and kustomize know it: `group/namespaces/ns/kind/name, ...`. */
const DEPENDS_ON = 'config.kubernetes.io/depends-on';

/**
 * For each object the indexes of those that have to exist before: its namespace, the definition of its kind, what its annotation
 * names, and for objects that a webhook may hold up nothing else. What is not among the objects does not count.
 */
export function dependenciesOf(objects: readonly KubeObject[]): readonly (readonly number[])[] {
  const namespaces = new Map<string, number>();
  const definitions = new Map<string, number>();
  const identities = new Map<string, number>();
  objects.forEach((object, index) => {
    if (kindOf(object) === 'Namespace') namespaces.set(nameOf(object), index);
    if (isCustomResourceDefinition(object))
      definitions.set(`${textAt(object, 'spec', 'group')}/${textAt(object, 'spec', 'names', 'kind')}`, index);
    identities.set(identityOf(object), index);
  });
  return objects.map((object, index) => {
    const { group, kind } = kindOfObject(object);
    const found = [
      namespaces.get(namespaceOf(object)),
      definitions.get(`${group}/${kind}`),
      ...annotationOf(object, DEPENDS_ON)
        .split(',')
        .map((text) => identities.get(text.trim())),
    ];
    return [...new Set(found)].filter((other): other is number => other !== undefined && other !== index);
  });
}

function identityOf(object: KubeObject): string {
  const { group, kind } = kindOfObject(object);
  const namespace = namespaceOf(object);
  return [group, ...(namespace === '' ? [] : ['namespaces', namespace]), kind, nameOf(object)].join('/');
}

/**
 * An order in which every object comes after those that it depends on. Throws where they depend on each other in a circle, naming
 * one of them.
 */
export function sortByDependencies(dependencies: readonly (readonly number[])[]): readonly number[] {
  const sorted: number[] = [];
  const state = new Map<number, 'open' | 'done'>();
  const visit = (index: number): void => {
    if (state.get(index) === 'done') return;
    if (state.get(index) === 'open')
      throw new Error(`objects depend on each other in a circle (${DEPENDS_ON}): number ${index + 1} of the manifest`);
    state.set(index, 'open');
    dependencies[index]!.forEach(visit);
    state.set(index, 'done');
    sorted.push(index);
  };
  dependencies.forEach((_, index) => {
    visit(index);
  });
  return sorted;
}
