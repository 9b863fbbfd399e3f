import { setTimeout as delay } from 'node:timers/promises';
import { formatDuration } from '../core/duration.ts';
import type { Verification } from './verifier.ts';

/** One answer of what is asked again and again. */
export interface Sample {
  readonly good: boolean;
  readonly text: string;
}

/**
 * Asks every `every` milliseconds: it has to become good within `timeout`, and stay good for `period`. A bad answer after a good one is the end of
 * it. Measured by a clock that never jumps.
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
  for (;;) {
    const { good, text } = await sample();
    signal.throwIfAborted();
    const now = performance.now();
    note(text);
    if (good) goodSince ??= now;
    else if (goodSince !== undefined)
      return { good: false, text: `${text}, after ${formatDuration(now - goodSince)} of being good` };
    else if (now - began >= timeout) return { good: false, text: `${text}, for ${formatDuration(timeout)}` };
    if (goodSince !== undefined && now - goodSince >= period)
      return { good: true, text: period > 0 ? `${text}, for ${formatDuration(period)}` : text };
    const left = goodSince === undefined ? began + timeout - now : goodSince + period - now;
    await delay(Math.max(1, Math.min(every, left)), undefined, { signal });
  }
}
