import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../core/duration.ts';
import type { Verification } from './verifier.ts';

/** One answer of what is asked again and again. */
export interface Sample {
  readonly good: boolean;
  readonly text: string;
  /** Nobody answered: that says nothing of what is measured, for as long as `timeout`. */
  readonly silent?: boolean;
}

/**
 * Asks every `every` milliseconds: it has to become good within `timeout`, and stay good for `period`. A bad answer after a good one is the end of
 * it, and so is silence of `timeout`. Measured by a clock that never jumps.
 */
export async function holdGood(
  sample: () => Promise<Sample>,
  {
    every,
    period,
    timeout,
    signal,
    note,
  }: {
    readonly every: number;
    readonly period: number;
    readonly timeout: number;
    readonly signal: AbortSignal;
    note(text: string): void;
  },
): Promise<Verification> {
  const began = performance.now();
  let goodSince: number | undefined;
  let answeredAt = began;
  for (;;) {
    const { good, text, silent = false } = await sample();
    signal.throwIfAborted();
    const now = performance.now();
    note(text);
    if (!silent) answeredAt = now;
    if (good) goodSince ??= now;
    else if (goodSince !== undefined && !(silent && now - answeredAt < timeout))
      return { good: false, text: `${text}, after ${formatDuration(now - goodSince)} of being good` };
    else if (goodSince === undefined && now - began >= timeout)
      return { good: false, text: `${text}, for ${formatDuration(timeout)}` };
    if (good && goodSince !== undefined && now - goodSince >= period)
      return { good: true, text: period > 0 ? `${text}, for ${formatDuration(period)}` : text };
    const left = goodSince === undefined ? began + timeout - now : goodSince + period - now;
    // Past the period it is silence that is waited for.
    await delay(left > 0 ? Math.max(1, Math.min(every, left)) : every, undefined, { signal });
  }
}
