/** Lets so many tasks run at a time; the others wait in the order in which they came. */
export class WorkerLimit {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #running = new Set<Promise<unknown>>();

  constructor(size: number) {
    this.#free = size;
  }

  /** Never rejects before `task` has started; rejects as `task` does. */
  run<Result>(task: () => Promise<Result>): Promise<Result> {
    const running = this.#run(task);
    const settled = running.then(
      () => {},
      () => {},
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return running;
  }

  /** When everything that was started has ended, and what that has started in turn. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // A waiting task takes the place over.
      if (next) next();
      else this.#free++;
    }
  }
}
