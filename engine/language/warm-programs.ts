import { type ProgramCommand, type ProgramProcess, startProgramProcess } from './program-process.ts';

export interface WarmProgramsOptions {
  /** Idle processes at most, over all kinds. Default 2. */
  readonly limit?: number;
  /** An idle process ends after this time. Default: 10 minutes. */
  readonly idleMs?: number;
  /** Bytes that have to stay free on the machine. Default: 1 GiB. An idle process holds about 150 MB. */
  readonly reservedMemory?: number;
}

interface Idle {
  readonly key: string;
  readonly program: ProgramProcess;
  readonly timer: NodeJS.Timeout;
}

const processMemory = 200 * 1024 * 1024;

/**
 * Processes that have loaded an SDK and wait for a program. Each is used once; `restock` starts its successor. An idle one keeps nothing
 * alive: it ends with this process, after a while, or when memory or another kind needs its place (the oldest goes first).
 */
export class WarmPrograms {
  readonly #options: Required<WarmProgramsOptions>;
  #idle: Idle[] = [];
  readonly #starting = new Map<string, Promise<void>>();
  #closed = false;

  constructor({ limit = 2, idleMs = 10 * 60_000, reservedMemory = 1024 ** 3 }: WarmProgramsOptions = {}) {
    this.#options = { limit, idleMs, reservedMemory };
  }

  /** A waiting process of this kind, taken out. Undefined: there is none, start one. */
  async take(key: string): Promise<ProgramProcess | undefined> {
    // One that is on its way has a start over a new one.
    await this.#starting.get(key);
    const found = this.#idle.find((idle) => idle.key === key && idle.program.exit() === undefined);
    if (found === undefined) return undefined;
    this.#remove(found);
    found.program.hold(true);
    return found.program;
  }

  /** Starts a waiting process of this kind, if there is none and there is room. Never rejects: without one the next run starts its own. */
  restock(key: string, command: ProgramCommand): void {
    this.#forgetDead();
    const waiting = this.#idle.some((idle) => idle.key === key) || this.#starting.has(key);
    if (this.#closed || waiting || !this.#hasMemory()) return;
    const start = startProgramProcess(command)
      .then((program) => this.#keep(key, program))
      .catch(() => {})
      .finally(() => this.#starting.delete(key));
    this.#starting.set(key, start);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#starting.values());
    await Promise.all(this.#idle.splice(0).map((idle) => endIdle(idle)));
  }

  async #keep(key: string, program: ProgramProcess): Promise<void> {
    program.hold(false);
    const timer = setTimeout(() => this.#drop(idle), this.#options.idleMs);
    timer.unref();
    const idle: Idle = { key, program, timer };
    this.#idle.push(idle);
    while (this.#idle.length > this.#options.limit) this.#drop(this.#idle[0]!);
  }

  #hasMemory(): boolean {
    const free = process.availableMemory() - this.#options.reservedMemory;
    return this.#options.limit > 0 && free > processMemory;
  }

  #forgetDead(): void {
    for (const idle of this.#idle.filter(({ program }) => program.exit() !== undefined)) this.#remove(idle);
  }

  #remove(idle: Idle): void {
    clearTimeout(idle.timer);
    this.#idle = this.#idle.filter((other) => other !== idle);
  }

  #drop(idle: Idle): void {
    this.#remove(idle);
    void endIdle(idle);
  }
}

/** Its pipe ends, and so does it. */
function endIdle({ program, timer }: Idle): Promise<void> {
  clearTimeout(timer);
  program.hold(true);
  return program.end(500);
}
