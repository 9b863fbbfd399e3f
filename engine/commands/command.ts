import type { Environment } from '../../foundation/environment.ts';
import type { Terminal } from '../display/terminal.ts';
import type { EngineServices } from '../operations/engine-services.ts';
import type { EngineLog } from './engine-log.ts';
import type { ExitCode } from './exit-codes.ts';
import type { FlagSpec, Flags } from './flags.ts';

/** Everything that a command gets from outside: it reads neither `process.env` nor the working directory of the process. */
export interface CommandContext {
  /** Working directory, after `--cwd`. */
  readonly directory: string;
  readonly environment: Environment;
  readonly terminal: Terminal;
  /** May ask questions: a terminal is there and neither `--non-interactive` nor CI forbids it. */
  readonly interactive: boolean;
  /** Aborted by Ctrl-C or by the Automation API's signal. */
  readonly signal: AbortSignal;
  /** What outlives one command. */
  readonly services: EngineServices;
  /** What `--verbose` asks for. */
  readonly log?: EngineLog;
  /** Flags given and their command, for the metadata of updates. */
  readonly commandLine: { readonly command: string; readonly flags: Flags };
}

/** One command of the table. A group without `run` shows its help. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Positional arguments as `--help` shows them, such as `<key> [value]`. */
  readonly usage?: string;
  readonly arguments?: { readonly minimum: number; readonly maximum: number };
  readonly flags?: readonly FlagSpec[];
  /** Flags that the sub-commands take too. */
  readonly sharedFlags?: readonly FlagSpec[];
  readonly commands?: readonly Command[];
  /** Known to the official CLI and not to us: why, in a few words. */
  readonly unsupported?: string;
  readonly hidden?: boolean;
  run?(context: CommandContext, args: readonly string[], flags: Flags): Promise<ExitCode | undefined>;
}
