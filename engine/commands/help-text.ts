import type { Command } from './command.ts';
import type { FlagSpec } from './flags.ts';

/** What `--help` prints. */
export function helpText(path: readonly string[], command: Command): string {
  const name = ['pulumi', ...path].join(' ');
  const lines = [command.summary, '', 'Usage:'];
  if (command.run) lines.push(`  ${[name, command.usage, '[flags]'].filter(Boolean).join(' ')}`);
  const commands = (command.commands ?? []).filter((one) => !one.hidden && one.unsupported === undefined);
  if (commands.length > 0) {
    lines.push(`  ${name} [command]`, '', 'Available Commands:');
    lines.push(...table(commands.map((one) => [one.name, one.summary])));
  }
  if (command.aliases?.length) lines.push('', 'Aliases:', `  ${[command.name, ...command.aliases].join(', ')}`);
  const flags = [...(command.flags ?? []), ...(command.sharedFlags ?? [])].filter((flag) => !flag.hidden);
  const supported = flags.filter((flag) => flag.unsupported === undefined);
  if (supported.length > 0) lines.push('', 'Flags:', ...table(supported.map(flagRow)));
  const refused = flags.filter((flag) => flag.unsupported !== undefined);
  if (refused.length > 0)
    lines.push('', 'Flags of the official CLI that the embedded engine refuses:', ...table(refused.map(flagRow)));
  return `${lines.join('\n')}\n`;
}

function flagRow(flag: FlagSpec): readonly [string, string] {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  const value = flag.kind === 'boolean' || flag.kind === 'optional' ? '' : ` ${flag.kind}`;
  return [`${short}--${flag.name}${value}`, flag.unsupported ?? flag.summary];
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}   ${second}`);
}
