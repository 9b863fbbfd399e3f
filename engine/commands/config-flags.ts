import type { OpenStack } from '../operations/open-stack.ts';
import type { CommandContext } from './command.ts';
import { configPlace } from './config-key-path.ts';
import { typedValue } from './config-values.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Flags } from './flags.ts';

/** `key=value`, cut at the first sign of equality. Throws where there is none. */
export function splitAssignment(text: string): readonly [key: string, value: string] {
  const cut = text.indexOf('=');
  if (cut < 1)
    throw new CommandFailure(
      `config value must be in the form [key]=[value]: ${JSON.stringify(text)}`,
      exitCodes.configuration,
    );
  return [text.slice(0, cut), text.slice(cut + 1)];
}

/** Saves the settings given with `--config` in the stack file, as the official CLI does before an operation. */
export async function saveConfigFlags(_context: CommandContext, flags: Flags, stack: OpenStack): Promise<void> {
  const given = flags.list('config');
  if (given.length === 0) return;
  const isPath = flags.boolean('config-path');
  for (const text of given) {
    const [key, value] = splitAssignment(text);
    const place = configPlace(key, stack.project.name, isPath);
    stack.file.setConfig(place.key, typedValue(value, { type: undefined, inside: isPath }), place.path);
  }
  await stack.file.save();
}
