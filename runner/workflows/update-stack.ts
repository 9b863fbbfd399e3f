import { DBOS } from '@dbos-inc/dbos-sdk';
import { userError } from '../../foundation/errors.ts';
import { comparePreviews, stepFingerprints } from '../core/digest.ts';
import { shownSteps } from '../core/planned-step.ts';
import { short, stepLine } from '../core/report-text.ts';
import type { Decision } from '../core/rollout.ts';
import type { Outcome, Run, RunState } from '../core/run.ts';
import { countsText, type RunEnd } from '../core/summarise.ts';
import { finishRun } from './finish-run.ts';
import { beginInOrder, markApplied } from './merge-order.ts';
import { beginRun, previewNow } from './preview-stack.ts';
import { reviewedFingerprints } from './reviewed-previews.ts';
import { runStep } from './run-step.ts';
import type { Services } from './services.ts';
import { withCheckout } from './with-checkout.ts';

/** Days that a run waits for a person before it asks anew. */
const DECISION_DAYS = 30;

/**
 * The workflow of an update: recover what an earlier attempt left, preview again and compare with what was reviewed, update, remember. It
 * runs in the queue `stacks`, one at a time per stack. After a crash it goes on with the step it was at; the update itself is
 * begun again only after what was left of the earlier one has ended, and finds done what was done.
 */
export function updateStack(services: Services) {
  return async (id: string): Promise<RunState> => {
    const end = await steps(services, id);
    return DBOS.runStep(() => finishRun(services, id, end), { name: 'finish' });
  };
}

/** An approval is for what the preview said: once it is given the preview is made again, and more than that waits again. */
async function steps(services: Services, id: string): Promise<RunEnd> {
  let approved: readonly string[] | undefined;
  let assumeNotCreated = false;
  for (let round = 1; ; round += 1) {
    const checked = await runStep(services, { run: id, name: nameOf('preview', round) }, (told) =>
      compareWithReview(services, id, { ...told, approved }),
    );
    if (!checked.ok) return { kind: 'error', error: checked.error };
    if (checked.value.newer !== undefined) return { kind: 'superseded', by: checked.value.newer };
    if (checked.value.failure) return { kind: 'outcome', outcome: await outcomeOf(services, id) };
    let question = checked.value.wider;
    if (question === undefined) {
      const updated = await runStep(services, { run: id, name: nameOf('update', round) }, (told) =>
        updateNow(services, id, { ...told, assumeNotCreated }),
      );
      if (!updated.ok) return { kind: 'error', error: updated.error };
      if (updated.value.length === 0) return { kind: 'outcome', outcome: await outcomeOf(services, id) };
      question = unclearText(updated.value);
      assumeNotCreated = true;
    }
    const rejection = await waitForPerson(services, id, question);
    if (rejection) return rejection;
    approved = checked.value.planned ?? approved;
  }
}

function nameOf(step: 'preview' | 'update', round: number): string {
  return round === 1 ? step : `${step} after approval${round === 2 ? '' : ` ${round - 1}`}`;
}

function unclearText(unclear: readonly string[]): string {
  return (
    `an earlier update was interrupted while it created ${unclear.join(', ')}, and nobody can say whether it did. ` +
    'See whether they exist: import or delete what does, then approve'
  );
}

async function outcomeOf(services: Services, id: string): Promise<Outcome> {
  return DBOS.runStep(async () => (await services.store.runs.get(id))!.outcome!, { name: 'outcome' });
}

/** What ends a run's wait. */
type RunMessage = Decision | { readonly kind: 'overtaken'; readonly by: string };

/** Waits until somebody decides, or a newer commit carries this one's rest. It costs no worker and survives restarts. An end is returned unless they approve. */
async function waitForPerson(services: Services, id: string, why: string): Promise<RunEnd | undefined> {
  const newer = await DBOS.runStep(() => beginWait(services, id, why), { name: 'wait' });
  if (newer !== undefined) return { kind: 'superseded', by: newer };
  let message: RunMessage | null = null;
  while (message === null)
    message = await DBOS.recv<RunMessage>('decision', { timeoutSeconds: DECISION_DAYS * 86_400 });
  if (message.kind === 'overtaken') return { kind: 'superseded', by: message.by };
  const { kind, by, reason } = message;
  if (kind !== 'approve') return { kind: 'rejected', by, reason };
  await DBOS.runStep(() => services.store.runs.set(id, { state: 'running', summary: `approved by ${by}` }), {
    name: 'go on',
  });
  return undefined;
}

