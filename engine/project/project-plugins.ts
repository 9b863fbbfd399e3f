import { resolve } from 'node:path';
import semver from 'semver';
import { userError } from '../../foundation/errors.ts';
import type { YamlSource } from './yaml-source.ts';

/** A provider that the project brings itself: it comes before any that is installed. */
export interface ProvidedPlugin {
  /** The package. */
  readonly name: string;
  /** Absolute path of its folder. */
  readonly path: string;
  /** '' : any. */
  readonly version: string;
}

/**
 * `plugins.providers` of Pulumi.yaml, then the `packages` that are folders (pkg/resource/plugin/host.go, projectPluginsFromProject; packages from
 * elsewhere are installed before a program runs). Throws a user error with place for what is wrong or needs another engine.
 */
export function projectPluginsOf(
  { plugins, packages }: Readonly<Record<string, unknown>>,
  context: { readonly source: YamlSource; readonly directory: string },
): readonly ProvidedPlugin[] {
  return [...pluginsOf(plugins, context), ...packagesOf(packages, context)];
}

interface Context {
  readonly source: YamlSource;
  readonly directory: string;
}

function pluginsOf(plugins: unknown, { source, directory }: Context): readonly ProvidedPlugin[] {
  if (plugins === undefined || plugins === null) return [];
  const { providers = [], ...others } = plugins as Readonly<Record<string, unknown>>;
  for (const [key, list] of Object.entries(others)) {
    if (!Array.isArray(list) || list.length > 0)
      throw userError(
        `Cannot use plugins.${key} as the embedded engine brings its own. Remove it, or use the official Pulumi CLI.`,
        { place: source.place(['plugins', key]) },
      );
  }
  if (!Array.isArray(providers)) throw wrong(source, ['plugins', 'providers'], 'it is not a list');
  return providers.map((entry: unknown, index) => {
    const place = ['plugins', 'providers', index];
    const { name, path, version = '' } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof name !== 'string' || name === '') throw wrong(source, place, 'it has no name');
    if (typeof path !== 'string' || path === '') throw wrong(source, place, `${name} has no path`);
    if (typeof version !== 'string' || (version !== '' && semver.valid(version) === null))
      throw wrong(source, place, `the version of ${name} is none, ${JSON.stringify(version)}`);
    return { name, path: resolve(directory, path), version };
  });
}

function wrong(source: YamlSource, path: readonly (string | number)[], why: string): Error {
  return userError(`Cannot use the plugins of the project as ${why}. Correct it.`, { place: source.place(path) });
}

/** A package is its source, or an object that has one. */
function packagesOf(packages: unknown, { source, directory }: Context): readonly ProvidedPlugin[] {
  if (packages === undefined || packages === null) return [];
  if (typeof packages !== 'object' || Array.isArray(packages))
    throw wrong(source, ['packages'], 'packages is not a mapping of names to sources');
  return Object.entries(packages).flatMap(([name, entry]: readonly [string, unknown]) => {
    const from = typeof entry === 'object' && entry !== null ? (entry as { readonly source?: unknown }).source : entry;
    if (typeof from !== 'string') throw wrong(source, ['packages', name], `the package ${name} has no source`);
    return /^(\.\.|\.\/|\/)/.test(from) ? [{ name, path: resolve(directory, from), version: '' }] : [];
  });
}
