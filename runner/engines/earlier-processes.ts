import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { endRecorded, isAlive, ownIdentity, signalGroup } from '../../foundation/processes.ts';
import type { RecordedProcess, RunStore } from '../core/run-store.ts';
import type { StackWork } from './engine.ts';

/** What an interrupted engine gets to finish the step that it is at. */
const INTERRUPT_GRACE_MS = 20_000;

/** What earlier lives of ours, and other workers, recorded for this stack. The records go when an update has come through. */
export async function earlierProcesses(
  processes: RunStore['processes'],
  { repository, stack }: StackWork,
): Promise<readonly RecordedProcess[]> {
  const own = ownIdentity();
  const all = await processes.list({ repository, stack });
  return all.filter(
    ({ pid, startTime, host }) => pid !== own.pid || startTime !== own.startTime || host !== hostname(),
  );
}

/**
 * Whether the process does nothing any more. Of another machine nobody can see that: there its worker's session with the database tells, without which
 * a worker ends what it is at (worker-session.ts).
 */
export function isGone(process: RecordedProcess): boolean {
  return process.host === hostname() ? !isAlive(process) : !process.workerLives;
}

/**
 * Ends a process of this machine. SIGINT first: the official engine then finishes the step that it is at, writes it down and gives its lock back.
 * Resolves to whether there was something to end.
 */
export async function endEarlier(process: RecordedProcess): Promise<boolean> {
  if (process.host !== hostname() || !isAlive(process)) return false;
  signalGroup(process.pid, 'SIGINT');
  const deadline = performance.now() + INTERRUPT_GRACE_MS;
  while (isAlive(process) && performance.now() < deadline) await delay(50);
  await endRecorded(process);
  return true;
}
