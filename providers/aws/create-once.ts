import { systemClock } from '../../foundation/clock.ts';
import type { ResourceCall } from './definition.ts';
import { isAlreadyThere, isAmbiguous, isThrottled } from './failures.ts';

interface OneCreate<T> {
  /** Sends the call once (`clientWithoutRetries`). */
  send(): Promise<T>;
  /** What an earlier `send` made although its answer was lost. Must not find what somebody else made. */
  find(): Promise<T | undefined>;
}

/** The tag by which a create that was cut off is found again. It is gone a moment later. */
export const MARK = 'mainstay:create';

/** Pauses before each look for what may have been made, in milliseconds: AWS does not see it everywhere at once. */
const LOOKS = [300, 1000, 2000];

/** Milliseconds before the second try; it doubles with every further one. */
const FIRST_PAUSE = 200;

/**
 * For APIs without a client token: a call that was cut off is not simply sent again, as the first may have been done. It is looked for,
 * and taken where it is there.
 */
export async function createOnce<T>(call: ResourceCall, { send, find }: OneCreate<T>): Promise<T> {
  let lost = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const again = isThrottled(error) || isAmbiguous(error);
      if (!again && !(lost && isAlreadyThere(error))) throw error;
      lost ||= isAmbiguous(error);
      const found = lost ? await search(call, find) : undefined;
      if (found !== undefined) return found;
      if (!lost) await systemClock.sleep(FIRST_PAUSE * 2 ** Math.min(attempt - 1, 6), call.signal);
      if (!again || attempt >= call.aws.configuration.maxAttempts || systemClock.now() > call.deadline) throw error;
    }
  }
}

async function search<T>(call: ResourceCall, find: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const pause of LOOKS) {
    await systemClock.sleep(pause, call.signal);
    const found = await find();
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether something was made since the operation began, within what two clocks may differ. */
export function isNew(created: Date | undefined, started: number): boolean {
  return created !== undefined && created.getTime() >= started - 60_000;
}
