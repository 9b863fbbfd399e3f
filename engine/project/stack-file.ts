import { basename } from 'node:path';
import { isMap, isScalar, isSeq, type Node, YAMLMap } from 'yaml';
import { messageOf, userError } from '../../foundation/errors.ts';
import { writeWhole } from '../../foundation/write-whole.ts';
import type { PropertyPath } from '../../protocol/property-path.ts';
import { qualifyKey } from './config-key.ts';
import { keepLayout } from './keep-layout.ts';
import { parseYaml, readYaml, type YamlSource } from './yaml-source.ts';

/** Plain data of a stack file; `{secure: text}` is an encrypted value. */
export type ConfigData =
  | null
  | boolean
  | number
  | string
  | readonly ConfigData[]
  | { readonly [key: string]: ConfigData };

const KNOWN_KEYS = new Set(['secretsprovider', 'encryptedkey', 'encryptionsalt', 'config', 'environment']);

/** Whether the data is one encrypted value. */
export function isSecure(data: ConfigData | undefined): data is { readonly secure: string } {
  return (
    typeof data === 'object' &&
    data !== null &&
    !Array.isArray(data) &&
    Object.keys(data).length === 1 &&
    typeof (data as { readonly secure?: unknown }).secure === 'string'
  );
}

/**
 * `Pulumi.<stack>.yaml`, read and edited in place: comments and layout outside of what is changed stay (https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/).
 * Changes are kept in memory until `save`.
 */
export class StackFile {
  readonly path: string;
  readonly #project: string;
  readonly #source: YamlSource;

  private constructor(path: string, project: string, source: YamlSource) {
    this.path = path;
    this.#project = project;
    this.#source = source;
  }

  /** Reads the file; one that does not exist is an empty one. Throws a user error with place on bad YAML, unknown keys and bad config keys. */
  static async read(path: string, project: string): Promise<StackFile> {
    const source = (await readYaml(path)) ?? parseYaml('', path);
    const file = new StackFile(path, project, source);
    file.#check();
    return file;
  }

  #check(): void {
    const content = (this.#source.document.toJS() ?? {}) as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(content)) {
      if (!KNOWN_KEYS.has(key)) {
        throw userError(
          `Cannot read the stack's settings as they have an unknown key: ${JSON.stringify(key)}. Known are ${[...KNOWN_KEYS].join(', ')}.`,
          { place: this.place([key]) },
        );
      }
    }
    const { config } = content;
    if (config !== undefined && config !== null && (typeof config !== 'object' || Array.isArray(config))) {
      throw userError("Cannot read the stack's settings as config is not a mapping of keys to values. Correct it.", {
        place: this.place(['config']),
      });
    }
    for (const key of Object.keys(config ?? {})) {
      if (!/^[^:]+(:[^:]+)?(:[^:]+)?$/.test(key))
        throw userError(
          `Cannot read the stack's settings as a configuration key is malformed: ${JSON.stringify(key)}. Use namespace:name.`,
          { place: this.place(['config', key]) },
        );
    }
  }

  /** As the file's name says. */
  get stackName(): string {
    return /^Pulumi\.(.+)\.(?:ya?ml|json)$/.exec(basename(this.path))?.[1] ?? this.path;
  }

  /** Where something in the file stands. */
  place(path: readonly (string | number)[]) {
    return this.#source.place(path);
  }

  text(key: 'secretsprovider' | 'encryptedkey' | 'encryptionsalt'): string | undefined {
    const value = this.#source.document.get(key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  setText(key: 'secretsprovider' | 'encryptedkey' | 'encryptionsalt', value: string | undefined): void {
    if (value === undefined) this.#source.document.delete(key);
    else this.#source.document.set(key, value);
  }

  /** ESC environments that the stack imports. They need Pulumi Cloud. */
  get environments(): readonly string[] {
    const value = (this.#source.document.toJS() as { readonly environment?: unknown } | null)?.environment;
    return Array.isArray(value) ? value.map(String) : value ? [JSON.stringify(value)] : [];
  }

  /** All of `config` by qualified key, in the file's order. */
  config(): ReadonlyMap<string, ConfigData> {
    const config = ((this.#source.document.toJS() as { readonly config?: Record<string, ConfigData> | null } | null)
      ?.config ?? {}) as Record<string, ConfigData>;
    return new Map(Object.entries(config).map(([key, value]) => [qualifyKey(key, this.#project), value]));
  }

  /** Sets a value, at a path inside it where one is given. Throws a user error if something that is no object or list is in the way. */
  setConfig(key: string, value: ConfigData, path: PropertyPath = []): void {
    const { document } = this.#source;
    const name = this.nameInFile(key) ?? key;
    if (!isMap(document.get('config', true))) document.set('config', new YAMLMap());
    for (let depth = 1; depth <= path.length; depth += 1)
      this.#ensureContainer(['config', name, ...path.slice(0, depth - 1)], path[depth - 1]!);
    document.setIn(['config', name, ...path], document.createNode(value));
  }

  #ensureContainer(path: readonly (string | number)[], next: string | number): void {
    const { document } = this.#source;
    const node = document.getIn(path, true) as Node | undefined;
    const wanted = typeof next === 'number' ? 'list' : 'object';
    if (node === undefined || node === null || (isScalar(node) && node.value === null)) {
      document.setIn(path, document.createNode(typeof next === 'number' ? [] : {}));
    } else if (typeof next === 'number' ? !isSeq(node) : !isMap(node)) {
      throw userError(
        `Cannot set a value inside of ${path.slice(1).join('.')} as it is no ${wanted}. Remove it first.`,
        { place: this.place(path) },
      );
    } else if (isSeq(node) && typeof next === 'number' && next > node.items.length) {
      throw userError(
        `Cannot set element ${next} of ${path.slice(1).join('.')} as it has only ${node.items.length}. Add at the end.`,
        { place: this.place(path) },
      );
    }
  }

  /** Removes a value. False if there was none. */
  removeConfig(key: string, path: PropertyPath = []): boolean {
    const name = this.nameInFile(key);
    if (name === undefined) return false;
    const removed = this.#source.document.deleteIn(['config', name, ...path]);
    const config = this.#source.document.get('config', true);
    if (isMap(config) && config.items.length === 0) this.#source.document.delete('config');
    return removed;
  }

  /** The key as the file has it: with or without the project's namespace. */
  nameInFile(key: string): string | undefined {
    const config = this.#source.document.get('config', true);
    if (!isMap(config)) return undefined;
    const names = config.items.map((item) => String(isScalar(item.key) ? item.key.value : item.key));
    return names.find((name) => qualifyKey(name, this.#project) === key);
  }

  /** The file's text as it would be saved. */
  toString(): string {
    const { document, text } = this.#source;
    const { contents } = document;
    if (contents === null || (isMap(contents) && contents.items.length === 0)) return '{}\n';
    return text === '' ? document.toString({ lineWidth: 0 }) : keepLayout(text, document);
  }

  /** Writes the file, as a whole or not at all. */
  async save(): Promise<void> {
    await writeWhole(this.path, this.toString()).catch((cause: unknown) => {
      throw userError(
        `Cannot save the stack’s settings: ${messageOf(cause)}. Correct that, and give the command again: the file is as it was.`,
        { place: { file: this.path }, cause },
      );
    });
  }
}
