import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import semver from 'semver';
import {
  downloadPlugin,
  officialAddresses,
  overriddenServer,
  type PluginIdentity,
} from '../plugins/download-plugin.ts';
import { pulumiHome } from '../plugins/find-plugin.ts';
import { installPluginContent } from '../plugins/unpack-plugin.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import { installedPlugins, pluginKinds } from './installed-plugins.ts';

/** `pulumi plugin install`: from a server that is named, or from a file. */
export const pluginInstall: Command = {
  name: 'install',
  summary: 'Install a plugin from a server, an archive, a folder or an executable',
  usage: '<kind> <name> <version>',
  arguments: { minimum: 3, maximum: 3 },
  flags: [
    { name: 'server', kind: 'text', summary: 'The address to download from, as pluginDownloadURL has it' },
    { name: 'file', short: 'f', kind: 'text', summary: 'The archive, folder or executable to install' },
    { name: 'checksum', kind: 'text', summary: 'SHA-256 of the archive, in hexadecimal digits' },
    { name: 'reinstall', kind: 'boolean', summary: 'Install it although it is there' },
    { name: 'exact', kind: 'boolean', summary: 'Only this very version counts as installed' },
    { name: 'parallel', kind: 'integer', summary: '', unsupported: 'it installs one plugin at a time' },
  ],
  async run(context, args, flags) {
    const plugin = identityOf(args);
    const checksum = checksumOf(flags);
    if (!flags.boolean('reinstall') && (await isInstalled(context, plugin, flags))) return undefined;
    const source = sourceOf(context, plugin, flags);
    context.terminal.writeError(`[${plugin.kind} plugin ${plugin.name}-${plugin.version}] installing\n`);
    const plugins = join(pulumiHome(context.environment), 'plugins');
    if (source.kind === 'file') await installPluginContent({ plugin, source: source.path, plugins });
    else await installFromServer(context, { plugin, plugins, server: source.server, checksum });
    return undefined;
  },
};

function identityOf([kind = '', name = '', given = '']: readonly string[]): PluginIdentity {
  if (!pluginKinds.includes(kind))
    throw new CommandFailure(`unrecognized plugin kind: ${kind} (it is one of ${pluginKinds.join(', ')})`);
  // It becomes the name of a folder.
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) throw new CommandFailure(`invalid plugin name: ${JSON.stringify(name)}`);
  const version = semver.parse(given)?.version;
  if (version === undefined) throw new CommandFailure(`invalid plugin semver: ${JSON.stringify(given)}`);
  return { kind, name, version };
}

/** A newer version of the same major will do, unless `--exact`. */
async function isInstalled(context: CommandContext, wanted: PluginIdentity, flags: Flags): Promise<boolean> {
  const plugins = await installedPlugins(pulumiHome(context.environment));
  return plugins.some(({ kind, name, version }) => {
    if (kind !== wanted.kind || name !== wanted.name) return false;
    if (flags.boolean('exact')) return version === wanted.version;
    const valid = semver.valid(version) !== null;
    return valid && semver.major(version) === semver.major(wanted.version) && semver.gte(version, wanted.version);
  });
}

type Source = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'server'; readonly server: string };

function sourceOf(context: CommandContext, plugin: PluginIdentity, flags: Flags): Source {
  const [file, given] = [flags.text('file'), flags.text('server')];
  if (file !== undefined) {
    for (const flag of ['server', 'checksum'])
      if (flags.isSet(flag)) throw new CommandFailure(`cannot specify both --file and --${flag}`);
    return { kind: 'file', path: resolve(context.directory, file) };
  }
  const addresses = given === undefined ? officialAddresses(plugin) : [given];
  const server = overriddenServer(addresses, context.environment) ?? given;
  if (server !== undefined) return { kind: 'server', server };
  const { kind, name, version } = plugin;
  throw new CommandFailure(
    `Cannot install the plugin as the embedded engine downloads only from a server that is named: ${kind} ${name} ${version}. ` +
      `Name one with --server (https://get.pulumi.com/releases/plugins has Pulumi's own) or in PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES, give an archive or folder with --file, or put pulumi-${kind}-${name} on PATH.`,
  );
}

function checksumOf(flags: Flags): string | undefined {
  const checksum = flags.text('checksum');
  if (checksum !== undefined && !/^[0-9a-f]{64}$/i.test(checksum))
    throw new CommandFailure(`--checksum was not a valid SHA-256 in hexadecimal digits: ${JSON.stringify(checksum)}`);
  return checksum;
}

interface ServerInstall {
  readonly plugin: PluginIdentity;
  readonly plugins: string;
  readonly server: string;
  readonly checksum: string | undefined;
}

async function installFromServer(context: CommandContext, install: ServerInstall): Promise<void> {
  const { plugin, plugins, server, checksum } = install;
  const { live } = context.terminal;
  const folder = await mkdtemp(join(tmpdir(), 'pulumi-plugin-'));
  const file = join(folder, 'plugin.tar.gz');
  let shown = 0;
  const progress = (received: number, size: number | undefined) => {
    if (Date.now() - shown < 100) return;
    shown = Date.now();
    const of = size === undefined ? '' : ` of ${megabytes(size)}`;
    live?.draw([`Downloading plugin ${plugin.name}-${plugin.version}: ${megabytes(received)}${of} MB`]);
  };
  try {
    await downloadPlugin({ plugin, server, checksum, file, signal: context.signal, progress });
    live?.draw([`Unpacking plugin ${plugin.name}-${plugin.version}`]);
    await installPluginContent({ plugin, source: file, plugins });
  } catch (error) {
    if (context.signal.aborted)
      throw new CommandFailure('the installation was cancelled; nothing was installed', exitCodes.cancelled);
    throw error;
  } finally {
    live?.clear();
    await rm(folder, { recursive: true, force: true });
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
