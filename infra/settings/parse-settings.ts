import type { Place, StackFile } from './file-places';
import { formatPath, type Mistake, mistakesOf, type SchemaAt } from './issue-text';
import { isEncryptedAt, keysAt, valuesAt } from './schema-keys';
import { type Settings, settingsSchema } from './settings-schema';

const SCHEMA: SchemaAt = {
  keys: (path) => keysAt(settingsSchema, path),
  values: (path) => valuesAt(settingsSchema, path),
};

export interface SettingsSource {
  /** Values by key without namespace, decrypted. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Opens the file that the values come from; only called where it is needed, as reading it costs time. */
  readonly openFile: () => StackFile;
  /** Whether any of the values was encrypted. */
  readonly hasSecrets: boolean;
}

/** Validates a stack's settings. Returns them, or the text that lists every mistake with its place. */
export function parseSettings(
  source: SettingsSource,
): { readonly settings: Settings } | { readonly mistakes: readonly string[] } {
  const result = settingsSchema.safeParse(source.values);
  const found = result.success ? [] : mistakesOf(result.error.issues, source.values, SCHEMA);
  const secrets = [...clearSecrets(source), ...needlessSecrets(source)];
  const all = [...found, ...secrets];
  if (result.success && all.length === 0) return { settings: result.data };
  return { mistakes: placed(all, source.openFile()) };
}

/** Mistakes with their places, in the order of the file; what the file does not have comes first. */
function placed(mistakes: readonly Mistake[], file: StackFile): readonly string[] {
  const found = mistakes.map(({ path, atKey, text }) => ({ place: file.place(path, atKey), text }));
  const order = ({ place }: { readonly place: Place | undefined }) => (place ? place.line * 10_000 + place.column : 0);
  return found
    .sort((a, b) => order(a) - order(b))
    .map(({ place, text }) => `${place ? `${file.name}:${place.line}:${place.column}` : file.name} ${text}`);
}

/** Values that the schema wants encrypted and that stand in the file in the clear. */
function clearSecrets(source: SettingsSource): readonly Mistake[] {
  const paths = leafPaths(source.values).filter((path) => isEncryptedAt(settingsSchema, path));
  if (paths.length === 0) return [];
  const file = source.openFile();
  return paths
    .filter((path) => !file.isEncrypted(path))
    .map((path) => {
      const key = `mainstay:${formatPath(path)}`;
      const text = `${formatPath(path)} is a secret in the clear: encrypt it with pulumi config set --path '${key}' --secret`;
      return { path, atKey: false, text };
    });
}

/** Values that are encrypted where nothing keeps them secret: they would be shown in diffs all the same. */
function needlessSecrets(source: SettingsSource): readonly Mistake[] {
  if (!source.hasSecrets) return [];
  return source
    .openFile()
    .encrypted.filter((path) => !isEncryptedAt(settingsSchema, path))
    .map((path) => ({
      path,
      atKey: true,
      text: `${formatPath(path)} is encrypted and is no secret: write it in the clear, or use a setting for secrets`,
    }));
}

function leafPaths(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.flatMap((element, index) => leafPaths(element, [...path, index]));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) => leafPaths(member, [...path, key]));
}
