import { dirname, isAbsolute } from 'node:path';
import * as automation from '@pulumi/pulumi/automation/cmd.js';
import * as errors from '@pulumi/pulumi/automation/errors.js';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { SemVer } from 'semver';
import { type ManagedProcess, type ProcessIdentity, startProcess } from '../../foundation/processes.ts';
import type { OperationLimits } from './engine.ts';
import { type LimitedProcess, limitProcess } from './limited-process.ts';

/** Told of each process before it can do anything, and when it has ended. */
export interface ProcessObserver {
  started(identity: ProcessIdentity): Promise<void>;
  ended(identity: ProcessIdentity): Promise<void>;
}

/** A command that can be called directly: `run` of the SDK's class is there, its declaration is stripped. */
export interface RunnableCommand {
  run(
    args: readonly string[],
    cwd: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly stdout: string }>;
}

/** Internals of the SDK that its errors are made of; their declarations are stripped. */
const { CommandResult } = automation as unknown as {
  readonly CommandResult: new (
    stdout: string,
    stderr: string,
    code: number,
    error?: Error,
  ) => { readonly stdout: string };
};
const { createCommandError } = errors as unknown as { readonly createCommandError: (result: unknown) => Error };

/**
 * The official executable as the Automation API's command, with what the SDK's own does not do: a process group of its own, an environment that
 * is exactly the given one, and a record of each process. Aborting sends SIGINT, which lets the engine finish what it is at.
 */
export function createOfficialCommand(options: {
  readonly executable: string;
  readonly version: SemVer | null;
  readonly observer: ProcessObserver;
  /** Default: none. Whatever goes beyond one is ended, and rejects with a user error. */
  readonly limits?: Pick<OperationLimits, 'memory' | 'output'> | undefined;
}): PulumiCommand {
  const { executable, version, observer, limits } = options;
  const command = {
    command: executable,
    version,
    async run(
      args: readonly string[],
      cwd: string,
      environment: Readonly<Record<string, string>>,
      ...[onOutput, onError, signal]: [((text: string) => void)?, ((text: string) => void)?, AbortSignal?]
    ) {
      const env = { ...environment, PATH: withFolder(executable, environment.PATH), PULUMI_AUTOMATION_API: 'true' };
      const all = args.includes('--non-interactive') ? args : [...args, '--non-interactive'];
      const started = await startProcess(executable, all, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const limited = limitProcess(started, limits);
      const output = gather(started, heard(limited, onOutput), heard(limited, onError));
      const interrupt = () => void started.end({ signal: 'SIGINT', graceMs: 600_000 });
      signal?.addEventListener('abort', interrupt, { once: true });
      if (signal?.aborted) interrupt();
      await observer.started(started.identity);
      const { code } = await started.exited;
      signal?.removeEventListener('abort', interrupt);
      limited.close();
      await observer.ended(started.identity);
      limited.throwIfExceeded();
      const { stdout, stderr } = await output;
      if (code === 0) return new CommandResult(stdout, stderr, 0);
      throw createCommandError(new CommandResult(stdout, stderr, code ?? -2));
    },
  };
  return command as unknown as PulumiCommand;
}

/** The language and provider plugins that belong to an executable are beside it. */
function withFolder(executable: string, path: string | undefined): string {
  return isAbsolute(executable) ? `${dirname(executable)}:${path ?? ''}` : (path ?? '');
}

function heard(limited: LimitedProcess, tell: ((text: string) => void) | undefined): (text: string) => void {
  return (text) => {
    limited.wrote(text);
    tell?.(text);
  };
}

async function gather(
  { child }: ManagedProcess,
  onOutput: ((text: string) => void) | undefined,
  onError: ((text: string) => void) | undefined,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const read = async (stream: NodeJS.ReadableStream, tell: ((text: string) => void) | undefined) => {
    let text = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream) {
      text += String(chunk);
      tell?.(String(chunk));
    }
    return text;
  };
  const [stdout, stderr] = await Promise.all([read(child.stdout!, onOutput), read(child.stderr!, onError)]);
  return { stdout, stderr };
}
