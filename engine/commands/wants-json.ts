import { CommandFailure } from './exit-codes.ts';
import type { Flags } from './flags.ts';

/** `--json` or `--output json`. Throws on any other format. */
export function wantsJson(flags: Flags): boolean {
  const format = flags.text('output');
  if (format !== undefined && format !== 'json' && format !== 'default')
    throw new CommandFailure(
      `Cannot write the output format ${JSON.stringify(format)} as it is neither default nor json. Correct --output.`,
    );
  return flags.boolean('json') || format === 'json';
}
