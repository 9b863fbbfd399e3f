import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { RunEventResponse } from '../api/responses.ts';
import { ENDED_STATES, type Run } from '../core/run.ts';
import type { NumberedEvent } from '../core/run-event.ts';
import type { RunStore } from '../core/run-store.ts';

const LOOK_EVERY_MS = 150;
/** Proxies close connections that are quiet for a minute. */
const SIGN_OF_LIFE_MS = 15_000;
const BATCH = 500;

/**
 * The events of a run as server-sent events, from the number after `after`; ends with the event `end` when the run has
 * ended, or has told everything. They are read from the
 * store, so any runner can tell of any run, and a connection that was lost goes on where it was.
 */
export function streamRun(
  context: Context,
  {
    runs,
    run,
    after,
    follow,
    ending,
    veil,
    isStillSeen,
    askAgainMs = SIGN_OF_LIFE_MS,
  }: {
    readonly runs: RunStore['runs'];
    readonly run: Run;
    readonly after: number;
    /** False: what there is, and the end. */
    readonly follow: boolean;
    readonly ending: AbortSignal;
    /** Takes out of a text what whoever reads may not see. */
    veil(text: string): string;
    /** Rejects, or is false, once they may not read this any more. */
    isStillSeen(): Promise<boolean>;
    /** How often that is asked. */
    readonly askAgainMs?: number;
  },
): Response {
  // A proxy that waits for the whole answer would show nothing: nginx knows this header.
  context.header('x-accel-buffering', 'no');
  return streamSSE(context, async (stream) => {
    let last = after;
    let ended = !follow || ENDED_STATES.includes(run.state);
    let quietSince = performance.now();
    let askedAt = performance.now();
    while (!stream.aborted && !ending.aborted) {
      const events = await runs.events(run.id, last, BATCH);
      for (const event of events) {
        await stream.writeSSE({ id: String(event.number), data: veiledJson(eventResponse(event), veil) });
        if (follow && event.event.kind === 'state') ended = ENDED_STATES.includes(event.event.state);
        last = event.number;
      }
      if (performance.now() - askedAt > askAgainMs) {
        // Without the event `end`: who reads asks again, and is told why not.
        if (!(await isStillSeen().catch(() => false))) return;
        askedAt = performance.now();
      }
      if (events.length > 0) quietSince = performance.now();
      if (events.length === BATCH) continue;
      if (ended) return stream.writeSSE({ event: 'end', data: '{}' });
      if (performance.now() - quietSince > SIGN_OF_LIFE_MS) {
        await stream.write(': still here\n\n');
        quietSince = performance.now();
        ended = ENDED_STATES.includes((await runs.get(run.id))?.state ?? 'cancelled');
      }
      await stream.sleep(LOOK_EVERY_MS);
    }
  });
}

function veiledJson(value: unknown, veil: (text: string) => string): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? veil(part) : part));
}

export function eventResponse({ number, at, event }: NumberedEvent): RunEventResponse {
  return { number, at: at.toISOString(), event };
}
