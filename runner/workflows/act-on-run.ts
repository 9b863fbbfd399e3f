import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Actor } from '../core/account.ts';
import type { Run, RunState } from '../core/run.ts';
import { attemptId } from './attempt-id.ts';
import { queueAgain } from './roll-out.ts';
import type { Services } from './services.ts';

/** A run that somebody acts on. */
export type ActedRun = Pick<Run, 'id' | 'attempt' | 'repository' | 'stack' | 'kind'>;

/** Ends a run that has not ended: its engine finishes what it is at. */
export async function cancelRun(services: Services, run: ActedRun, actor: Actor): Promise<void> {
  const { id, attempt } = run;
  const endedAt = new Date(services.clock.now());
  await services.store.audit.add(entry('cancel', { run, actor }));
  await services.store.runs.set(id, { state: 'cancelled', summary: `cancelled by ${actor.by}`, endedAt });
  await DBOS.cancelWorkflow(attemptId(id, attempt));
}

/** Previews again what failed or was cancelled. */
export async function retryPreview(
  services: Services,
  { run, actor }: { readonly run: ActedRun; readonly actor: Actor },
  preview: (id: string) => Promise<RunState>,
): Promise<void> {
  const { id, attempt } = run;
  await services.store.audit.add(entry('retry', { run, actor }));
  await queueAgain(services, [id], attempt + 1);
  await DBOS.startWorkflow(preview, { workflowID: attemptId(id, attempt + 1) })(id);
}

/** For the audit trail: what somebody made of a run. */
function entry(kind: 'cancel' | 'retry', { run, actor }: { readonly run: ActedRun; readonly actor: Actor }) {
  const { id, repository, stack, attempt } = run;
  const text = `${kind} the ${run.kind} of ${stack}`;
  return { kind, repository, subject: id, ...actor, text, key: `${kind} ${attemptId(id, attempt)}` };
}
