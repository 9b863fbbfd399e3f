import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { redactor } from '../../foundation/redact.ts';

/** Looks again after a notice or an interval, one look at a time; a notice during a look is followed by another one, unless that look saw it. */
export interface Watch<Seen> {
  /** Looks now. Where a look is under way that turns out to see what `isSeen` asks for, that was it. */
  notice(isSeen?: (seen: Seen) => boolean): void;
  /** Why the last look failed; undefined where it did not. What is known is old then. */
  problem(): string | undefined;
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
  let problem: string | undefined;
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
        if (problem !== undefined)
          options.log.info({ repository: options.name }, 'the repository can be reached again');
        problem = undefined;
      } catch (caught) {
        const error = redactor.redact(messageOf(caught));
        if (problem === undefined)
          options.log.error({ repository: options.name, error }, 'cannot look at the repository; trying again');
        problem = error;
      }
    }
  }

  const running = loop();
  return {
    notice,
    problem: () => problem,
    async stop() {
      stopped = true;
      clearInterval(timer);
      wake();
      await running;
    },
  };
}
