import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../foundation/errors.ts';

/** A plugin in PULUMI_HOME/plugins. Times are RFC 3339. */
export interface InstalledPlugin {
  readonly name: string;
  readonly kind: string;
  readonly version: string;
  readonly size: number;
  readonly installTime: string;
  readonly lastUsedTime: string;
  readonly directory: string;
}

/** What plugins there are (sdk/go/common/apitype/plugins.go). */
export const pluginKinds: readonly string[] = ['resource', 'language', 'analyzer', 'converter', 'tool'];

const folderName = new RegExp(`^(${pluginKinds.join('|')})-(.+)-v(\\d+\\.\\d+\\.\\d+.*)$`);

/** Every finished plugin folder, `<kind>-<name>-v<version>` (sdk/go/common/workspace/plugins.go). */
export async function installedPlugins(home: string): Promise<readonly InstalledPlugin[]> {
  const root = join(home, 'plugins');
  const names = await readdir(root).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [] as string[];
    throw error;
  });
  const partial = new Set(
    names.filter((name) => name.endsWith('.partial')).map((name) => name.slice(0, -'.partial'.length)),
  );
  const plugins: InstalledPlugin[] = [];
  for (const entry of names.sort()) {
    const match = folderName.exec(entry);
    if (!match || partial.has(entry)) continue;
    const directory = join(root, entry);
    const info = await stat(directory);
    if (!info.isDirectory()) continue;
    plugins.push({
      kind: match[1]!,
      name: match[2]!,
      version: match[3]!,
      size: await sizeOf(directory),
      installTime: info.birthtime.toISOString(),
      lastUsedTime: info.atime.toISOString(),
      directory,
    });
  }
  return plugins;
}

/** Deletes a plugin and the marks beside it. */
export async function removeInstalledPlugin(plugin: InstalledPlugin): Promise<void> {
  await rm(plugin.directory, { recursive: true, force: true });
  for (const ending of ['.partial', '.lock']) await rm(`${plugin.directory}${ending}`, { force: true });
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
  return (await Promise.all(files)).reduce((sum, { size }) => sum + size, 0);
}
