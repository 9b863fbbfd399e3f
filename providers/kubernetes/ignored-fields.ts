import type { Cluster } from './cluster.ts';
import type { FieldPath } from './force-new.ts';
import { isFields, isList, type KubeFields, type KubeObject, type KubeValue, managedFieldsOf } from './object.ts';

/**
 * The inputs for an apply where the program ignores changes of some fields. Whoever else owns such a field keeps it: it is left out,
 * as naming it would be a conflict. A field that is ours is sent with its present value, as leaving it out would remove it.
 * (Official rule: handleSSAIgnoreFields in provider/pkg/await/await.go.)
 */
export async function withIgnoredFields(
  cluster: Cluster,
  options: {
    readonly inputs: KubeObject;
    readonly name: string;
    readonly fieldManager: string;
    readonly ignored: readonly FieldPath[];
  },
): Promise<KubeObject> {
  const { inputs, name, fieldManager, ignored } = options;
  const live = await cluster.get(inputs, name);
  const entries = managedFieldsOf(live);
  const owned = (ours: boolean) =>
    entries.filter((entry) => (entry.manager === fieldManager) === ours).map((entry) => entry.fieldsV1 ?? {});
  return ignored.reduce<KubeObject>((result, path) => {
    const theirs = owned(false).some((fields) => owns(fields, path));
    const ours = owned(true).some((fields) => owns(fields, path));
    if (theirs && !ours) return changeAt(result, path, undefined) as KubeObject;
    const current = valueAtPath(live, path);
    return current === undefined ? result : (changeAt(result, path, current) as KubeObject);
  }, inputs);
}

/** Whether the managed fields hold the path. List items are known by key there, so that a list as a whole decides. */
function owns(fields: KubeFields, path: FieldPath): boolean {
  let node: KubeValue | undefined = fields;
  for (const part of path) {
    if (!isFields(node)) return false;
    if (typeof part === 'number') return true;
    if (!Object.hasOwn(node, `f:${part}`)) return false;
    node = node[`f:${part}`];
  }
  return true;
}

function valueAtPath(value: KubeValue | undefined, path: FieldPath): KubeValue | undefined {
  return path.reduce<KubeValue | undefined>((inner, part) => {
    if (typeof part === 'number') return isList(inner) ? inner[part] : undefined;
    return isFields(inner) ? inner[part] : undefined;
  }, value);
}

/** A copy with `value` at `path`, or without what is there. Nothing is made on the way: a missing part leaves the rest as it is. */
function changeAt(target: KubeValue | undefined, path: FieldPath, value: KubeValue | undefined): KubeValue | undefined {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (typeof part === 'number') {
    if (!isList(target)) return target;
    return target.flatMap((item, index) => (index === part ? (changeAt(item, rest, value) ?? []) : [item]));
  }
  if (!isFields(target)) return target;
  const changed = changeAt(target[part] ?? (rest.length > 0 && value !== undefined ? {} : undefined), rest, value);
  const { [part]: _old, ...others } = target;
  return changed === undefined ? others : { ...target, [part]: changed };
}
