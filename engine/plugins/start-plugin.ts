import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { type ManagedProcess, type ProcessExit, startProcess } from '../../foundation/processes.ts';
import type { Diagnostic } from '../deploy/events.ts';
import { type PluginEngineServer, startPluginEngineServer } from './plugin-engine-server.ts';
import { leashProcessGroup } from './process-leash.ts';

/** How a plugin's process is started. The engine's address is added to `args` where `engineArgument` says. */
export interface PluginCommand {
  /** For messages: `aws 7.1.0`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Default: last. */
  readonly engineArgument?: 'second' | 'last';
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** How long it has to end after SIGINT. Default: 5 s. */
  readonly stopGraceMs?: number;
  /** How long it may take to say its port. Default: 60 s. */
  readonly startTimeoutMs?: number;
  /** Starts the process, its outputs unread, with these arguments. Default: `command` is started. */
  readonly start?: (args: readonly string[]) => Promise<ManagedProcess>;
}

export interface RunningPlugin {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** The address that the plugin was given for its messages. */
  readonly engineAddress: string;
  readonly pid: number;
  /** Undefined while it runs. */
  exit(): ProcessExit | undefined;
  /** Resolves when it has ended. */
  readonly exited: Promise<ProcessExit>;
  /** The last lines that it wrote to its error output. */
  lastOutput(): string;
  /** SIGINT to its process group, SIGKILL after `stopGraceMs`. Resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a plugin and waits for its port, the first line of its standard output; later lines are messages. It leads a process group
 * of its own that is ended with this process, however that ends. Rejects with a user error, and leaves no process, if it ends or says
 * nothing in time. `log` gets what it writes and what it logs through the Engine service.
 */
export async function startPlugin(
  plugin: PluginCommand,
  log: (diagnostic: Diagnostic) => void,
): Promise<RunningPlugin> {
  const engine = await startPluginEngineServer(({ status, ...message }) => log({ ...message, ephemeral: status }));
  let managed: ManagedProcess;
  try {
    const args = argumentsOf(plugin, engine.address);
    managed = await (plugin.start?.(args) ??
      startProcess(plugin.command, args, {
        cwd: plugin.directory,
        env: { ...plugin.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      }));
  } catch (error) {
    engine.close();
    throw error;
  }
  const running = new PluginProcess({ plugin, managed, engine, log });
  try {
    await running.awaitPort();
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function argumentsOf({ args, engineArgument = 'last' }: PluginCommand, engineAddress: string): string[] {
  return engineArgument === 'second' ? args.toSpliced(1, 0, engineAddress) : [...args, engineAddress];
}

interface ProcessParts {
  readonly plugin: PluginCommand;
  readonly managed: ManagedProcess;
  readonly engine: PluginEngineServer;
  readonly log: (diagnostic: Diagnostic) => void;
}

const keptLines = 20;

/** A started process: first it is waiting for its port, then it is serving, then it has ended. */
class PluginProcess implements RunningPlugin {
  readonly #parts: ProcessParts;
  readonly #tail: string[] = [];
  readonly #letGo: () => void;
  readonly #firstLine = Promise.withResolvers<string>();
  #exit: ProcessExit | undefined;
  #stopping: Promise<void> | undefined;
  address = '';

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.#letGo = leashProcessGroup(this.pid);
    const { child, exited } = parts.managed;
    void exited.then((exit) => {
      this.#exit = exit;
      this.#letGo();
    });
    this.#readOutput(child.stdout!);
    this.#readErrors(child.stderr!);
  }

  get pid(): number {
    return this.#parts.managed.identity.pid;
  }

  get engineAddress(): string {
    return this.#parts.engine.address;
  }

  get exited(): Promise<ProcessExit> {
    return this.#parts.managed.exited;
  }

  exit(): ProcessExit | undefined {
    return this.#exit;
  }

  lastOutput(): string {
    return this.#tail.join('\n');
  }

  #readOutput(stream: Readable): void {
    let first = true;
    createInterface({ input: stream }).on('line', (line) => {
      if (first) this.#firstLine.resolve(line);
      else this.#show('info', line);
      first = false;
    });
  }

  #readErrors(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#tail.push(line);
      if (this.#tail.length > keptLines) this.#tail.shift();
      this.#show('info#err', line);
    });
  }

  #show(severity: 'info' | 'info#err', message: string): void {
    if (message.trim() === '') return;
    // Lines of one stream of one process belong together.
    this.#parts.log({ severity, message, urn: '', streamId: this.pid * 2 + (severity === 'info' ? 0 : 1) });
  }

  async awaitPort(): Promise<void> {
    const { plugin } = this.#parts;
    const { startTimeoutMs = 60_000, name, command } = plugin;
    const timer = new AbortController();
    const line = await Promise.race([
      this.#firstLine.promise,
      this.exited,
      delay(startTimeoutMs, 'late' as const, { signal: timer.signal, ref: false }),
    ]);
    timer.abort();
    if (line === 'late') {
      throw new MainstayError(
        'transient',
        `Cannot start the plugin ${name} as it did not say its port within ${startTimeoutMs / 1000} s: ${command}.${this.#said()}`,
      );
    }
    if (typeof line !== 'string') throw await this.#endedEarly(line);
    if (!/^\d{1,5}$/.test(line.trim())) {
      throw userError(
        `Cannot start the plugin ${name} as the first line of its output is not a port: ${JSON.stringify(line)} (${command}). ` +
          'Is it a Pulumi plugin, and does it print anything else first?',
      );
    }
    this.address = `127.0.0.1:${line.trim()}`;
  }

  async #endedEarly(exit: ProcessExit): Promise<Error> {
    const { name, command } = this.#parts.plugin;
    // Its last words may still be in the pipe.
    await delay(20);
    return userError(
      `Cannot start the plugin ${name} as it ended before it said its port: ${describeExit(exit)} (${command}).${this.#said()}`,
    );
  }

  #said(): string {
    return this.#tail.length === 0 ? '' : ` It wrote:\n${this.lastOutput()}`;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    const { stopGraceMs: graceMs = 5000 } = this.#parts.plugin;
    await this.#parts.managed.end({ signal: 'SIGINT', graceMs });
    this.#parts.engine.close();
  }
}

/** `exit code 1`, `signal SIGKILL`. */
export function describeExit(exit: ProcessExit): string {
  return exit.signal === undefined ? `exit code ${exit.code}` : `signal ${exit.signal}`;
}
