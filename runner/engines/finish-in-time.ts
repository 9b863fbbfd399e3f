import { setTimeout as delay } from 'node:timers/promises';
import type { Limiter } from './limiter.ts';

/** What ends within so short a time need not be spoken of, in milliseconds. */
const SOON_MS = 1000;

/**
 * Waits until what was interrupted has finished what it is at: a call of a provider has no end that anybody could name. It is waited for, that is said, and it
 * is said too where the time is over: what is cut off then is looked at by the next start, which asks where nobody can know.
 */
export async function finishInTime(
  { updates, previews }: { readonly updates: Limiter; readonly previews: Limiter },
  {
    graceSeconds,
    tell,
    soonMs = SOON_MS,
  }: { readonly graceSeconds: number; readonly tell: (line: string) => void; readonly soonMs?: number },
): Promise<void> {
  const finished = Promise.all([previews.idle(), updates.idle()]).then(() => true);
  const within = (milliseconds: number) =>
    Promise.race([finished, delay(milliseconds, undefined, { ref: false }).then(() => false)]);
  const running = () => runningText([count(updates, 'update'), count(previews, 'preview')]);
  if (await within(soonMs)) return;
  tell(`waits for what ${running()} at, ${graceSeconds} s at most (MAINSTAY_GRACE); Ctrl-C once more does not wait`);
  if (await within(graceSeconds * 1000)) return;
  tell(`cuts off what ${running()} at: the next start looks at how far that came, and asks where nobody can know`);
}

interface Count {
  readonly number: number;
  readonly noun: string;
}

function count(limiter: Limiter, noun: string): Count {
  return { number: limiter.running(), noun };
}

/** `1 update is`, `2 updates and 1 preview are`. */
function runningText(counts: readonly Count[]): string {
  const parts = counts.filter(({ number }) => number > 0);
  const total = parts.reduce((sum, { number }) => sum + number, 0);
  const words = parts.map(({ number, noun }) => `${number} ${noun}${number > 1 ? 's' : ''}`);
  return `${words.join(' and ')} ${total === 1 ? 'is' : 'are'}`;
}
