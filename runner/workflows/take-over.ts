import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { repeat } from '../../foundation/repeat.ts';
import { GONE_AFTER_MS, type WorkerSession } from './worker-session.ts';

const LOOK_EVERY_MS = 3000;

/**
 * Looks for workers that have runs and no session, and takes their runs over when they have been gone for long enough: a worker that ended is back with
 * its next life in a moment, and so is a database. Returns a function that stops it.
 */
export function startTakingOver(session: WorkerSession, log: Log): () => Promise<void> {
  /** Since when, by our own clock, each worker that is gone was not there. */
  const goneSince = new Map<string, number>();
  return repeat(async () => {
    try {
      await takeOverGone(session, goneSince, log);
    } catch (error) {
      // Nobody is seen to be gone by whom the database cannot be seen.
      goneSince.clear();
      log.debug({ error: messageOf(error) }, 'could not look for lost workers');
    }
    return LOOK_EVERY_MS;
  });
}

async function takeOverGone(session: WorkerSession, goneSince: Map<string, number>, log: Log): Promise<void> {
  const gone = await session.gone();
  for (const name of goneSince.keys()) if (!gone.includes(name)) goneSince.delete(name);
  for (const worker of gone) {
    const since = goneSince.get(worker) ?? performance.now();
    goneSince.set(worker, since);
    if (performance.now() - since < GONE_AFTER_MS) continue;
    await session.takeOver(worker, async () => {
      // Queued again: steps that were under way are done again by whoever takes them, and a result that comes late is refused by DBOS. Not public:
      // the public way resets attempts and deadlines. The exact version is pinned, and test/journeys/takeover.test.ts covers it.
      const runs = await DBOSExecutor.globalInstance!.recoverPendingWorkflows([worker]);
      log.warn({ worker, runs: runs.length }, 'took the runs of a lost worker over');
    });
    goneSince.delete(worker);
  }
}
