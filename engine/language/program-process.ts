import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../foundation/errors.ts';
import { type ManagedProcess, type ProcessExit, startProcess } from '../../foundation/processes.ts';
import { FrameChannel, type FrameService } from '../../protocol/frame-channel.ts';
import { leashProcessGroup } from '../plugins/process-leash.ts';
import { outputLines } from './output-lines.ts';
import { assignPath, type ProgramAssignment, type ProgramPreload } from './program-assignment.ts';

export interface ProgramCommand {
  readonly nodeArguments: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly preload: ProgramPreload;
  /** Node's cache of compiled modules. */
  readonly compileCache: string;
}

export interface ProgramOutput {
  readonly onStdout: (line: string) => void;
  readonly onStderr: (line: string) => void;
}

/** A process that loads an SDK, runs one program at most, and is gone afterwards. */
export interface ProgramProcess {
  readonly pid: number;
  /** Undefined while it lives. */
  exit(): ProcessExit | undefined;
  readonly exited: Promise<ProcessExit>;
  /** Whether it keeps this process alive. It does until it is told not to. */
  hold(held: boolean): void;
  /** Gives it its program, and what serves it. Once. */
  assign(assignment: ProgramAssignment, parts: ProgramOutput & { readonly service?: FrameService }): void;
  /** Gives it what it runs, and its process to the caller: what it writes has not been read, and ending it is the caller's. Instead of `assign`. */
  handOver(assignment: ProgramAssignment): ManagedProcess;
  /** Resolves when it has ended and all that it wrote was handed on. */
  finished(): Promise<ProcessExit>;
  /** Asks it and its children to end, as Ctrl-C does; after `graceMs` (default 5,000, as the official host) forces them. */
  end(graceMs?: number): Promise<void>;
}

const MAIN_FILE = join(import.meta.dirname, 'program-main.ts');

/** Starts a process that loads what `command.preload` names and waits. Rejects with a user error if it cannot be started. */
export async function startProgramProcess(command: ProgramCommand): Promise<ProgramProcess> {
  const { preload, nodeArguments, directory: cwd, environment, compileCache } = command;
  const managed = await startProcess(
    process.execPath,
    [...ownArguments, ...nodeArguments, MAIN_FILE, JSON.stringify(preload)],
    { cwd, env: { ...environment, NODE_COMPILE_CACHE: compileCache }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  return new StartedProgram(managed);
}

/** Node would say that it strips types, for our own file. */
const ownArguments = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'];

/** Before it has its assignment, and for what runs without one. */
const noService: FrameService = {
  answer: async (path) => {
    throw new Error(`nothing serves ${path}`);
  },
  failureOf: (error) => ({ code: 12, details: messageOf(error), statusDetails: new Uint8Array() }),
};

/** How long what a program left running may hold its output open. */
const lateOutputMs = 250;

/** First it waits for its assignment, then it runs, then it has ended. */
class StartedProgram implements ProgramProcess {
  readonly #managed: ManagedProcess;
  readonly #letGo: () => void;
  readonly #outputs: readonly Readable[];
  readonly #channel: FrameChannel;
  #service: FrameService | undefined;
  #exit: ProcessExit | undefined;
  #copied: Promise<unknown> = Promise.resolve();

  constructor(managed: ManagedProcess) {
    this.#managed = managed;
    this.#letGo = leashProcessGroup(this.pid);
    this.#outputs = [managed.child.stdout!, managed.child.stderr!];
    // A channel that breaks says nothing: the exit of the process does.
    this.#channel = new FrameChannel(this.#pipe, {
      answer: async (path, payload) => (this.#service ?? noService).answer(path, payload),
      failureOf: (error) => (this.#service ?? noService).failureOf(error),
    });
    void managed.exited.then((exit) => {
      this.#exit = exit;
      this.#letGo();
    });
  }

  get pid(): number {
    return this.#managed.identity.pid;
  }

  get exited(): Promise<ProcessExit> {
    return this.#managed.exited;
  }

  get #pipe(): Duplex {
    return this.#managed.child.stdio[3] as Duplex;
  }

  exit(): ProcessExit | undefined {
    return this.#exit;
  }

  hold(held: boolean): void {
    const { child } = this.#managed;
    for (const part of [child, ...child.stdio]) {
      const handle = part as { ref?(): void; unref?(): void } | null;
      if (held) handle?.ref?.();
      else handle?.unref?.();
    }
  }

  assign(
    assignment: ProgramAssignment,
    { onStdout, onStderr, service }: ProgramOutput & { readonly service?: FrameService },
  ): void {
    this.#service = service;
    const [stdout, stderr] = this.#outputs;
    this.#copied = Promise.all([copyLines(stdout!, onStdout), copyLines(stderr!, onStderr)]);
    this.#send(assignment);
  }

  handOver(assignment: ProgramAssignment): ManagedProcess {
    this.#letGo();
    this.#send(assignment);
    return this.#managed;
  }

  #send(assignment: ProgramAssignment): void {
    this.#channel.call(assignPath, Buffer.from(JSON.stringify(assignment)), () => {});
  }

  async finished(): Promise<ProcessExit> {
    const exit = await this.exited;
    const late = new AbortController();
    await Promise.race([this.#copied, delay(lateOutputMs, undefined, { signal: late.signal })]);
    late.abort();
    // What it started and left behind ends with it.
    await this.#managed.end({ graceMs: 0 });
    this.#destroyStreams();
    return exit;
  }

  async end(graceMs = 5000): Promise<void> {
    this.#pipe.destroy();
    await this.#managed.end({ signal: 'SIGINT', graceMs });
    this.#destroyStreams();
  }

  #destroyStreams(): void {
    for (const stream of [...this.#outputs, this.#pipe]) stream.destroy();
  }
}

/** Reading only as fast as lines are taken: a program that floods its output waits for us. */
function copyLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = outputLines(onLine);
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => lines.write(chunk));
    stream.on('close', () => {
      lines.end();
      resolve();
    });
  });
}
