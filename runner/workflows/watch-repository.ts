import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** Looks again after a notice or an interval, one look at a time; a notice during a look is followed by another one. */
export interface Watch {
  /** Looks now. */
  notice(): void;
  /** Resolves when the look under way, if any, has ended. No other one begins. */
  stop(): Promise<void>;
}

/** `look` may reject: the next interval tries again, and the first failure in a row is logged. */
export function startWatch(options: {
  readonly look: () => Promise<unknown>;
  readonly intervalMs: number;
  readonly log: Log;
  readonly name: string;
}): Watch {
  let stopped = false;
  let wanted = true;
  let failing = false;
  let wake: () => void = () => {};

  const notice = () => {
    wanted = true;
    wake();
  };
  const timer = setInterval(notice, options.intervalMs);

  async function loop(): Promise<void> {
    while (!stopped) {
      if (!wanted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (stopped) return;
      wanted = false;
      try {
        await options.look();
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
