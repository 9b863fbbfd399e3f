/** Lets at most `limit` at a time; the others wait in the order they came. */
export interface Limiter {
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createLimiter(limit: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
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
      }
    },
  };
}
