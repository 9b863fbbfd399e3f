import { existsSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import { type ConfigType, configTypeNames, isOfType, typeName } from './config-type.ts';
import { type ProvidedPlugin, projectPluginsOf } from './project-plugins.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** A value that the project declares: its type, default or fixed value (Pulumi.yaml, `config`). */
export interface ConfigDeclaration {
  readonly type: string | undefined;
  /** Of a list: the type of what is in it. */
  readonly items: ConfigType | undefined;
  readonly secret: boolean;
  readonly default: unknown;
  /** Given in place of a default: a stack cannot leave it out. */
  readonly value: unknown;
  readonly hasDefault: boolean;
}

/** What the engine uses of Pulumi.yaml (https://www.pulumi.com/docs/iac/concepts/projects/project-file/). */
export interface Project {
  readonly name: string;
  readonly runtime: string;
  readonly runtimeOptions: Readonly<Record<string, unknown>>;
  readonly description: string | undefined;
  readonly main: string | undefined;
  /** Folder of stack files; relative ones start at the project's. */
  readonly stackConfigDirectory: string;
  readonly backendUrl: string | undefined;
  readonly config: Readonly<Record<string, ConfigDeclaration>>;
  /** `options.refresh: always`: every preview, update and destroy refreshes first, unless it is told otherwise. */
  readonly refreshAlways: boolean;
  /** A range of versions. */
  readonly requiredPulumiVersion: string | undefined;
  /** Providers that the project brings itself. */
  readonly plugins: readonly ProvidedPlugin[];
  /** Absolute path of Pulumi.yaml. */
  readonly file: string;
  /** Where Pulumi.yaml is. */
  readonly directory: string;
}

const FILE_NAMES = ['Pulumi.yaml', 'Pulumi.yml', 'Pulumi.json'] as const;
const KNOWN_KEYS = new Set([
  ...[
    'name',
    'runtime',
    'description',
    'author',
    'website',
    'license',
    'main',
    'config',
    'stackConfigDir',
    'template',
    'backend',
  ],
  ...['options', 'plugins', 'packages', 'resources', 'outputs', 'variables', 'requiredPulumiVersion'],
]);

/** The nearest Pulumi.yaml at or above the directory; undefined if there is none. */
export function findProjectFile(directory: string): string | undefined {
  for (let current = directory; ; current = dirname(current)) {
    const found = FILE_NAMES.map((name) => join(current, name)).find((file) => existsSync(file));
    if (found !== undefined) return found;
    if (dirname(current) === current) return undefined;
  }
}

/** Reads the project at or above the directory. Throws a user error with place for anything missing, unknown or of a wrong kind. */
export async function readProject(directory: string): Promise<Project> {
  const file = findProjectFile(directory);
  const source = file === undefined ? undefined : await readYaml(file);
  if (file === undefined || !source) {
    throw userError(
      `no Pulumi.yaml project file found (searching upwards from ${directory}). Change to a project's folder, or make one.`,
    );
  }
  const content = (source.document.toJS() ?? {}) as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(content)) {
    if (!KNOWN_KEYS.has(key))
      throw userError(
        `Cannot read the project as it has an unknown key: ${JSON.stringify(key)}. Known are ${[...KNOWN_KEYS].join(', ')}.`,
        { place: source.place([key]) },
      );
  }
  const { runtime, options } = runtimeOf(content.runtime, source);
  return {
    name: projectName(content.name, source),
    runtime,
    runtimeOptions: options,
    description: optionalText(content.description, { key: 'description', source }),
    main: optionalText(content.main, { key: 'main', source }),
    stackConfigDirectory:
      optionalText(content.stackConfigDir, { key: 'stackConfigDir', source }) ??
      // The older way to say it.
      (typeof content.config === 'string' ? content.config : ''),
    backendUrl: optionalText((content.backend as { readonly url?: unknown } | undefined)?.url, {
      key: 'backend',
      source,
    }),
    config: declarationsOf(content.config, source),
    refreshAlways: refreshAlways(content.options, source),
    requiredPulumiVersion: optionalText(content.requiredPulumiVersion, { key: 'requiredPulumiVersion', source }),
    plugins: projectPluginsOf(content, { source, directory: dirname(file) }),
    file,
    directory: dirname(file),
  };
}

function refreshAlways(options: unknown, source: YamlSource): boolean {
  const { refresh, ...others } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined || (refresh !== undefined && refresh !== 'always'))
    throw userError(
      `Cannot read the project as its options hold something that is not known: ${JSON.stringify(options)}. The only one is \`refresh: always\`.`,
      { place: source.place(['options', unknown ?? 'refresh']) },
    );
  return refresh === 'always';
}

interface KeyPlace {
  readonly key: string;
  readonly source: YamlSource;
}

/** It becomes part of paths and URNs (sdk/go/common/tokens, project names). */
function projectName(value: unknown, source: YamlSource): string {
  const name = requiredText(value, { key: 'name', source });
  if (/^[A-Za-z0-9_.-]{1,100}$/.test(name)) return name;
  throw userError(
    `Cannot read the project as its name is not one: ${JSON.stringify(name)}. Use up to 100 letters, digits, hyphens, underscores and dots.`,
    { place: source.place(['name']) },
  );
}

