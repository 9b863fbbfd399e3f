import { isMainstayError, messageOf, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { type PropertyPath, parsePath } from '../../protocol/property-path.ts';
import { qualifyKey } from './config-key.ts';
import { isOfType, typeName } from './config-type.ts';
import type { Project } from './project-file.ts';
import { type ConfigData, isSecure, type StackFile } from './stack-file.ts';

/** A stack's settings as a program gets them. */
export interface StackConfig {
  /** Decrypted, keys `namespace:name`. Objects and lists are JSON text. */
  readonly values: Readonly<Record<string, string>>;
  /** Keys whose value is, or holds, a secret. Sorted. */
  readonly secretKeys: readonly string[];
  /** Keys whose value is an object or a list. */
  readonly objectKeys: ReadonlySet<string>;
}

/** Decrypts one value. Throws a user error where it cannot. */
export type Decrypt = (ciphertext: string) => string;

/**
 * The stack's values, completed by what the project declares (pkg/workspace/config.go), decrypted; the redactor learns every secret. Throws a
 * user error with place for what is missing or not of the declared type.
 */
export function resolveConfig(project: Project, file: StackFile, decrypt: Decrypt): StackConfig {
  const all = new Map(file.config());
  completeConfig(project, file, all);
  const values: Record<string, string> = {};
  const secretKeys: string[] = [];
  const objectKeys = new Set<string>();
  const decrypted = new Map<string, ConfigData>();
  for (const [key, data] of all) {
    if (containsSecure(data)) secretKeys.push(key);
    if (typeof data === 'object' && data !== null && !isSecure(data)) objectKeys.add(key);
    const plain = decryptSetting(file, key, () => decryptData(data, decrypt));
    decrypted.set(key, plain);
    values[key] = configText(plain);
  }
  checkDeclarations(project, { file, all, decrypted });
  return { values, secretKeys: secretKeys.sort(), objectKeys };
}

/** Says which setting it is that cannot be decrypted. */
function decryptSetting(file: StackFile, key: string, work: () => ConfigData): ConfigData {
  try {
    return work();
  } catch (cause) {
    if (!isMainstayError(cause, 'user')) throw cause;
    const place = file.place(['config', file.nameInFile(key) ?? key]);
    throw userError(`Cannot use the setting ${key}: ${cause.message}`, { place, cause });
  }
}

/** A declared key: its name is a path, so that a part of an object can be declared. */
function declaredPlace(declared: string, project: Project): { readonly key: string; readonly path: PropertyPath } {
  const qualified = qualifyKey(declared, project.name);
  const colon = qualified.indexOf(':');
  try {
    const [first = '', ...path] = parsePath(qualified.slice(colon + 1));
    return { key: `${qualified.slice(0, colon)}:${first}`, path };
  } catch (cause) {
    throw userError(`Cannot read the project as a configuration key is malformed: ${messageOf(cause)}. Correct it.`, {
      place: { file: project.file },
      cause,
    });
  }
}

/** Puts defaults where the stack has no value, and names everything that is missing at once. */
function completeConfig(project: Project, file: StackFile, all: Map<string, ConfigData>): void {
  const missing: string[] = [];
  for (const declared of Object.keys(project.config).sort()) {
    const { key, path } = declaredPlace(declared, project);
    const { value, default: fallback = value } = project.config[declared]!;
    if (partOf(all.get(key), path) !== undefined) continue;
    if (fallback !== undefined && fallback !== null) all.set(key, withPart(all.get(key), path, fallback as ConfigData));
    else if (key.startsWith(`${project.name}:`)) missing.push(declared);
  }
  if (missing.length === 0) return;
  const values = missing.length === 1 ? 'value' : 'values';
  throw userError(
    `Stack '${file.stackName}' is missing configuration ${values} ${listed(missing)}. Set with \`pulumi config set <key> <value>\`.`,
    { place: { file: project.file } },
  );
}

function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  return quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

function partOf(data: ConfigData | undefined, path: PropertyPath): ConfigData | undefined {
  let part = data;
  for (const element of path) {
    if (typeof part !== 'object' || part === null || isSecure(part)) return undefined;
    part = Object.hasOwn(part, element) ? (part as Readonly<Record<string, ConfigData>>)[element] : undefined;
  }
  return part;
}

function withPart(data: ConfigData | undefined, [first, ...rest]: PropertyPath, part: ConfigData): ConfigData {
  if (first === undefined) return part;
  const isContainer = typeof data === 'object' && data !== null;
  if (typeof first === 'number') {
    const items: ConfigData[] = Array.isArray(data) ? [...(data as readonly ConfigData[])] : [];
    items[first] = withPart(items[first], rest, part);
    return items;
  }
  const members = isContainer && !Array.isArray(data) ? (data as Readonly<Record<string, ConfigData>>) : {};
  return { ...members, [first]: withPart(members[first], rest, part) };
}

interface Checked {
  readonly file: StackFile;
  readonly all: ReadonlyMap<string, ConfigData>;
  readonly decrypted: ReadonlyMap<string, ConfigData>;
}

/** Values have the declared types, and declared secrets are encrypted. No message shows a value: it may be a secret. */
function checkDeclarations(project: Project, { file, all, decrypted }: Checked): void {
  for (const [declared, { type, items, secret }] of Object.entries(project.config)) {
    if (type === undefined) continue;
    const { key, path } = declaredPlace(declared, project);
    const given = partOf(all.get(key), path);
    const place = file.place(['config', file.nameInFile(key) ?? key, ...path]);
    const fail = (what: string) => {
      throw userError(`Stack '${file.stackName}' with configuration key '${declared}' must be ${what}. Set it again.`, {
        place,
      });
    };
    if (secret && given !== undefined && !containsSecure(given)) fail("encrypted as it's secret");
    if (!isOfType(partOf(decrypted.get(key), path) ?? null, { type, items }))
      fail(`of type '${typeName({ type, items })}'`);
  }
}

/** Whether any part is encrypted. */
export function containsSecure(data: ConfigData): boolean {
  if (isSecure(data)) return true;
  if (typeof data !== 'object' || data === null) return false;
  return Object.values(data).some((part) => containsSecure(part as ConfigData));
}

/** The data with every encrypted part decrypted; each is told to the redactor. */
export function decryptData(data: ConfigData, decrypt: Decrypt): ConfigData {
  if (isSecure(data)) {
    const text = decrypt(data.secure);
    redactor.add(text);
    return text;
  }
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map((part: ConfigData) => decryptData(part, decrypt));
  return Object.fromEntries(Object.entries(data).map(([key, part]) => [key, decryptData(part as ConfigData, decrypt)]));
}

/** The text that a program gets: JSON for objects and lists, in the official form; the plain text of a scalar otherwise. */
export function configText(data: ConfigData): string {
  if (typeof data === 'string') return data;
  return data === null ? '' : typeof data === 'object' ? officialJson(data) : String(data);
}

/** Keys sorted, and what could be HTML escaped, as Go's encoding/json does. */
function officialJson(data: ConfigData): string {
  const sorted = (value: ConfigData): ConfigData => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((part: ConfigData) => sorted(part));
    const entries = Object.entries(value as Readonly<Record<string, ConfigData>>).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, part]) => [key, sorted(part)]));
  };
  return JSON.stringify(sorted(data)).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
