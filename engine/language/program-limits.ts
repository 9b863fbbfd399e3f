import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { watchMemory } from '../../foundation/watch-memory.ts';
import type { ProgramRun } from './program-host.ts';
import type { ProgramProcess } from './program-process.ts';

/** What a program may use, at most. What is absent has no limit. */
export interface ProgramLimits {
  /** Bytes of memory that it and all that it starts hold. */
  readonly memory?: number | undefined;
  /** Bytes of text that it writes. */
  readonly output?: number | undefined;
}

/** `MAINSTAY_PROGRAM_MEMORY` and `MAINSTAY_PROGRAM_OUTPUT`, in bytes. Throws a user error for what is no number. */
export function programLimits(environment: Environment): ProgramLimits {
  const read = new EnvironmentReader(environment);
  const bytes = (name: string) =>
    read.text(name) === undefined ? undefined : read.integer(name, { fallback: 0, minimum: 1 });
  return { memory: bytes('MAINSTAY_PROGRAM_MEMORY'), output: bytes('MAINSTAY_PROGRAM_OUTPUT') };
}

/** Keeps one run within its limits: what goes beyond is ended at once. */
export class LimitedRun {
  readonly #run: ProgramRun;
  readonly #program: ProgramProcess;
  readonly #stopWatching: () => void;
  #written = 0;
  #exceeded: string | undefined;

  constructor(run: ProgramRun, program: ProgramProcess) {
    this.#run = run;
    this.#program = program;
    const limit = run.limits?.memory;
    this.#stopWatching =
      limit === undefined
        ? () => {}
        : watchMemory(program.pid, {
            limit,
            onExceeded: (held) =>
              this.#end(`it holds more memory than it may: ${inMiB(held)} MiB of ${inMiB(limit)} MiB`),
          });
  }

  /** Why the program was ended; undefined while it keeps within its limits. */
  get exceeded(): string | undefined {
    return this.#exceeded;
  }

  readonly onStdout = (line: string): void => {
    if (this.#mayWrite(line)) this.#run.onStdout(line);
  };

  readonly onStderr = (line: string): void => {
    if (this.#mayWrite(line)) this.#run.onStderr(line);
  };

  close(): void {
    this.#stopWatching();
  }

  #mayWrite(line: string): boolean {
    const limit = this.#run.limits?.output ?? Number.POSITIVE_INFINITY;
    this.#written += Buffer.byteLength(line) + 1;
    if (this.#written > limit) this.#end(`it writes more than it may: ${limit} bytes`);
    return this.#written <= limit;
  }

  #end(why: string): void {
    this.#exceeded ??= `Cannot go on with the program as ${why}. Have it use less, or raise the limit.`;
    void this.#program.end(0);
  }
}

function inMiB(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
