import { DBOS } from '@dbos-inc/dbos-sdk';
import { correctionOf, correctionVerdict, judgeLook, staysGentle } from '../core/drift.ts';
import { lastCorrection, recordAfter } from '../core/drift-record.ts';
import type { RunState } from '../core/run.ts';
import { countsText, type RunEnd } from '../core/summarise.ts';
import { driftFacts } from './drift-facts.ts';
import { putDriftNotice } from './drift-notice.ts';
import { finishRun } from './finish-run.ts';
import { beginRun } from './preview-stack.ts';
import { runStep, type StepContext } from './run-step.ts';
import type { Services } from './services.ts';
import { withCheckout } from './with-checkout.ts';

/**
 * The workflow that puts a stack back, in the queue of its updates: look again, as the world may have moved while it waited; put back exactly what
 * may be; look once more and remember what was put back. After a crash it goes on at the step it was at.
 */
export function correctStack(services: Services) {
  return async (id: string): Promise<RunState> => {
    const end = await steps(services, id);
    return DBOS.runStep(() => finishRun(services, id, end), { name: 'finish' });
  };
}

async function steps(services: Services, id: string): Promise<RunEnd> {
  const judged = await runStep(services, { run: id, name: 'look again' }, (told) => judge(services, id, told));
  if (!judged.ok) return { kind: 'error', error: judged.error };
  if (judged.value.why !== undefined) return { kind: 'rejected', by: 'mainstay', reason: judged.value.why };
  const { targets } = judged.value;
  const done = await runStep(services, { run: id, name: 'put back' }, (told) =>
    putBack(services, { id, targets }, told),
  );
  if (!done.ok || done.value !== undefined) {
    await DBOS.runStep(() => forget(services, id), { name: 'forget' });
    if (!done.ok) return { kind: 'error', error: done.error };
    return { kind: 'rejected', by: 'mainstay', reason: done.value };
  }
  const after = await runStep(services, { run: id, name: 'look after' }, (told) => lookAfter(services, id, told));
  if (!after.ok) return { kind: 'error', error: after.error };
  const run = await DBOS.runStep(async () => (await services.store.runs.get(id))!.outcome!, { name: 'outcome' });
  return { kind: 'outcome', outcome: run };
}

interface Judged {
  readonly targets: readonly string[];
  readonly why: string | undefined;
}

async function judge(services: Services, id: string, { signal, note }: StepContext): Promise<Judged> {
  const run = await beginRun(services, id);
  const facts = await driftFacts(services, run);
  if (facts?.known.appliedCommit !== run.commit) return { targets: [], why: 'another commit was applied meanwhile' };
  const found = await withCheckout(services, { run, signal }, ({ engine, work }) => engine.look(work));
  if (found.outcome?.result === 'failed') return { targets: [], why: found.outcome.problem ?? 'the program failed' };
  const { settings, closed } = facts;
  const now = services.clock.now();
  const finding = judgeLook(found, { ignore: settings.ignore, today: new Date(now).toISOString().slice(0, 10) });
  const before = await services.store.drift.get(run.repository, run.stack);
  const last = lastCorrection(before, { now, commit: run.commit, every: settings.every });
  const asked = run.reasons.some(({ kind }) => kind === 'asked');
  const verdict = correctionVerdict(finding, { settings, closed, last, asked });
  if (verdict.kind === 'leave') return { targets: [], why: verdict.why };
  note(finding.differences.map(({ urn }) => urn).join(', '));
  // What is being put back is written down first: if it comes again after a crash in the middle, it is known all the same.
  const correction = correctionOf(finding.differences, { at: new Date(now).toISOString(), commit: run.commit, last });
  await services.store.runs.set(id, { outcome: found.outcome });
  const record = recordAfter(before, { ...run, at: new Date(now), finding, verdict, correction: last });
  await services.store.drift.put({ ...record, run: before?.run, correction });
  return { targets: verdict.targets, why: undefined };
}

/** Returns why nothing was done, where that is so. */
async function putBack(
  services: Services,
  { id, targets }: { readonly id: string; readonly targets: readonly string[] },
  { signal, note }: StepContext,
): Promise<string | undefined> {
  const run = await beginRun(services, id);
  return withCheckout(services, { run, signal }, async ({ engine, work }) => {
    const { done, unclear } = await engine.recover(work);
    if (unclear.length > 0) return `an earlier update was interrupted while it created ${unclear.join(', ')}`;
    const found = await engine.look(work);
    if (!staysGentle(found.steps, targets)) return 'what differs has changed again: it is looked at in the next turn';
    const outcome = await engine.correct(work, targets);
    note([...done, countsText('correction', outcome)].join('; '));
    await services.store.runs.set(id, { outcome });
    return undefined;
  });
}

/** What was not put back has not come again either. */
async function forget({ store }: Services, id: string): Promise<void> {
  const run = (await store.runs.get(id))!;
  const record = await store.drift.get(run.repository, run.stack);
  if (record) await store.drift.put({ ...record, correction: undefined });
}

async function lookAfter(services: Services, id: string, { signal, note }: StepContext): Promise<void> {
  const { store, clock } = services;
  const run = (await store.runs.get(id))!;
  const facts = await driftFacts(services, run);
  const before = await store.drift.get(run.repository, run.stack);
  if (facts?.known.appliedCommit !== run.commit || !before) return note('another commit was applied meanwhile');
  const failed = run.outcome?.result === 'failed';
  const found = await withCheckout(services, { run, signal }, ({ engine, work }) => engine.look(work));
  const now = new Date(clock.now());
  const { settings } = facts;
  const finding = judgeLook(found, { ignore: settings.ignore, today: now.toISOString().slice(0, 10) });
  // What could not be put back is tried again in the next turn; only what was put back counts as coming again.
  const correction = failed ? undefined : before.correction;
  const why = failed
    ? `it could not be put back: ${run.outcome?.problem ?? ''}`
    : 'it is looked at again in its next turn';
  const verdict = { kind: 'leave' as const, why, flapping: [] };
  const record = recordAfter(before, { ...run, at: now, finding, verdict, correction });
  const text = failed ? record.summary : `put back: ${before.finding.differences.map(({ urn }) => urn).join(', ')}`;
  await store.drift.put({ ...record, run: id });
  await store.audit.add({
    ...{ kind: 'correction', repository: run.repository, subject: run.stack, by: 'mainstay', text },
    key: `correction ${id}`,
  });
  note(record.summary);
  await putDriftNotice(services, run);
}
