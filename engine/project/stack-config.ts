import { userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { qualifyKey } from './config-key.ts';
import type { ConfigDeclaration, Project } from './project-file.ts';
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

/** The stack's values over the project's defaults, decrypted; the redactor learns every secret. Throws a user error with place. */
export function resolveConfig(project: Project, file: StackFile, decrypt: Decrypt): StackConfig {
  const given = file.config();
  const all = new Map<string, ConfigData>();
  for (const [key, declaration] of Object.entries(project.config))
    addDeclared(project, { key, declaration, given, all });
  for (const [key, value] of given) all.set(key, value);
  const values: Record<string, string> = {};
  const secretKeys: string[] = [];
  const objectKeys = new Set<string>();
  for (const [key, data] of all) {
    checkType(project, { key, data, file });
    if (containsSecure(data)) secretKeys.push(key);
    if (typeof data === 'object' && data !== null && !isSecure(data)) objectKeys.add(key);
    values[key] = configText(decryptData(data, decrypt));
    if (isSecure(data)) redactor.add(values[key]);
  }
  return { values, secretKeys: secretKeys.sort(), objectKeys };
}

interface Declared {
  readonly key: string;
  readonly declaration: ConfigDeclaration;
  readonly given: ReadonlyMap<string, ConfigData>;
  readonly all: Map<string, ConfigData>;
}

function addDeclared(project: Project, { key, declaration, given, all }: Declared): void {
  const qualified = qualifyKey(key, project.name);
  const fallback = declaration.value ?? declaration.default;
  if (fallback !== undefined) all.set(qualified, fallback as ConfigData);
  else if (!given.has(qualified) && qualified.startsWith(`${project.name}:`)) {
    throw userError(
      `Stack is missing configuration value '${key}'. Set it with \`pulumi config set ${key} <value>\`.`,
      { place: { file: project.file } },
    );
  }
}

const TYPES: Readonly<Record<string, (data: ConfigData) => boolean>> = {
  string: (data) => typeof data === 'string',
  integer: (data) => Number.isInteger(Number(data)) && data !== '' && typeof data !== 'boolean',
  boolean: (data) => typeof data === 'boolean' || data === 'true' || data === 'false',
  array: (data) => Array.isArray(data),
  object: (data) => typeof data === 'object' && data !== null && !Array.isArray(data),
};

/** The declared type of a value of the project. Encrypted values cannot be looked at here. */
function checkType(
  project: Project,
  { key, data, file }: { readonly key: string; readonly data: ConfigData; readonly file: StackFile },
): void {
  const name = Object.keys(project.config).find((declared) => qualifyKey(declared, project.name) === key);
  const type = name && project.config[name]?.type;
  const check = type ? TYPES[type] : undefined;
  if (!check || isSecure(data) || check(data)) return;
  throw userError(
    `Cannot use the configuration value '${key}' as it is not of the type that Pulumi.yaml declares (${type}): ${JSON.stringify(data)}. Correct it.`,
    {
      place: file.place(['config', key]),
    },
  );
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

/** The text that a program gets: JSON for objects and lists, the plain text of a scalar otherwise. */
export function configText(data: ConfigData): string {
  if (typeof data === 'string') return data;
  return data === null ? '' : typeof data === 'object' ? JSON.stringify(data) : String(data);
}
