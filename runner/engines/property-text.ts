/** The marks of Pulumi's property encoding (sdk/nodejs/runtime/rpc.ts): a secret is an object with this key … */
const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';
/** … and a value that is not known before the update is one of these texts. */
const UNKNOWNS = new Set([
  '04da6b54-80e4-46f7-96ec-b56ff0331ba9',
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'DD056DCD-154B-4C76-9BD3-C8F88648B5FF',
]);

/** A property value as people see it: secrets as `[secret]`, unknown values as `[unknown]`. */
export function readableValue(value: unknown): unknown {
  if (typeof value === 'string') return UNKNOWNS.has(value) ? '[unknown]' : value;
  if (Array.isArray(value)) return value.map(readableValue);
  if (typeof value !== 'object' || value === null) return value;
  if ((value as Record<string, unknown>)[SIGNATURE_KEY] === SECRET_SIGNATURE) return '[secret]';
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readableValue(item)]));
}

/** The parts of a property path: `spec.containers[0]["a.b"]` (https://www.pulumi.com/docs/iac/concepts/resources/options/ignorechanges/). */
export function parsePropertyPath(path: string): readonly (string | number)[] {
  const parts = path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g);
  return [...parts].map(([, index, quoted, name]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? quoted.replace(/\\(.)/g, '$1') : name!,
  );
}

/** The value at a path, undefined where there is none. */
export function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const part of parsePropertyPath(path)) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}
