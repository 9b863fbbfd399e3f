import { messageOf } from '../../foundation/errors.ts';
import { repeat } from '../../foundation/repeat.ts';
import { openRollback } from './open-rollback.ts';
import type { Services } from './services.ts';

const LATEST_MS = 1000;

/** Wakes the rollouts whose time has come. Returns how long it is until the next one's, at most a second, as clocks may be set. */
export async function wakeDueRollouts(services: Services, wake: (id: string) => Promise<void>): Promise<number> {
  const now = services.clock.now();
  let wait = LATEST_MS;
  for (const { id, repository, commit, state, waits } of await services.store.rollouts.list(undefined, 100)) {
    if (state !== 'waiting') continue;
    if (waits?.for === 'rolled-back' && !(await openRollback(services, { repository, commit }))) await wake(id);
    if (waits?.until === undefined) continue;
    const left = Date.parse(waits.until) - now;
    if (left <= 0) await wake(id);
    else wait = Math.min(wait, left);
  }
  return Math.max(20, wait);
}

/** Keeps waking them. A wait is in the database, so one that ended while no runner was there ends at the next start. Returns a function that stops. */
export function startWaking(services: Services, wake: (id: string) => Promise<void>): () => Promise<void> {
  return repeat(async () => {
    try {
      return await wakeDueRollouts(services, wake);
    } catch (error) {
      services.log.debug({ error: messageOf(error) }, 'could not look for rollouts that wait for a time');
      return LATEST_MS;
    }
  });
}
