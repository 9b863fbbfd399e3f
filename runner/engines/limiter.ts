import type { Room } from './room.ts';

/** Lets at most `limit` at a time, fewer where the machine has no room; the others wait in the order they came. */
export interface Limiter {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

/** Room comes and goes by itself: whoever waits is asked for again. */
const ASK_AGAIN_MS = 250;

const ALWAYS: Room = { hasPlace: () => true };

export function createLimiter(limit: number, room: Room = ALWAYS): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  let idling: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  function admit(): void {
    while (waiting.length > 0 && running < limit && room.hasPlace(running)) {
      running += 1;
      waiting.shift()!();
    }
    if (waiting.length === 0) {
      clearInterval(timer);
      timer = undefined;
    } else timer ??= setInterval(admit, ASK_AGAIN_MS);
  }

  return {
    async run(work) {
      await new Promise<void>((go) => {
        waiting.push(go);
        admit();
      });
      try {
        return await work();
      } finally {
        running -= 1;
        admit();
        if (running === 0) {
          for (const tell of idling) tell();
          idling = [];
        }
      }
    },
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => idling.push(resolve))),
  };
}
