import { short } from '../core/report-text.ts';
import { ENDED_STATES, type RunState } from '../core/run.ts';
import { type RunEnd, summarise } from '../core/summarise.ts';
import type { Services } from './services.ts';

/** Ends a run, once: state, summary and time. A run that ended before (superseded) keeps its end. Returns its state. */
export async function finishRun(services: Services, id: string, end: RunEnd): Promise<RunState> {
  const run = await services.store.runs.get(id);
  if (!run) throw new Error(`no run ${id}`);
  if (ENDED_STATES.includes(run.state)) return run.state;
  const { state, text } = summarise(run.kind, end);
  await services.store.runs.set(id, { state, summary: text, endedAt: new Date(services.clock.now()) });
  const seconds = run.startedAt ? ` in ${((services.clock.now() - run.startedAt.getTime()) / 1000).toFixed(2)} s` : '';
  services.tell(
    `${run.kind} of ${run.stack}${run.outcome?.sandbox ? ' (sandbox)' : ''} at ${short(run.commit)} ${state}${seconds}: ${text}`,
  );
  return state;
}
