import type { Room } from './room.ts';

/**
 * Lets at most `limit` at a time, fewer where the machine has no room; the others wait in the order they came. What is in the background takes a place
 * that nobody wants, one at a time, and is never in the way: who comes finds the places as if it were not there.
 */
export interface Limiter {
  run<T>(work: () => Promise<T>, options?: { readonly background?: boolean }): Promise<T>;
  /** How much runs. */
  running(): number;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

/** Room comes and goes by itself: whoever waits is asked for again. */
const ASK_AGAIN_MS = 250;

const ALWAYS: Room = { hasPlace: () => true };

export function createLimiter(limit: number, room: Room = ALWAYS): Limiter {
  const waiting: (() => void)[] = [];
  const behind: (() => void)[] = [];
  let [running, inBackground] = [0, 0];
  let idling: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  function admit(): void {
    while (waiting.length > 0 && running < limit && room.hasPlace(running)) {
      running += 1;
      waiting.shift()!();
    }
    const isQuiet = waiting.length === 0 && inBackground === 0 && running < limit;
    if (behind.length > 0 && isQuiet && room.hasPlace(running)) {
      inBackground += 1;
      behind.shift()!();
    }
    if (waiting.length + behind.length === 0) {
      clearInterval(timer);
      timer = undefined;
    } else timer ??= setInterval(admit, ASK_AGAIN_MS);
  }

  return {
    async run(work, { background = false } = {}) {
      await new Promise<void>((go) => {
        (background ? behind : waiting).push(go);
        admit();
      });
      try {
        return await work();
      } finally {
        if (background) inBackground -= 1;
        else running -= 1;
        admit();
        if (running + inBackground === 0) {
          for (const tell of idling) tell();
          idling = [];
        }
      }
    },
    running: () => running + inBackground,
    idle: () => (running + inBackground === 0 ? Promise.resolve() : new Promise((resolve) => idling.push(resolve))),
  };
}
