import { resolve } from 'node:path';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { isMainstayError, messageOf, systemCode } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import type { Terminal } from '../display/terminal.ts';
import type { EngineServices } from '../operations/engine-services.ts';
import { StackNotFound } from '../state/backend.ts';
import type { CommandContext } from './command.ts';
import { parseCommandLine } from './command-line.ts';
import { commandTable } from './command-table.ts';
import { type EngineLog, openEngineLog } from './engine-log.ts';
import { errorLine } from './error-texts.ts';
import { CommandFailure, type ExitCode, exitCodes } from './exit-codes.ts';
import { helpText } from './help-text.ts';

/** What a command line is run with. */
export interface CommandRun {
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly services: EngineServices;
}

/** Runs one command line to its end: prints results and errors, resolves to the exit code, never rejects. */
export async function runCommand(run: CommandRun): Promise<ExitCode> {
  try {
    const parsed = parseCommandLine(commandTable, withoutHelpCommand(run.args));
    if (parsed.help || !parsed.command.run) {
      run.terminal.write(helpText(parsed.path, parsed.command));
      return exitCodes.ok;
    }
    const log = openEngineLog(parsed.path, parsed.flags, run.terminal);
    const context: CommandContext = {
      directory: resolve(run.directory, parsed.flags.text('cwd') ?? '.'),
      environment: run.environment,
      terminal: run.terminal,
      interactive: isInteractive(run, parsed.flags.boolean('non-interactive')),
      signal: run.signal,
      services: run.services,
      log,
      commandLine: { command: parsed.path.join(' '), flags: parsed.flags },
    };
    return await logged(log, () => parsed.command.run!(context, parsed.args, parsed.flags));
  } catch (error) {
    return reportFailure(run.terminal, error);
  }
}

/** `pulumi help up` is `pulumi up --help`. */
function withoutHelpCommand([first, ...others]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  return first === 'help' ? [...others, '--help'] : [first, ...others];
}

async function logged(log: EngineLog | undefined, work: () => Promise<ExitCode | undefined>): Promise<ExitCode> {
  try {
    const code = (await work()) ?? exitCodes.ok;
    log?.write(`exit code ${code}`);
    return code;
  } catch (error) {
    log?.write(`failed: ${error instanceof Error && error.stack ? error.stack : messageOf(error)}`);
    throw error;
  }
}

function isInteractive(run: CommandRun, forbidden: boolean): boolean {
  if (forbidden || run.terminal.columns === undefined) return false;
  return !new EnvironmentReader(run.environment).flag('CI', false);
}

/** A full disk, a missing permission, a file in the way: what the machine says, of a file that it names. */
function isSystemError(error: unknown): error is Error {
  return systemCode(error) !== undefined && 'syscall' in (error as Error) && 'path' in (error as Error);
}

function reportFailure(terminal: Terminal, error: unknown): ExitCode {
  if (error instanceof CommandFailure) {
    if (error.message !== '') terminal.writeError(`${redactor.redact(errorLine(error))}\n`);
    return error.exitCode;
  }
  if (error instanceof StackNotFound) {
    terminal.writeError(`${errorLine(error)}\n`);
    return exitCodes.stackNotFound;
  }
  if (isMainstayError(error)) {
    terminal.writeError(`${redactor.redact(errorLine(error))}\n`);
    return exitCodes.failed;
  }
  if (isSystemError(error)) {
    terminal.writeError(
      `${redactor.redact(`error: Cannot go on as the system refused: ${error.message}`)}. Correct that, and run again.\n`,
    );
    return exitCodes.failed;
  }
  // Anything else is a bug of ours: the stack trace is what a report of it needs.
  const trace = error instanceof Error && error.stack ? error.stack : messageOf(error);
  terminal.writeError(
    `${redactor.redact(`error: the embedded engine failed in a way that it should not: ${trace}`)}\nPlease report this. The official Pulumi CLI can take over: the state is in its format.\n`,
  );
  return exitCodes.internal;
}
