import type { Clock } from '../../foundation/clock.ts';
import type { ClientSettings } from './configuration.ts';

/** Limits how many requests start in a time. */
export interface RateLimit {
  /** Resolves when one more request may start. Rejects with the signal's reason when it is aborted. */
  take(signal?: AbortSignal): Promise<void>;
}

const DEFAULT_BURST = 120;

/**
 * A bucket of `burst` tokens that fills with `qps` a second, as client-go has it. Without `qps` there is no limit: the server says
 * itself when requests are too many.
 */
export function createRateLimit(settings: Pick<ClientSettings, 'burst' | 'qps'>, clock: Clock): RateLimit {
  const { qps } = settings;
  if (qps === undefined) return { take: async () => {} };
  const burst = settings.burst ?? DEFAULT_BURST;
  let tokens = burst;
  let filled = clock.now();
  return {
    async take(signal) {
      const now = clock.now();
      tokens = Math.min(burst, tokens + ((now - filled) / 1000) * qps) - 1;
      filled = now;
      // A negative balance is a place in the queue: whoever comes later waits longer.
      if (tokens < 0) await clock.sleep((-tokens / qps) * 1000, signal);
    },
  };
}
