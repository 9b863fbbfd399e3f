import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { RunEvent } from '../core/run-event.ts';
import type { RunStore } from '../core/run-store.ts';
import type { RunWitness } from '../engines/record-events.ts';

const STORE_EVERY_MS = 100;
const AT_ONCE = 500;

/**
 * Stores what an engine tells of a run, a tenth of a second later at most. What is seen of a run is not the run: where the database cannot take it
 * the run goes on and the log says so.
 */
export function recordRun(
  run: string,
  { runs, log }: { readonly runs: RunStore['runs']; readonly log: Log },
): RunWitness & { close(): Promise<void> } {
  const waiting: RunEvent[] = [];
  let storing: Promise<void> = Promise.resolve();
  const write = (work: () => Promise<void>) => {
    storing = storing.then(work).catch((error: unknown) => {
      log.warn({ run, error: messageOf(error) }, 'could not store what happened in a run');
    });
  };
  const flush = () => {
    if (waiting.length === 0) return;
    const events = waiting.splice(0, AT_ONCE);
    write(() => runs.addEvents(run, events));
    if (waiting.length > 0) flush();
  };
  const timer = setInterval(flush, STORE_EVERY_MS);
  return {
    event: (event) => void waiting.push(event),
    resources: (resources) => write(() => runs.setGraph(run, resources)),
    async close() {
      clearInterval(timer);
      flush();
      await storing;
    },
  };
}
