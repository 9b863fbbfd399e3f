import semver from 'semver';
import { pulumiHome } from '../plugins/find-plugin.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import { type InstalledPlugin, installedPlugins, removeInstalledPlugin } from './installed-plugins.ts';
import { pluginInstall } from './plugin-install.ts';
import { outputFlags, yesFlag } from './shared-flags.ts';
import { agoText, jsonText, tableText } from './table-text.ts';
import { wantsJson } from './wants-json.ts';

const list: Command = {
  name: 'ls',
  aliases: ['list'],
  summary: 'List plugins',
  flags: [
    ...outputFlags,
    { name: 'project', short: 'p', kind: 'boolean', summary: '', unsupported: 'it does not look into the program' },
  ],
  async run(context, _args, flags) {
    const plugins = await installedPlugins(pulumiHome(context.environment));
    context.terminal.write(
      wantsJson(flags) ? jsonText(plugins.map(({ directory: _, ...plugin }) => plugin)) : tableOf(plugins),
    );
    return undefined;
  },
};

function tableOf(plugins: readonly InstalledPlugin[]): string {
  const now = Date.now();
  const rows = plugins.map(({ name, kind, version, size, installTime, lastUsedTime }) => [
    name,
    kind,
    version,
    `${(size / 1e6).toFixed(1)} MB`,
    agoText(Date.parse(installTime), now),
    agoText(Date.parse(lastUsedTime), now),
  ]);
  const total = plugins.reduce((sum, { size }) => sum + size, 0);
  return `${tableText(['NAME', 'KIND', 'VERSION', 'SIZE', 'INSTALLED', 'LAST USED'], rows)}\nTOTAL plugin cache size: ${(total / 1e6).toFixed(1)} MB\n`;
}

const remove: Command = {
  name: 'rm',
  aliases: ['remove', 'delete'],
  summary: 'Remove plugins',
  usage: '[kind] [name] [version range]',
  arguments: { minimum: 0, maximum: 3 },
  flags: [yesFlag, { name: 'all', short: 'a', kind: 'boolean', summary: 'Remove all plugins' }],
  async run(context, [kind, name, range], flags) {
    if (kind === undefined && !flags.boolean('all'))
      throw new CommandFailure('please pass a kind of plugin, or --all to delete all plugins');
    if (range !== undefined && semver.validRange(range) === null)
      throw new CommandFailure(`invalid plugin semver: ${JSON.stringify(range)}`);
    const found = (await installedPlugins(pulumiHome(context.environment))).filter(
      (plugin) =>
        (kind === undefined || plugin.kind === kind) &&
        (name === undefined || plugin.name === name) &&
        (range === undefined || semver.satisfies(plugin.version, range)),
    );
    if (found.length === 0) {
      context.terminal.write('no plugins found to uninstall\n');
      return undefined;
    }
    if (!flags.boolean('yes') && !(await confirmed(context, found))) throw new CommandFailure('confirmation declined');
    for (const plugin of found) {
      await removeInstalledPlugin(plugin);
      context.terminal.write(`removed: ${plugin.kind} plugin ${plugin.name}-${plugin.version}\n`);
    }
    return undefined;
  },
};

async function confirmed(context: CommandContext, found: readonly InstalledPlugin[]): Promise<boolean> {
  if (!context.interactive)
    throw new CommandFailure('--yes must be passed in to proceed when running in non-interactive mode');
  const answer = await context.terminal.ask(
    `This will remove ${found.length} plugins. Continue? [yes/no] `,
    context.signal,
  );
  return ['y', 'yes'].includes(answer.trim().toLowerCase());
}

/** `pulumi plugin ...` */
export const pluginCommand: Command = {
  name: 'plugin',
  summary: 'Manage language and resource provider plugins',
  commands: [list, pluginInstall, remove, { name: 'run', summary: '', unsupported: 'it runs no tool plugins' }],
};
