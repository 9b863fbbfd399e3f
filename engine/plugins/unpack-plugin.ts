import { chmod, cp, mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, userError } from '../../foundation/errors.ts';
import type { PluginIdentity } from './download-plugin.ts';

/** What is unpacked or copied, and for which plugin. */
export interface PluginContent {
  readonly plugin: PluginIdentity;
  /** A folder, an executable, or a tar archive, compressed with gzip or not. */
  readonly source: string;
  /** PULUMI_HOME/plugins. */
  readonly plugins: string;
}

/** Folder name of an installed plugin (sdk/go/common/workspace/plugins.go, Dir). */
export function pluginFolder({ kind, name, version }: PluginIdentity): string {
  return `${kind}-${name}-v${version}`;
}

/**
 * Puts a plugin in its place, or nothing: what is unfinished has a mark beside it, and is not used by either engine. Resolves to its folder. Throws a user error
 * for a content that is not this plugin.
 */
export async function installPluginContent({ plugin, source, plugins }: PluginContent): Promise<string> {
  const target = join(plugins, pluginFolder(plugin));
  await mkdir(plugins, { recursive: true });
  await writeFile(`${target}.partial`, '');
  try {
    await rm(target, { recursive: true, force: true });
    await mkdir(target);
    await fill(target, source, plugin);
    await checkContent(target, source, plugin);
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    await rm(`${target}.partial`, { force: true });
    throw error;
  }
  await rm(`${target}.partial`);
  return target;
}

async function fill(target: string, source: string, plugin: PluginIdentity): Promise<void> {
  const info = await stat(source).catch((cause: unknown) => {
    throw userError(`Cannot install the plugin as it cannot be read: ${messageOf(cause)}. Correct --file.`, { cause });
  });
  if (info.isDirectory()) await cp(source, target, { recursive: true });
  else if (await isArchive(source)) await unpack(target, source);
  else if ((info.mode & 0o100) !== 0) await cp(source, join(target, executableName(plugin)));
  else
    throw userError(
      `Cannot install the plugin as the file is neither an archive nor executable: ${source}. Give a .tar.gz, a folder or an executable.`,
    );
}

function executableName({ kind, name }: PluginIdentity): string {
  return `pulumi-${kind}-${name}${process.platform === 'win32' ? '.exe' : ''}`;
}

/** gzip by its first bytes, tar by the word in its first header. */
async function isArchive(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(262), 0, 262, 0);
    const gzip = buffer[0] === 0x1f && buffer[1] === 0x8b;
    return gzip || (bytesRead === 262 && buffer.toString('latin1', 257, 262) === 'ustar');
  } finally {
    await handle.close();
  }
}

/** What would be written outside of the folder, and every other oddity, is an error and no warning. */
async function unpack(target: string, file: string): Promise<void> {
  const { extract } = await import('tar');
  try {
    await extract({ file, cwd: target, strict: true, preserveOwner: false });
  } catch (cause) {
    throw userError(
      `Cannot unpack the plugin as its archive is damaged or unsafe: ${messageOf(cause)} (${file}). Get it anew.`,
      {
        cause,
      },
    );
  }
}

async function checkContent(target: string, source: string, plugin: PluginIdentity): Promise<void> {
  const executable = join(target, executableName(plugin));
  const isFile = (path: string) =>
    stat(path).then(
      (info) => info.isFile(),
      () => false,
    );
  if (await isFile(executable)) await chmod(executable, 0o755);
  else if (!(await isFile(join(target, 'PulumiPlugin.yaml'))))
    throw userError(
      `Cannot install the plugin as it holds neither ${executableName(plugin)} nor PulumiPlugin.yaml: ${source}. Give the plugin ${plugin.kind} ${plugin.name}.`,
    );
}
