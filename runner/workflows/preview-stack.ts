import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Outcome, Run, RunState } from '../core/run.ts';
import { countsText } from '../core/summarise.ts';
import { finishRun } from './finish-run.ts';
import { runStep } from './run-step.ts';
import type { Services } from './services.ts';
import { withCheckout } from './with-checkout.ts';

/** The workflow of a preview: one stack at one merge commit. Takes no lock and changes nothing, so after a crash it is just made again. */
export function previewStack(services: Services) {
  return async (id: string): Promise<RunState> => {
    const result = await runStep(services, { run: id, name: 'preview' }, async ({ signal, note }) => {
      const run = await beginRun(services, id);
      const outcome = await previewNow(services, run, signal);
      note(countsText('preview', outcome));
      await services.store.runs.set(id, { outcome });
    });
    return DBOS.runStep(
      async () => {
        if (!result.ok) return finishRun(services, id, { kind: 'error', error: result.error });
        const run = await services.store.runs.get(id);
        return finishRun(services, id, { kind: 'outcome', outcome: run!.outcome! });
      },
      { name: 'finish' },
    );
  };
}

/** Marks a run as running. A later attempt keeps the time of the first. */
export async function beginRun(services: Services, id: string): Promise<Run> {
  const run = await services.store.runs.get(id);
  if (!run) throw new Error(`no run ${id}`);
  const startedAt = run.startedAt ?? new Date(services.clock.now());
  await services.store.runs.set(id, { state: 'running', startedAt });
  return { ...run, startedAt };
}

export async function previewNow(services: Services, run: Run, signal: AbortSignal): Promise<Outcome> {
  return withCheckout(services, { run, signal }, ({ engine, work }) => engine.preview(work));
}
