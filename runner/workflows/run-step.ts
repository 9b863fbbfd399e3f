import { DBOS } from '@dbos-inc/dbos-sdk';
import { type Attempt, attempt } from './attempt.ts';
import type { Services } from './services.ts';

/** What a step of a run gets. */
export interface StepContext {
  /** Aborted when the run is cancelled or superseded. */
  readonly signal: AbortSignal;
  /** Says how it goes, for the step's line. */
  note(text: string): void;
}

/**
 * One named step of a run: durable (its result is stored, and after a crash it is done again or taken from there), repeated where its error
 * passes, and shown as a line of the run. Steps never write the run's state.
 */
export async function runStep<T>(
  services: Services,
  { run, name }: { readonly run: string; readonly name: string },
  work: (context: StepContext) => Promise<T>,
): Promise<Attempt<T>> {
  return DBOS.runStep(
    async () => {
      const signal = AbortSignal.any([DBOS.stepStatus!.cancelSignal, services.ending]);
      const { runs } = services.store;
      let detail = '';
      await runs.beginStep(run, name);
      const note = (text: string) => {
        detail = text;
      };
      let waited = false;
      const onWait = async (why: string) => {
        waited = true;
        await runs.set(run, { summary: `tries again: ${why}` });
      };
      const result = await attempt(() => work({ signal, note }), { ...services, signal, onWait });
      if (waited && result.ok) await runs.set(run, { summary: '' });
      if (!result.ok && result.error.kind === 'bug')
        services.log.error({ run, step: name, error: result.error.message }, 'a step failed by a bug of ours');
      await runs.endStep(run, name, {
        state: result.ok ? 'succeeded' : 'failed',
        detail: result.ok ? detail : result.error.message,
      });
      return result;
    },
    { name },
  );
}
