import { systemClock } from '../../foundation/clock.ts';
import { ProviderError } from '../../protocol/provider.ts';
import type { ResourceCall } from './definition.ts';
import { isDependencyViolation, isNotFound } from './failures.ts';

/** First pause between two looks; it grows by half each time, up to the last. Milliseconds. */
const FIRST_PAUSE = 100;
const LAST_PAUSE = 10_000;

/** A wait that lasts longer is told to the user, with how long it has lasted. Milliseconds. */
const UNTOLD = 1000;

type Waiting = Pick<ResourceCall, 'deadline' | 'signal' | 'progress'>;

/**
 * Looks again and again until `look` gives something, and resolves to it. `look` throws where waiting is pointless (a state of
 * failure). Rejects with a `ProviderError` at the deadline, naming what was waited for.
 */
export async function waitFor<T>(what: string, call: Waiting, look: () => Promise<T | undefined>): Promise<T> {
  const start = systemClock.now();
  for (let pause = FIRST_PAUSE; ; pause = Math.min(LAST_PAUSE, pause * 1.5)) {
    const found = await look();
    if (found !== undefined) return found;
    if (systemClock.now() + pause > call.deadline) {
      throw new ProviderError(
        `Cannot finish waiting for ${what} as the time is over. Look at it in AWS, or raise customTimeouts.`,
      );
    }
    const waited = systemClock.now() - start;
    if (waited >= UNTOLD) call.progress(`waiting for ${what} (${Math.round(waited / 1000)} s)`);
    await systemClock.sleep(pause, call.signal);
  }
}

/** Deletes with patience: what still uses the resource may be on its way out. What is gone already is done. */
export async function deletePatiently(what: string, call: Waiting, remove: () => Promise<unknown>): Promise<void> {
  await waitFor(`${what} to be free of what uses it`, call, async () => {
    try {
      await remove();
      return true;
    } catch (error) {
      if (isNotFound(error)) return true;
      if (isDependencyViolation(error)) return undefined;
      throw error;
    }
  });
}

/** Retries a call that fails as something made a moment ago is not seen everywhere yet (roles, policies). */
export async function retryWhile<T>(
  what: string,
  call: Waiting,
  options: { readonly again: (error: unknown) => boolean; readonly run: () => Promise<T> },
): Promise<T> {
  const done = await waitFor(what, call, async () => {
    try {
      return { result: await options.run() };
    } catch (error) {
      if (options.again(error)) return undefined;
      throw error;
    }
  });
  return done.result;
}
