import type { Clock } from '../../foundation/clock.ts';
import { isMainstayError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { describeError, type RunEnd } from '../core/summarise.ts';
import { unlessDiskFull } from './disk-full.ts';

/** What a step of a workflow came to. Workflows store it, so it is plain data: an error's class would not survive that. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Extract<RunEnd, { kind: 'error' }>['error'] };

/** Waits between tries, in seconds. A held stack and a network that is down get some minutes. */
const BACK_OFF_SECONDS = [0.2, 1, 3, 10, 30, 60, 60];

/** How long a report waits for a forge that is away: longer than any outage that one would wait for. In seconds. */
export const OUTAGE_SECONDS = 6 * 3600;

/**
 * Does `work`, again after a while where it fails for a reason that passes (`transient`, `conflict`): for some minutes, and every minute for as long as
 * `patienceSeconds` says where it is transient. Rejects only when aborted.
 */
export async function attempt<T>(
  work: () => Promise<T>,
  {
    clock,
    ending,
    signal,
    patienceSeconds = 0,
    onWait,
  }: {
    readonly clock: Clock;
    readonly ending: AbortSignal;
    readonly signal?: AbortSignal;
    readonly patienceSeconds?: number;
    /** Told why it is tried again later. */
    readonly onWait?: (why: string) => Promise<void>;
  },
): Promise<Attempt<T>> {
  const begun = clock.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return { ok: true, value: await work() };
    } catch (caught) {
      signal?.throwIfAborted();
      ending.throwIfAborted();
      const error = unlessDiskFull(caught);
      const passes = isMainstayError(error, 'transient') || isMainstayError(error, 'conflict');
      const patient = isMainstayError(error, 'transient') && clock.now() - begun < patienceSeconds * 1000;
      const wait = BACK_OFF_SECONDS[tries] ?? (patient ? 60 : undefined);
      if (!passes || wait === undefined) {
        const { kind, message } = describeError(error);
        return { ok: false, error: { kind, message: redactor.redact(message) } };
      }
      await onWait?.(redactor.redact(describeError(error).message));
      await clock.sleep(wait * 1000, signal ? AbortSignal.any([signal, ending]) : ending);
    }
  }
}
