/** Lets at most `limit` at a time; the others wait in the order they came. */
export interface Limiter {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export function createLimiter(limit: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  let idling: (() => void)[] = [];
  return {
    async run(work) {
      if (running >= limit) await new Promise<void>((go) => waiting.push(go));
      else running += 1;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        // Whoever waits takes the place over.
        if (next) next();
        else running -= 1;
        if (running === 0) {
          for (const tell of idling) tell();
          idling = [];
        }
      }
    },
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => idling.push(resolve))),
  };
}
