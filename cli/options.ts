import { type Command, InvalidArgumentError, Option } from 'commander';

/** Options of a command that says something. */
export interface Saying {
  readonly json?: boolean;
}

/** Options of a command that changes something. */
export interface Acting extends Saying {
  readonly as?: string;
}

/** Adds what every command has. */
export function saying(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** Adds what every command has that changes something: the audit trail names a person. */
export function acting(command: Command): Command {
  const who = 'who does it, for the audit trail; counts with the token of the runner’s own machine; default: its user';
  return saying(command.option('--as <person>', who));
}

/** An option that takes one of some words; another one is wrong usage. */
export function choice(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, description).choices(words);
}

/** An option that takes a whole number in a range; anything else is wrong usage. */
export function count(
  flags: string,
  description: string,
  { least, most, standard }: { readonly least: number; readonly most: number; readonly standard?: number },
): Option {
  const option = new Option(flags, description).argParser((text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  });
  return standard === undefined ? option : option.default(standard);
}
