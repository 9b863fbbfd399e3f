import { DBOS } from '@dbos-inc/dbos-sdk';
import { statusStateOf } from '../core/forge.ts';
import type { Outcome, Run, RunState } from '../core/run.ts';
import { countsText } from '../core/summarise.ts';
import { attempt, OUTAGE_SECONDS } from './attempt.ts';
import { finishRun } from './finish-run.ts';
import { previewBehind } from './preview-behind.ts';
import { reportAgain } from './preview-change.ts';
import { runStep } from './run-step.ts';
import { repositoryOf, type Services } from './services.ts';
import { withCheckout } from './with-checkout.ts';

/** The workflow of a preview: one stack at one merge commit. Takes no lock and changes nothing, so after a crash it is just made again. */
export function previewStack(services: Services) {
  return async (id: string): Promise<RunState> => {
    // The first attempt is told by the workflow of its change, which waits for all.
    const again = DBOS.workflowID !== id;
    // Not waited for before the preview: the forge may be away.
    const told = again
      ? DBOS.runStep(() => tellAgain(services, id), { name: 'tell that it is tried again' })
      : undefined;
    told?.catch(() => {});
    const result = await runStep(services, { run: id, name: 'preview' }, async ({ signal, note }) => {
      const run = await beginRun(services, id);
      const outcome = await previewNow(services, run, signal);
      note(countsText('preview', outcome));
      await services.store.runs.set(id, { outcome });
    });
    const state = await DBOS.runStep(
      async () => {
        if (!result.ok) return finishRun(services, id, { kind: 'error', error: result.error });
        const run = await services.store.runs.get(id);
        return finishRun(services, id, { kind: 'outcome', outcome: run!.outcome! });
      },
      { name: 'finish' },
    );
    await told;
    await DBOS.runStep(() => (again ? tellAgain(services, id) : tellStack(services, id)), { name: 'status' });
    return state;
  };
}

async function tellAgain(services: Services, id: string): Promise<void> {
  await tellStack(services, id);
  const run = await services.store.runs.get(id);
  if (run && run.state !== 'superseded') await reportAgain(services, run);
}

/** The status of one stack on the head of its change, where the forge shows more than one. One that was superseded has nothing to say. */
async function tellStack(services: Services, id: string): Promise<void> {
  const work = async () => {
    const run = await services.store.runs.get(id);
    if (!run?.change || run.state === 'superseded') return;
    const { forge } = repositoryOf(services, run.repository);
    const change = forge.proposals && (await services.store.changes.get(run.change));
    if (!change || change.merge !== run.commit) return;
    await forge.setStatus({
      ...{ commit: change.head, context: `mainstay/${run.stack}`, state: statusStateOf(run.state) },
      ...{ text: run.summary || 'is being previewed', link: services.link(`runs/${run.id}`) },
    });
  };
  const told = await attempt(work, { ...services, patienceSeconds: OUTAGE_SECONDS });
  if (!told.ok)
    services.log.error({ run: id, error: told.error.message }, 'the forge did not take the status of a stack');
}

/** Marks a run as running. A later attempt keeps the time of the first. */
export async function beginRun(services: Services, id: string): Promise<Run> {
  const run = await services.store.runs.get(id);
  if (!run) throw new Error(`no run ${id}`);
  const startedAt = run.startedAt ?? new Date(services.clock.now());
  await services.store.runs.set(id, { state: 'running', startedAt });
  return { ...run, startedAt };
}

/** Also where it is an update that begins with a preview: that one sees and uses what previews may. */
export async function previewNow(services: Services, run: Run, signal: AbortSignal): Promise<Outcome> {
  return withCheckout(services, { run: { ...run, kind: 'preview' }, signal }, (open) =>
    previewBehind(services, run, open),
  );
}
