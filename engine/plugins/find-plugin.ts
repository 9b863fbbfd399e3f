import { access, constants, readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import semver from 'semver';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import { describeRequest, type PluginRequest, type ProjectPlugin } from './plugin-request.ts';

/** Where a provider is and how it is run. */
export type FoundPlugin =
  /** A process that already listens (PULUMI_DEBUG_PROVIDERS). */
  | { readonly kind: 'attach'; readonly port: number }
  /** An executable plugin. */
  | { readonly kind: 'executable'; readonly path: string }
  /** A folder with PulumiPlugin.yaml whose code a language runtime runs. */
  | { readonly kind: 'source'; readonly directory: string }
  /** The dynamic provider of the Node SDK: a script for node. */
  | { readonly kind: 'dynamic'; readonly script: string }
  /** A TypeScript provider of this repository (`ProviderModule`), run in process. */
  | { readonly kind: 'module'; readonly path: string; readonly sandbox: boolean };

export interface FindOptions {
  readonly environment: Environment;
  readonly projectPlugins: readonly ProjectPlugin[];
  /** Where the program is: the dynamic provider comes from its SDK. */
  readonly programDirectory: string;
  /** The stack asks for the sandbox. */
  readonly sandbox: boolean;
  /** Where `<package>/provider.ts` are looked for. Default: this repository's. */
  readonly providersDirectory?: string;
  readonly warn: (message: string) => void;
}

/** Providers whose code is part of the program (`pulumi-python` and others are not run here). */
export const dynamicPackage = 'pulumi-nodejs';

const ownProviders = fileURLToPath(new URL('../../providers/', import.meta.url));

/**
 * Finds the provider of a package. The order is that of the official engine (sdk/go/common/workspace/plugins.go,
 * getPluginInfoAndPath): Pulumi.yaml, PULUMI_DEBUG_PROVIDERS, PATH, PULUMI_HOME/plugins; then the providers of this repository. In a
 * sandbox stack it is the sandbox for all but dynamic resources. Rejects with a user error that names package, version and ways out.
 */
export async function findPlugin(request: PluginRequest, options: FindOptions): Promise<FoundPlugin> {
  if (request.package === dynamicPackage) return findDynamicProvider(options.programDirectory);
  if (options.sandbox) return (await findOwn('sandbox', options, true)) ?? notFound(request, options);
  return (
    findAttached(request, options.environment) ??
    (await findProjectPlugin(request, options)) ??
    (await findOnPath(request, options)) ??
    (await findInstalled(request, options)) ??
    (await findOwn(request.package, options, false)) ??
    notFound(request, options)
  );
}

function findDynamicProvider(programDirectory: string): FoundPlugin {
  try {
    const require = createRequire(join(programDirectory, 'package.json'));
    return { kind: 'dynamic', script: require.resolve('@pulumi/pulumi/cmd/dynamic-provider') };
  } catch (error) {
    throw userError(
      `Cannot run dynamic resources as the program has no @pulumi/pulumi: ${programDirectory}. Install its dependencies.`,
      { cause: error },
    );
  }
}

/** `name:port` pairs, separated by commas (GetProviderAttachPort in pkg/resource/plugin/provider_plugin.go). */
function findAttached(request: PluginRequest, environment: Environment): FoundPlugin | undefined {
  const setting = new EnvironmentReader(environment).text('PULUMI_DEBUG_PROVIDERS', '');
  for (const entry of setting.split(',').filter(Boolean)) {
    const [name, port = ''] = entry.trim().split(':');
    if (name !== request.package) continue;
    if (/^\d{1,5}$/.test(port)) return { kind: 'attach', port: Number(port) };
    throw userError(
      `Cannot attach to a provider as PULUMI_DEBUG_PROVIDERS holds no port: ${JSON.stringify(entry)}. Write name:port.`,
    );
  }
  return undefined;
}

async function findProjectPlugin(request: PluginRequest, options: FindOptions): Promise<FoundPlugin | undefined> {
  // Those of this repository are for engines that do not know them: here they come in their place, in process.
  const named = options.projectPlugins.filter(({ name, path }) => name === request.package && !isOwn(path));
  for (const plugin of named) {
    if (plugin.version !== '' && request.version !== '' && !sameVersion(plugin.version, request.version)) {
      options.warn(
        `Project plugin ${plugin.name} with version ${plugin.version} is incompatible with requested version ${request.version}.`,
      );
      continue;
    }
    const found = await inDirectory(plugin.path, request.package);
    if (found !== undefined) return found;
    throw userError(
      `Cannot use the plugin that Pulumi.yaml names as there is neither ${executableName(plugin.name)} nor ` +
        `PulumiPlugin.yaml in it: ${plugin.path}. Correct plugins.providers or build the plugin.`,
    );
  }
  return undefined;
}

function isOwn(path: string): boolean {
  return path.startsWith(ownProviders) || `${path}${sep}`.endsWith(join('providers', 'sandbox', 'bin', sep));
}

function sameVersion(a: string, b: string): boolean {
  return semver.valid(a) !== null && semver.valid(b) !== null ? semver.compareBuild(a, b) === 0 : a === b;
}

export function executableName(name: string): string {
  return `pulumi-resource-${name}`;
}

async function inDirectory(directory: string, name: string): Promise<FoundPlugin | undefined> {
  const path = join(directory, executableName(name));
  if (await isExecutable(path)) return { kind: 'executable', path };
  return (await isFile(join(directory, 'PulumiPlugin.yaml'))) ? { kind: 'source', directory } : undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  if (!(await isFile(path))) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

async function findOnPath(request: PluginRequest, options: FindOptions): Promise<FoundPlugin | undefined> {
  const reader = new EnvironmentReader(options.environment);
  if (reader.flag('PULUMI_IGNORE_AMBIENT_PLUGINS', false)) return undefined;
  for (const directory of reader.text('PATH', '').split(delimiter).filter(Boolean)) {
    const path = join(directory, executableName(request.package));
    if (!(await isExecutable(path))) continue;
    options.warn(`using ${executableName(request.package)} from $PATH at ${path}`);
    return { kind: 'executable', path };
  }
  return undefined;
}

/** PULUMI_HOME, or `.pulumi` in the home folder. */
export function pulumiHome(environment: Environment): string {
  const reader = new EnvironmentReader(environment);
  return reader.text('PULUMI_HOME') ?? join(reader.text('HOME', homedir()), '.pulumi');
}

async function findInstalled(request: PluginRequest, options: FindOptions): Promise<FoundPlugin | undefined> {
  const home = join(pulumiHome(options.environment), 'plugins');
  const entries = new Set(await readdir(home).catch(() => []));
  const prefix = `resource-${request.package}-v`;
  const versions = [...entries]
    // A ".partial" file beside the folder says that the download did not finish. (A ".lock" stays after a finished one.)
    .filter((name) => name.startsWith(prefix) && !entries.has(`${name}.partial`))
    .map((name) => name.slice(prefix.length))
    .filter((version) => semver.valid(version) !== null)
    .filter((version) => request.version === '' || sameVersion(version, request.version))
    .sort(semver.rcompare);
  for (const version of versions) {
    const found = await inDirectory(join(home, `${prefix}${version}`), request.package);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function findOwn(name: string, options: FindOptions, sandbox: boolean): Promise<FoundPlugin | undefined> {
  // The sandbox is only for stacks that ask for it, never the provider of a package that happens to be called so.
  if (!sandbox && (name === 'sandbox' || !/^[a-z0-9][a-z0-9-]*$/.test(name))) return undefined;
  const path = join(options.providersDirectory ?? ownProviders, name, 'provider.ts');
  return (await isFile(path)) ? { kind: 'module', path, sandbox } : undefined;
}

function notFound(request: PluginRequest, options: FindOptions): never {
  const version = request.version === '' ? '' : `-v${request.version}`;
  const from = request.downloadUrl === '' ? '' : ` (it comes from ${request.downloadUrl})`;
  throw userError(
    `Cannot manage resources of the package ${request.package} as no provider for it was found: ${describeRequest(request)}${from}. ` +
      `Install the official plugin into ${join(pulumiHome(options.environment), 'plugins', `resource-${request.package}${version}`)} ` +
      `(pulumi plugin install resource ${describeRequest(request)}${request.downloadUrl === '' ? '' : ` --server ${request.downloadUrl}`}), or put ${executableName(request.package)} on the PATH, ` +
      'or let the sandbox stand in for it with the setting mainstay:sandbox: "true".',
  );
}
