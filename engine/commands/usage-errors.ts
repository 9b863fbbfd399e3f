import { CommandFailure } from './exit-codes.ts';
import type { FlagSpec } from './flags.ts';

const official = 'Use the official Pulumi CLI for it (https://www.pulumi.com/docs/install/).';

export function unknownCommand(path: readonly string[], word: string): CommandFailure {
  const command = ['pulumi', ...path].join(' ');
  return new CommandFailure(
    `Cannot run "${command} ${word}" as there is no such command in the embedded engine: "${word}". ` +
      `Run "${command} --help" for those there are; ${lowerFirst(official)}`,
  );
}

export function unsupportedCommand(command: string, why: string): CommandFailure {
  return new CommandFailure(`Cannot run "${command}" as the embedded engine does not support it: ${why}. ${official}`);
}

export function unknownFlag(command: string, flag: string): CommandFailure {
  return new CommandFailure(
    `unknown flag: ${flag}\nCannot run "${command}" with ${flag} as the embedded engine does not know it. ` +
      `Run "${command} --help" for its flags; if the flag is right, ${lowerFirst(official)}`,
  );
}

export function unsupportedFlag(command: string, flag: FlagSpec): CommandFailure {
  return new CommandFailure(
    `Cannot run "${command}" with --${flag.name} as the embedded engine does not support it: ${flag.unsupported}. ${official}`,
  );
}

export function wrongArguments(command: string, usage: string | undefined, args: readonly string[]): CommandFailure {
  const given = args.length === 0 ? 'none were given' : args.map((arg) => JSON.stringify(arg)).join(' ');
  const expected = usage === undefined ? 'takes no arguments' : `takes ${usage}`;
  return new CommandFailure(`Cannot run "${command}" as it ${expected}: ${given}. Run "${command} --help".`);
}

function lowerFirst(text: string): string {
  return text[0]!.toLowerCase() + text.slice(1);
}
