import { Unknown } from '../../protocol/property-value.ts';

/** A value of a Kubernetes object as JSON has it; `Unknown` only in previews. Secrets are unwrapped. */
export type KubeValue = null | boolean | number | string | readonly KubeValue[] | KubeFields | Unknown;

export interface KubeFields {
  readonly [key: string]: KubeValue;
}

/** A Kubernetes object: `apiVersion`, `kind`, `metadata` and the rest, never changed in place. */
export type KubeObject = KubeFields;

/** What the API server says who set which fields (metadata.managedFields). */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: KubeFields;
  readonly subresource?: string;
}

/** Whether `value` is an object with fields: neither null, nor an array, nor unknown. */
export function isFields(value: KubeValue | undefined): value is KubeFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}

export function isList(value: KubeValue | undefined): value is readonly KubeValue[] {
  return Array.isArray(value);
}

/** The value at a path of field names; undefined where there is none. */
export function valueAt(object: KubeValue | undefined, ...path: readonly string[]): KubeValue | undefined {
  let value: KubeValue | undefined = object;
  for (const name of path) {
    if (!isFields(value)) return undefined;
    value = Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** The text at a path; '' where there is none or it is not a text. */
export function textAt(object: KubeValue | undefined, ...path: readonly string[]): string {
  const value = valueAt(object, ...path);
  return typeof value === 'string' ? value : '';
}

/** The number at a path; 0 where there is none. */
export function numberAt(object: KubeValue | undefined, ...path: readonly string[]): number {
  const value = valueAt(object, ...path);
  return typeof value === 'number' ? value : 0;
}

/** The list at a path; empty where there is none. */
export function listAt(object: KubeValue | undefined, ...path: readonly string[]): readonly KubeValue[] {
  const value = valueAt(object, ...path);
  return isList(value) ? value : [];
}

/** The fields at a path; empty where there are none. */
export function fieldsAt(object: KubeValue | undefined, ...path: readonly string[]): KubeFields {
  const value = valueAt(object, ...path);
  return isFields(value) ? value : {};
}

/** A copy with `value` at `path`; fields on the way are made where they are missing. */
export function withValueAt(object: KubeFields, path: readonly string[], value: KubeValue): KubeFields {
  const [name, ...rest] = path;
  if (name === undefined) throw new Error('a path has at least one name');
  return { ...object, [name]: rest.length === 0 ? value : withValueAt(fieldsAt(object, name), rest, value) };
}

/** A copy without what is at `path`. The same object where there is nothing. */
export function withoutValueAt(object: KubeFields, path: readonly string[]): KubeFields {
  const [name, ...rest] = path;
  if (name === undefined || !Object.hasOwn(object, name)) return object;
  if (rest.length === 0) {
    const { [name]: _removed, ...others } = object;
    return others;
  }
  const inner = object[name];
  if (!isFields(inner)) return object;
  const reduced = withoutValueAt(inner, rest);
  return reduced === inner ? object : { ...object, [name]: reduced };
}

export const apiVersionOf = (object: KubeObject): string => textAt(object, 'apiVersion');
export const kindOf = (object: KubeObject): string => textAt(object, 'kind');
export const nameOf = (object: KubeObject): string => textAt(object, 'metadata', 'name');
export const namespaceOf = (object: KubeObject): string => textAt(object, 'metadata', 'namespace');

/** The value of an annotation; '' where there is none. */
export function annotationOf(object: KubeObject, name: string): string {
  return textAt(object, 'metadata', 'annotations', name);
}

export function managedFieldsOf(object: KubeObject): readonly ManagedFieldsEntry[] {
  return listAt(object, 'metadata', 'managedFields') as unknown as readonly ManagedFieldsEntry[];
}

/** Whether there is an unknown anywhere in `value`. */
export function hasUnknown(value: KubeValue | undefined): boolean {
  if (value instanceof Unknown) return true;
  if (isList(value)) return value.some(hasUnknown);
  return isFields(value) && Object.values(value).some(hasUnknown);
}

/** Deep equality. Two unknowns are not equal: nobody knows. */
export function sameValue(left: KubeValue | undefined, right: KubeValue | undefined): boolean {
  if (left instanceof Unknown || right instanceof Unknown) return false;
  if (left === right) return true;
  if (isList(left) && isList(right))
    return left.length === right.length && left.every((item, index) => sameValue(item, right[index]));
  if (!isFields(left) || !isFields(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && sameValue(left[name], right[name]))
  );
}

/** How messages name an object: `apps/v1 Deployment "web/front"`. */
export function describe(object: KubeObject): string {
  return `${apiVersionOf(object)} ${kindOf(object)} ${JSON.stringify(objectId(object))}`;
}

/** The id in the state: `namespace/name`, or `name` for what is in no namespace. */
export function objectId(object: KubeObject): string {
  const namespace = namespaceOf(object);
  return namespace === '' ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

/** The parts of an id in the state. */
export function parseId(id: string): { readonly namespace: string; readonly name: string } {
  const slash = id.indexOf('/');
  return slash < 0 ? { namespace: '', name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}
