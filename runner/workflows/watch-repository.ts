import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** Looks again after a notice or an interval, one look at a time; a notice during a look is followed by another one, unless that look saw it. */
export interface Watch<Seen> {
  /** Looks now. Where a look is under way that turns out to see what `isSeen` asks for, that was it. */
  notice(isSeen?: (seen: Seen) => boolean): void;
  /** Resolves when the look under way, if any, has ended. No other one begins. */
  stop(): Promise<void>;
}

/** `look` may reject: the next interval tries again, and the first failure in a row is logged. */
export function startWatch<Seen>(options: {
  readonly look: () => Promise<Seen>;
  readonly intervalMs: number;
  readonly log: Log;
  readonly name: string;
}): Watch<Seen> {
  let stopped = false;
  let wanted: ((seen: Seen) => boolean)[] = [() => false];
  let failing = false;
  let wake: () => void = () => {};

  const notice = (isSeen: (seen: Seen) => boolean = () => false) => {
    wanted.push(isSeen);
    wake();
  };
  const timer = setInterval(() => notice(), options.intervalMs);

  async function loop(): Promise<void> {
    while (!stopped) {
      if (wanted.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (stopped) return;
      wanted = [];
      try {
        const seen = await options.look();
        wanted = wanted.filter((isSeen) => !isSeen(seen));
        if (failing) options.log.info({ repository: options.name }, 'the repository can be reached again');
        failing = false;
      } catch (error) {
        if (!failing)
          options.log.error(
            { repository: options.name, error: messageOf(error) },
            'cannot look at the repository; trying again',
          );
        failing = true;
      }
    }
  }

  const running = loop();
  return {
    notice,
    async stop() {
      stopped = true;
      clearInterval(timer);
      wake();
      await running;
    },
  };
}
