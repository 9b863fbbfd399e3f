import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** A value that the project declares: its type, default or fixed value (Pulumi.yaml, `config`). */
export interface ConfigDeclaration {
  readonly type: string | undefined;
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
  /** Provider plugins with a path of their own: package name to path. */
  readonly pluginPaths: Readonly<Record<string, string>>;
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
    name: requiredText(content.name, { key: 'name', source }),
    runtime,
    runtimeOptions: options,
    description: optionalText(content.description, { key: 'description', source }),
    main: optionalText(content.main, { key: 'main', source }),
    stackConfigDirectory: optionalText(content.stackConfigDir, { key: 'stackConfigDir', source }) ?? '',
    backendUrl: optionalText((content.backend as { readonly url?: unknown } | undefined)?.url, {
      key: 'backend',
      source,
    }),
    config: declarationsOf(content.config, source),
    pluginPaths: pluginPathsOf(content.plugins),
    file,
    directory: dirname(file),
  };
}

interface KeyPlace {
  readonly key: string;
  readonly source: YamlSource;
}

function requiredText(value: unknown, { key, source }: KeyPlace): string {
  if (typeof value === 'string' && value !== '') return value;
  throw userError(
    `Cannot read the project as it has no ${key}: ${JSON.stringify(value ?? null)}. Add \`${key}:\` with a text.`,
    { place: source.place([key]) },
  );
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
  return Object.fromEntries(Object.entries(value).map(([key, declared]) => [key, declarationOf(declared)]));
}

function declarationOf(declared: unknown): ConfigDeclaration {
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) {
    return { type: undefined, secret: false, default: undefined, value: declared, hasDefault: false };
  }
  const {
    type,
    secret,
    default: fallback,
    value,
  } = declared as {
    readonly type?: string;
    readonly secret?: boolean;
    readonly default?: unknown;
    readonly value?: unknown;
  };
  return { type, secret: secret === true, default: fallback, value, hasDefault: fallback !== undefined };
}

function pluginPathsOf(plugins: unknown): Readonly<Record<string, string>> {
  const providers =
    (plugins as { readonly providers?: readonly { readonly name?: string; readonly path?: string }[] } | undefined)
      ?.providers ?? [];
  return Object.fromEntries(providers.flatMap(({ name, path }) => (name && path ? [[name, path]] : [])));
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

/** The stack's settings file. It need not exist. */
export function stackFilePath(project: Project, stack: string): string {
  const ending = project.file.endsWith('.json') ? '.json' : '.yaml';
  return join(project.directory, project.stackConfigDirectory, `Pulumi.${stack}${ending}`);
}
