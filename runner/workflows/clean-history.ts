import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** How long the steps of a workflow that has ended are kept. What people see of it is in our own tables and stays. */
const KEPT_MS = 7 * 86_400_000;
const EVERY_MS = 3_600_000;
const AT_ONCE = 500;

/** Forgets workflows that ended long ago. Returns how many. Those that wait or run are never touched. */
export async function cleanHistory(now: number): Promise<number> {
  let cleaned = 0;
  for (;;) {
    const old = await DBOS.listWorkflows({
      status: ['SUCCESS', 'ERROR', 'CANCELLED'],
      completedBefore: new Date(now - KEPT_MS).toISOString(),
      limit: AT_ONCE,
      loadInput: false,
      loadOutput: false,
    });
    if (old.length === 0) return cleaned;
    await DBOS.deleteWorkflows(old.map(({ workflowID }) => workflowID));
    cleaned += old.length;
    if (old.length < AT_ONCE) return cleaned;
  }
}

/** Cleans up every hour, as nobody else does. Returns a function that stops it. */
export function startCleaning({ clock, log }: { readonly clock: Clock; readonly log: Log }): () => void {
  const clean = () =>
    cleanHistory(clock.now()).then(
      (count) => log.debug({ count }, 'forgot workflows that ended long ago'),
      (error: unknown) => log.warn({ error: messageOf(error) }, 'could not forget old workflows'),
    );
  const timer = setInterval(() => void clean(), EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