/** Returns the newer commit where one came before this run began to wait: nobody would tell it any more. */
async function beginWait(services: Services, id: string, why: string): Promise<string | undefined> {
  await services.store.runs.set(id, { state: 'waiting', summary: `waits: ${why}` });
  const run = await services.store.runs.get(id);
  const [newest] = run ? await services.store.rollouts.list(run.repository, 1) : [];
  if (newest && run?.rollout !== undefined && newest.id !== run.rollout && newest.state !== 'failed')
    return short(newest.commit);
  services.tell(`run ${id} waits: ${why}. Decide with \`mainstay approve ${id}\` or \`mainstay reject ${id}\`.`);
  return undefined;
}

interface Told {
  readonly signal: AbortSignal;
  note(text: string): void;
}

interface Compared {
  readonly failure: boolean;
  /** What would be done past what was reviewed or approved; undefined where nothing is. */
  readonly wider: string | undefined;
  /** The newer commit that has decided about the stack before this update began: there is nothing to do then. */
  readonly newer?: string;
  /** Fingerprints of the whole preview, where there is something to approve. */
  readonly planned?: readonly string[];
}

/** Previews at the merge commit. A change that nobody previewed has nothing to be compared with. */
async function compareWithReview(
  services: Services,
  id: string,
  { signal, note, approved }: Told & { readonly approved: readonly string[] | undefined },
): Promise<Compared> {
  const run = await beginRun(services, id);
  const newer = await beginInOrder(services, run);
  if (newer !== undefined) return { failure: false, wider: undefined, newer };
  const outcome = await previewNow(services, run, signal);
  await services.store.runs.set(id, { outcome });
  if (outcome.result === 'failed') return { failure: true, wider: undefined };
  if (!approved && (await isStateLost(services, run, outcome)))
    return { failure: false, wider: LOST_STATE, planned: outcome.fingerprints };
  const known = approved ?? (await reviewedFingerprints(services, run));
  const verb = approved ? 'approved' : 'reviewed';
  if (!known) {
    note(`${countsText('preview', outcome)}; no reviewed preview`);
    return { failure: false, wider: undefined };
  }
  const comparison = comparePreviews(known, outcome.fingerprints);
  note(`${countsText('preview', outcome)}; ${comparison === 'same' ? `as ${verb}` : `${comparison} than ${verb}`}`);
  if (comparison !== 'wider') return { failure: false, wider: undefined };
  const extra = outcome.steps.filter((step) => comparePreviews(known, stepFingerprints([step])) === 'wider');
  const wider = `it would do more than was ${verb}: ${shownSteps(extra).map(stepLine).join(', ')}`;
  return { failure: false, wider, planned: outcome.fingerprints };
}

const LOST_STATE =
  'its state is gone or holds nothing, though it was updated before: everything would be made once more. ' +
  'Reject it, restore the state (docs/disaster-recovery.md) and retry; or approve to make everything anew';

/** A stack that was updated has its root in its state: where that would be made, nothing is known of what there is. */
async function isStateLost({ store }: Services, run: Run, { steps: all }: Outcome): Promise<boolean> {
  if (!all.some(({ type, operation }) => type === 'pulumi:pulumi:Stack' && operation === 'create')) return false;
  const known = (await store.stacks.list(run.repository)).find(({ id }) => id === run.stack);
  return known?.appliedCommit !== undefined;
}

/** Updates, after what an earlier life left is cleared. Returns creates of which a person has to say what became of them: then nothing was done. */
async function updateNow(
  services: Services,
  id: string,
  { signal, note, assumeNotCreated }: Told & { readonly assumeNotCreated: boolean },
): Promise<readonly string[]> {
  const run = await beginRun(services, id);
  const newer = await beginInOrder(services, run);
  if (newer !== undefined)
    throw userError(
      `Cannot update ${run.stack} to ${short(run.commit)} as a newer commit has decided about it meanwhile: ${newer}. Look at the rollout of that one.`,
    );
  return withCheckout(services, { run, signal }, async ({ engine, work }) => {
    const { done, unclear } = await engine.recover(work, { assumeNotCreated });
    note(done.join('; '));
    if (unclear.length > 0) return unclear;
    const outcome = await engine.update(work);
    note([...done, countsText('update', outcome)].join('; '));
    await services.store.runs.set(id, { outcome });
    if (outcome.result === 'succeeded') {
      await services.store.stacks.setReferences(run.repository, run.stack, outcome.references);
      await markApplied(services, run);
    }
    return [];
  });
}
