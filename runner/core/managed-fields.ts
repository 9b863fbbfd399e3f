/** Who set a field last, as a Kubernetes API server knows it. */
export interface FieldManager {
  readonly manager: string;
  /** ISO 8601. */
  readonly at: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Who owns the property at `path` (as parts) of a Kubernetes object, from its `metadata.managedFields`: the manager that set it last. Undefined where
 * nobody does, and for what is no Kubernetes object. Format: FieldsV1 of structured-merge-diff, `f:<name>` for members, `k:{…}` for
 * elements of a list by their keys, `v:<value>` for those of a set, `.` for the thing itself.
 */
export function managerOf(object: unknown, path: readonly (string | number)[]): FieldManager | undefined {
  const entries = isJson(object) && isJson(object.metadata) ? object.metadata.managedFields : undefined;
  if (!Array.isArray(entries)) return undefined;
  const owners = entries.filter(isJson).filter(({ fieldsV1 }) => isJson(fieldsV1) && owns(fieldsV1, object, path));
  const latest = owners.toSorted((a, b) => String(b.time ?? '').localeCompare(String(a.time ?? '')))[0];
  if (!latest || typeof latest.manager !== 'string') return undefined;
  return { manager: latest.manager, at: typeof latest.time === 'string' ? latest.time : undefined };
}

function owns(fields: Json, value: unknown, path: readonly (string | number)[]): boolean {
  const [part, ...rest] = path;
  if (part === undefined) return true;
  const [child, inner] = childOf(fields, value, part);
  if (child === undefined) return false;
  // A field that is owned as a whole has nothing below it.
  return Object.keys(child).length === 0 || owns(child, inner, rest);
}

function childOf(fields: Json, value: unknown, part: string | number): readonly [Json | undefined, unknown] {
  if (typeof part === 'string') {
    const child = fields[`f:${part}`];
    return [isJson(child) ? child : undefined, isJson(value) ? value[part] : undefined];
  }
  const element: unknown = Array.isArray(value) ? value[part] : undefined;
  for (const [key, child] of Object.entries(fields)) {
    if (!isJson(child)) continue;
    if (key === `i:${part}` || (key.startsWith('v:') && parsed(key) === element)) return [child, element];
    const wanted = key.startsWith('k:') ? parsed(key) : undefined;
    if (isJson(wanted) && isJson(element) && Object.entries(wanted).every(([name, item]) => element[name] === item))
      return [child, element];
  }
  return [undefined, element];
}

function parsed(key: string): unknown {
  try {
    return JSON.parse(key.slice(2));
  } catch {
    return undefined;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
