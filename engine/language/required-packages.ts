import type { Dirent } from 'node:fs';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { type DiskCache, openDiskCache } from './disk-cache.ts';

/** A provider's SDK that is installed for a program: what the `pulumi` part of its package.json says. */
export interface InstalledSdk {
  /** The plugin. */
  readonly name: string;
  /** Of the plugin, as it is written there. */
  readonly version: string;
  /** '' : the usual one. */
  readonly downloadUrl: string;
  /** `value` in base64. */
  readonly parameterization?: { readonly name: string; readonly version: string; readonly value: string };
  /** Its package.json. */
  readonly file: string;
}

/**
 * The SDKs of provider packages below a program's directory, those inside of other packages too, as the official language host finds them
 * (sdk/nodejs/cmd/pulumi-language-nodejs, GetRequiredPackages; it also reads a package.json that is deeper in a package than its root).
 * What cannot be read is left out, as there. The result is kept on disk for as long as nothing is installed anew.
 */
export async function installedSdks(
  programDirectory: string,
  cache: DiskCache = openDiskCache(cacheDirectory('packages')),
): Promise<readonly InstalledSdk[]> {
  const root = await realpath(programDirectory).catch(() => programDirectory);
  const known = readEntry(cache.get(root));
  if (known !== undefined) return known;
  const search = new Search();
  await search.sources(root);
  cache.set(root, JSON.stringify({ stamps: search.stamps, found: search.found }));
  return search.found;
}

interface CacheEntry {
  readonly stamps: Readonly<Record<string, string>>;
  readonly found: readonly InstalledSdk[];
}

function readEntry(text: string | undefined): readonly InstalledSdk[] | undefined {
  if (text === undefined) return undefined;
  const { stamps, found } = JSON.parse(text) as CacheEntry;
  return Object.entries(stamps).every(([path, stamp]) => stampOf(path) === stamp) ? found : undefined;
}

/** Changes when the directory gets or loses an entry, or the file is written. */
function stampOf(path: string): string {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry === undefined ? '' : `${entry.ino}:${entry.mtimeMs}:${entry.isFile() ? entry.size : ''}`;
}

/** What package managers write whenever they have installed something, however deep. */
const installRecords = ['.package-lock.json', '.modules.yaml', '.yarn-integrity', '.yarn-state.yml'];
const policyPackFiles = ['PulumiPolicy.yaml', 'PulumiPolicy.json'];

/** One walk through directories. */
class Search {
  readonly found: InstalledSdk[] = [];
  readonly stamps: Record<string, string> = {};
  readonly #visited = new Set<string>();

  /** A directory of the program's own: every directory below it may have node_modules. */
  async sources(directory: string): Promise<void> {
    const entries = await this.#enter(directory);
    const directories = entries.filter((entry) => isDirectory(directory, entry) && entry.name !== '.git');
    for (const { name } of directories) {
      const child = join(directory, name);
      if (name === 'node_modules') await this.packages(child);
      else if (!isPolicyPack(child)) await this.sources(child);
    }
  }

  /** A node_modules, a scope in it, or the store of pnpm: directories of packages. */
  async packages(directory: string): Promise<void> {
    const entries = await this.#enter(directory);
    for (const name of installRecords) if (entries.some((entry) => entry.name === name)) this.#stamp(directory, name);
    const directories = entries.filter((entry) => isDirectory(directory, entry));
    await Promise.all(
      directories.map(({ name }) => {
        const child = join(directory, name);
        if (name.startsWith('@') || name === '.pnpm') return this.packages(child);
        return name.startsWith('.') ? undefined : this.#package(child);
      }),
    );
  }

  async #package(link: string): Promise<void> {
    const directory = await realpath(link).catch(() => link);
    if (this.#visited.has(directory) || isPolicyPack(directory)) return;
    this.#visited.add(directory);
    const file = join(directory, 'package.json');
    const sdk = sdkOf(await readFile(file, 'utf8').catch(() => ''), file);
    if (sdk !== undefined) this.found.push(sdk);
    // What is linked from elsewhere is changed in place.
    if (sdk !== undefined || !directory.includes('node_modules')) this.#stamp(directory, 'package.json');
    const inner = join(directory, 'node_modules');
    if (existsSync(inner)) await this.packages(inner);
  }

  async #enter(link: string): Promise<readonly Dirent[]> {
    const directory = await realpath(link).catch(() => link);
    if (this.#visited.has(directory)) return [];
    this.#visited.add(directory);
    // Before it is read: what changes meanwhile is then looked at again.
    this.stamps[directory] = stampOf(directory);
    return readdir(directory, { withFileTypes: true }).catch(() => []);
  }

  #stamp(directory: string, name: string): void {
    const path = join(directory, name);
    this.stamps[path] = stampOf(path);
  }
}

function isDirectory(directory: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(directory, entry.name), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** What a policy pack needs is not needed by the program. */
function isPolicyPack(directory: string): boolean {
  return policyPackFiles.some((name) => existsSync(join(directory, name)));
}

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly pulumi?: {
    readonly resource?: boolean;
    readonly name?: string;
    readonly version?: string;
    readonly server?: string;
    readonly parameterization?: InstalledSdk['parameterization'];
    readonly extensionParameterization?: unknown;
  };
}

/** An extension has no provider of its own: its resources name the package that they need. */
function sdkOf(text: string, file: string): InstalledSdk | undefined {
  if (!text.includes('"pulumi"')) return undefined;
  const { name = '', version = '', pulumi } = parsed(text);
  if (pulumi?.resource !== true || pulumi.extensionParameterization) return undefined;
  const plugin = pulumi.name || (name.startsWith('@pulumi/') ? basename(name) : '');
  const pluginVersion = pulumi.version || version;
  if (plugin === '' || pluginVersion === '') return undefined;
  const { server = '', parameterization } = pulumi;
  return {
    name: plugin,
    version: pluginVersion,
    downloadUrl: server,
    ...(parameterization && { parameterization }),
    file,
  };
}

function parsed(text: string): PackageFile {
  try {
    return (JSON.parse(text) ?? {}) as PackageFile;
  } catch {
    return {};
  }
}
