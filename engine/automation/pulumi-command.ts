import { resolve } from 'node:path';
import semver, { type SemVer } from 'semver';
import type { Environment } from '../../foundation/environment.ts';
import { runCommand } from '../commands/run-command.ts';
import type { Terminal } from '../display/terminal.ts';
import type { TypeProblem } from '../language/type-check-program.ts';
import { checkTypes, type TypeCheckOptions } from '../operations/check-types.ts';
import { createEngineServices, type EngineServices } from '../operations/engine-services.ts';
import { createProposals } from '../operations/proposals.ts';
import { engineVersion } from '../version.ts';
import { commandResultOf } from './command-result.ts';

export type { TypeProblem } from '../language/type-check-program.ts';

/** What a command line gave, as the Automation API's `CommandResult` has it. */
export interface EmbeddedResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * The embedded engine in the place of the Automation API's `PulumiCommand`: give it as `LocalWorkspaceOptions.pulumiCommand`. It starts no
 * process for a command line, keeps programs' processes and providers warm between commands, and neither reads nor writes the
 * process's own working directory. Commands may run side by side.
 */
export interface EmbeddedPulumi {
  /** What errors call the executable. */
  readonly command: string;
  readonly version: SemVer;
  /** As `PulumiCommand.run`: rejects with the SDK's own error classes (`StackNotFoundError`, ...) where the exit code is not 0. */
  run(
    args: string[],
    cwd: string,
    additionalEnv: Record<string, string>,
    onOutput?: (data: string) => void,
    onError?: (data: string) => void,
    signal?: AbortSignal,
  ): Promise<EmbeddedResult>;
  /**
   * Checks the types of the Pulumi program at or above `directory`: a step by itself, incremental, once for a commit. undefined where there is nothing
   * to check. Rejects with a user error for a broken Pulumi.yaml, or where the compiler cannot run.
   */
  checkTypes(directory: string, options?: TypeCheckOptions): Promise<readonly TypeProblem[] | undefined>;
  /**
   * A command object of the same processes whose previews of one stack build on each other: each starts from what the one before it would leave. Whatever
   * is not a preview knows nothing of that.
   */
  foreseeing(): Pick<EmbeddedPulumi, 'command' | 'version' | 'run'>;
  /**
   * A command object of the same processes whose previews read, of other stacks, what its own earlier previews propose: outputs that only an update
   * would tell are unknown. Whatever is not a preview reads states.
   */
  proposing(): Pick<EmbeddedPulumi, 'command' | 'version' | 'run'>;
  /** Ends every process that is kept. */
  close(): Promise<void>;
}

export interface EmbeddedPulumiOptions {
  /** The environment under that of each call. Default: `process.env`, read at each call, as the SDK does for an executable. */
  readonly environment?: Environment;
  /** Keep programs' processes and providers for the next command. Default: true. */
  readonly warm?: boolean;
}

/** Makes a command object. Nothing is started before the first command. */
export function createEmbeddedPulumi(options: EmbeddedPulumiOptions = {}): EmbeddedPulumi {
  const services = createEngineServices({ warm: options.warm ?? true });
  const commandOf = (used: EngineServices): Pick<EmbeddedPulumi, 'command' | 'version' | 'run'> => ({
    command: 'pulumi',
    version: semver.parse(engineVersion)!,
    run: (...call) => runEmbedded(used, options.environment ?? process.env, call),
  });
  return {
    ...commandOf(services),
    foreseeing: () => commandOf({ ...services, prediction: { resources: undefined } }),
    proposing: () => commandOf({ ...services, proposals: createProposals() }),
    checkTypes,
    close: () => services.close(),
  };
}

type Call = Parameters<EmbeddedPulumi['run']>;

async function runEmbedded(services: EngineServices, base: Environment, call: Call): Promise<EmbeddedResult> {
  const [args, cwd, additionalEnv, onOutput, onError, signal] = call;
  const output = new CapturedTerminal(onOutput, onError);
  const commandLine = args.includes('--non-interactive') ? args : withNonInteractive(args);
  const code = await runCommand({
    args: commandLine,
    directory: resolve(cwd),
    environment: { ...base, ...additionalEnv, PULUMI_AUTOMATION_API: 'true' },
    terminal: output,
    signal: signal ?? new AbortController().signal,
    services,
  });
  return commandResultOf({ args: commandLine, code, stdout: output.stdout, stderr: output.stderr });
}

/** Before a `--`: behind it everything is a value. */
function withNonInteractive(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const cut = end < 0 ? args.length : end;
  return [...args.slice(0, cut), '--non-interactive', ...args.slice(cut)];
}

/** Gathers what a command writes, and hands it on as it comes. There is nobody to ask. */
class CapturedTerminal implements Terminal {
  readonly columns = undefined;
  readonly #output: string[] = [];
  readonly #errors: string[] = [];
  readonly #onOutput: ((data: string) => void) | undefined;
  readonly #onError: ((data: string) => void) | undefined;

  constructor(onOutput: ((data: string) => void) | undefined, onError: ((data: string) => void) | undefined) {
    this.#onOutput = onOutput;
    this.#onError = onError;
  }

  get stdout(): string {
    return this.#output.join('');
  }

  get stderr(): string {
    return this.#errors.join('');
  }

  write(text: string): void {
    this.#output.push(text);
    this.#onOutput?.(text);
  }

  writeError(text: string): void {
    this.#errors.push(text);
    this.#onError?.(text);
  }

  ask(): Promise<string> {
    return Promise.reject(new Error('the Automation API answers no questions'));
  }

  readInput(): Promise<string> {
    return Promise.resolve('');
  }
}