function requiredText(value: unknown, { key, source }: KeyPlace): string {
  if (typeof value === 'string' && value !== '') return value;
  const given = value === undefined || value === null ? '' : `: ${JSON.stringify(value)}`;
  throw userError(`Cannot read the project as it has no ${key}${given}. Add \`${key}:\` with a text.`, {
    place: source.place([key]),
  });
}

function optionalText(value: unknown, { key, source }: KeyPlace): string | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw userError(`Cannot read the project as ${key} is not a text: ${JSON.stringify(value)}. Correct it.`, {
    place: source.place([key]),
  });
}

function runtimeOf(
  value: unknown,
  source: YamlSource,
): { readonly runtime: string; readonly options: Readonly<Record<string, unknown>> } {
  if (typeof value === 'string') return { runtime: value, options: {} };
  const { name, options } = (value ?? {}) as {
    readonly name?: unknown;
    readonly options?: Readonly<Record<string, unknown>>;
  };
  return { runtime: requiredText(name, { key: 'runtime', source }), options: options ?? {} };
}

/** A declaration is an object with `type`, `default`, `value`, `secret`, or a bare value. */
function declarationsOf(value: unknown, source: YamlSource): Project['config'] {
  if (value === undefined || value === null || typeof value === 'string') return {};
  if (typeof value !== 'object')
    throw userError('Cannot read the project as config is not a mapping. Correct it.', {
      place: source.place(['config']),
    });
  const name = String(source.document.get('name'));
  return Object.fromEntries(
    Object.entries(value).map(([key, declared]) => {
      const fail = failAt(source, key);
      const declaration = declarationOf(declared, fail);
      checkDeclaration(declaration, { isOwn: !key.includes(':') || key.startsWith(`${name}:`), fail });
      return [key, declaration];
    }),
  );
}

function failAt(source: YamlSource, key: string): (why: string) => never {
  return (why) => {
    throw userError(`Cannot read the project as the configuration key '${key}' ${why}. Correct it.`, {
      place: source.place(['config', key]),
    });
  };
}

function declarationOf(declared: unknown, fail: (why: string) => never): ConfigDeclaration {
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) {
    return { type: undefined, items: undefined, secret: false, default: undefined, value: declared, hasDefault: false };
  }
  const {
    type,
    items,
    secret,
    default: fallback,
    value,
  } = declared as {
    readonly type?: unknown;
    readonly items?: unknown;
    readonly secret?: unknown;
    readonly default?: unknown;
    readonly value?: unknown;
  };
  return {
    type: type === undefined ? undefined : typeOf(type, fail),
    items: items === undefined ? undefined : itemsOf(items, fail),
    secret: secret === true,
    default: fallback,
    value,
    hasDefault: fallback !== undefined,
  };
}

function typeOf(type: unknown, fail: (why: string) => never): string {
  const known: readonly unknown[] = configTypeNames;
  return known.includes(type)
    ? (type as string)
    : fail(`has an unknown type, ${JSON.stringify(type)}: use ${known.join(', ')}`);
}

function itemsOf(declared: unknown, fail: (why: string) => never): ConfigType {
  const { type, items } = (declared ?? {}) as { readonly type?: unknown; readonly items?: unknown };
  return { type: typeOf(type, fail), items: items === undefined ? undefined : itemsOf(items, fail) };
}

/** The rules of sdk/go/common/workspace/project.go, `Validate`: types and defaults are for the project's own keys, others have a value. */
function checkDeclaration(
  { type, items, default: fallback, value }: ConfigDeclaration,
  { isOwn, fail }: { readonly isOwn: boolean; readonly fail: (why: string) => never },
): void {
  const hasValue = value !== undefined && value !== null;
  if (fallback !== undefined && hasValue) fail("has both a 'default' and a 'value'");
  if (isOwn) {
    if (type === 'array' && items === undefined) fail("is an array and does not say of what: it has no 'items'");
    if (type !== undefined && fallback !== undefined && !isOfType(fallback, { type, items }))
      fail(`has a default that is not of the type '${typeName({ type, items })}'`);
    return;
  }
  if (type !== undefined) fail("does not belong to the project and cannot have a 'type'");
  if (fallback !== undefined) fail("does not belong to the project and cannot have a 'default': use 'value'");
  if (!hasValue) fail("does not belong to the project and has no 'value'");
}

/** Where the program runs and what is run there: `main` may be a folder or a file (sdk/go/common/workspace, `GetPwdMain`). */
export function programOf(project: Project): { readonly directory: string; readonly entryPoint: string } {
  if (project.main === undefined) return { directory: project.directory, entryPoint: '.' };
  // The Automation API writes an absolute path for inline programs.
  const path = resolve(project.directory, project.main);
  if (!existsSync(path))
    throw userError(`Cannot find the program: ${JSON.stringify(project.main)}. Correct \`main\`.`, {
      place: { file: project.file },
    });
  return statSync(path).isDirectory()
    ? { directory: path, entryPoint: '.' }
    : { directory: dirname(path), entryPoint: project.main.split('/').at(-1)! };
}

/** The stack's settings file: it ends as the project's file does, as the official CLI has it. It need not exist. */
export function stackFilePath(project: Project, stack: string): string {
  return join(project.directory, project.stackConfigDirectory, `Pulumi.${stack}${extname(project.file)}`);
}
