import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import { type FlagSpec, Flags, type FlagValue } from './flags.ts';
import { unknownCommand, unknownFlag, unsupportedCommand, unsupportedFlag, wrongArguments } from './usage-errors.ts';

/** A command line that was understood. */
export interface ParsedCommandLine {
  /** The names on the way to the command, without the root's: `['stack', 'init']`. */
  readonly path: readonly string[];
  readonly command: Command;
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly help: boolean;
}

const helpFlag: FlagSpec = { name: 'help', short: 'h', kind: 'boolean', summary: 'help for this command' };

/**
 * Reads a command line by the rules of the official CLI's parser (spf13/pflag): flags anywhere, `--flag=value` and `--flag value`,
 * a boolean's value only behind `=`, `--` ends the flags. Throws a `CommandFailure` for whatever the table does not know or
 * does not support: nothing is ignored.
 */
export function parseCommandLine(root: Command, argv: readonly string[]): ParsedCommandLine {
  const found = findCommand(root, argv);
  const specs = specsOf(found.chain);
  const name = ['pulumi', ...found.path].join(' ');
  if (found.command.unsupported !== undefined) throw unsupportedCommand(name, found.command.unsupported);
  const { values, args } = readFlags(found.rest, specs, name);
  const flags = new Flags(specs, values);
  const help = flags.boolean('help');
  if (!help) checkArguments(found.command, args, name);
  return { path: found.path, command: found.command, args, flags, help };
}

interface FoundCommand {
  readonly command: Command;
  readonly chain: readonly Command[];
  readonly path: readonly string[];
  /** The command line without the words that named the command. */
  readonly rest: readonly string[];
}

/** Walks down the table by the words that are neither flags nor values of flags known so far. */
function findCommand(root: Command, argv: readonly string[]): FoundCommand {
  const chain: Command[] = [root];
  const rest = [...argv];
  for (let index = 0; index < rest.length; ) {
    const word = rest[index]!;
    if (word === '--') break;
    if (word.startsWith('-') && word !== '-') {
      index += takesNextWord(word, specsOf(chain)) ? 2 : 1;
      continue;
    }
    const current = chain.at(-1)!;
    const next = current.commands?.find((command) => command.name === word || command.aliases?.includes(word));
    if (!next) {
      if (current.commands && !current.arguments) throw unknownCommand(pathOf(chain), word);
      break;
    }
    chain.push(next);
    rest.splice(index, 1);
  }
  return { command: chain.at(-1)!, chain, path: pathOf(chain), rest };
}

function pathOf(chain: readonly Command[]): readonly string[] {
  return chain.slice(1).map((command) => command.name);
}

function takesNextWord(word: string, specs: ReadonlyMap<string, FlagSpec>): boolean {
  if (word.includes('=')) return false;
  const spec = word.startsWith('--')
    ? specs.get(word.slice(2))
    : [...specs.values()].find((candidate) => candidate.short === word.at(-1));
  return spec !== undefined && spec.kind !== 'boolean' && spec.kind !== 'optional';
}

function specsOf(chain: readonly Command[]): ReadonlyMap<string, FlagSpec> {
  const own = chain.at(-1)!.flags ?? [];
  const shared = chain.flatMap((command) => command.sharedFlags ?? []);
  return new Map([helpFlag, ...shared, ...own].map((spec) => [spec.name, spec]));
}

function readFlags(
  argv: readonly string[],
  specs: ReadonlyMap<string, FlagSpec>,
  command: string,
): { readonly values: ReadonlyMap<string, FlagValue>; readonly args: readonly string[] } {
  const options = Object.fromEntries(
    [...specs.values()].map((spec) => [
      spec.name,
      {
        type: spec.kind === 'boolean' || spec.kind === 'optional' ? ('boolean' as const) : ('string' as const),
        ...(spec.short === undefined ? {} : { short: spec.short }),
      },
    ]),
  );
  const { tokens } = parseArgs({
    args: withoutShortAssignments(argv, specs),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, FlagValue>();
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = specs.get(token.name);
    if (!spec) throw unknownFlag(command, token.rawName);
    if (spec.unsupported !== undefined) throw unsupportedFlag(command, spec);
    values.set(spec.name, flagValue(spec, token.value, values.get(spec.name)));
  }
  return { values, args };
}

/** `-s=dev` is `--stack=dev`: Node's parser takes the sign for a part of the value. */
function withoutShortAssignments(argv: readonly string[], specs: ReadonlyMap<string, FlagSpec>): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    const [, short, value] = (end < 0 || index < end ? /^-([A-Za-z])=(.*)$/s.exec(word) : null) ?? [];
    const spec = short === undefined ? undefined : [...specs.values()].find((candidate) => candidate.short === short);
    return spec === undefined ? word : `--${spec.name}=${value}`;
  });
}

function flagValue(spec: FlagSpec, text: string | undefined, earlier: FlagValue | undefined): FlagValue {
  switch (spec.kind) {
    case 'boolean':
      return booleanOf(spec, text ?? 'true');
    case 'optional':
      return text ?? spec.whenBare ?? 'true';
    case 'text':
      return needed(spec, text);
    case 'integer':
      return integerOf(spec, needed(spec, text));
    case 'list':
      return [...((earlier as readonly string[] | undefined) ?? []), needed(spec, text)];
    case 'comma-list':
      return [...((earlier as readonly string[] | undefined) ?? []), ...needed(spec, text).split(',')];
  }
}

function needed(spec: FlagSpec, text: string | undefined): string {
  if (text !== undefined) return text;
  throw new CommandFailure(`flag needs an argument: --${spec.name}`);
}

/** The words that Go's strconv.ParseBool takes. */
function booleanOf(spec: FlagSpec, text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new CommandFailure(`invalid argument "${text}" for "--${spec.name}" flag: it is neither true nor false`);
}

function integerOf(spec: FlagSpec, text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value)) return value;
  throw new CommandFailure(`invalid argument "${text}" for "--${spec.name}" flag: it is not a whole number`);
}

function checkArguments(command: Command, args: readonly string[], name: string): void {
  const { minimum, maximum } = command.arguments ?? { minimum: 0, maximum: 0 };
  if (args.length < minimum || args.length > maximum) throw wrongArguments(name, command.usage, args);
}
