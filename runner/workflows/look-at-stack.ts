import { DBOS } from '@dbos-inc/dbos-sdk';
import { MainstayError } from '../../foundation/errors.ts';
import { correctionVerdict, judgeLook } from '../core/drift.ts';
import { lastCorrection, recordAfter, recordOfFailure } from '../core/drift-record.ts';
import type { DriftRecord, DriftState } from '../core/keeping-store.ts';
import { short } from '../core/report-text.ts';
import type { RunState } from '../core/run.ts';
import type { StackLook } from '../engines/engine.ts';
import { attempt } from './attempt.ts';
import { type DriftFacts, driftFacts, isBusy, type StackAt } from './drift-facts.ts';
import { putDriftNotice } from './drift-notice.ts';
import { runId } from './preview-change.ts';
import { STACKS_QUEUE } from './roll-out.ts';
import type { Services } from './services.ts';
import { SharedCheckouts } from './shared-checkouts.ts';
import { checkOut, openStack, stackAt } from './with-checkout.ts';

/** A look at one stack: in its turn, or because somebody asked. */
export interface LookAt extends StackAt {
  readonly asked: { readonly by: string; readonly correct: boolean } | undefined;
}

/** What became of a look. */
interface Looked {
  readonly state: DriftState | 'skipped';
  /** The run that puts back what differs, where that is to be done. */
  readonly correction: string | undefined;
}

/**
 * The workflow of one look for drift: read what is there into a copy of the state, ask the program of the commit that is applied, remember and say what
 * it would put back, and where the stack is set so, put it back. Changes nothing itself, so after a crash it is just made again.
 */
export function lookAtStack(services: Services, correct: (id: string) => Promise<RunState>) {
  const checkouts = new SharedCheckouts();
  return async (at: LookAt): Promise<DriftState | 'skipped'> => {
    const id = runId('d', DBOS.workflowID!);
    const looked = await DBOS.runStep(() => attempt(() => look(services, at, { id, checkouts }), services), {
      name: 'look',
    });
    if (!looked.ok) return DBOS.runStep(() => recordFailure(services, at, looked.error.message), { name: 'failed' });
    if (looked.value.state === 'skipped') return 'skipped';
    await DBOS.runStep(() => attempt(() => putDriftNotice(services, at), services), { name: 'tell' });
    const { correction } = looked.value;
    if (correction !== undefined) {
      const enqueueOptions = { queuePartitionKey: `${at.repository}:${at.stack}` };
      const handle = await DBOS.startWorkflow(correct, {
        workflowID: correction,
        queueName: STACKS_QUEUE,
        enqueueOptions,
      })(correction);
      await handle.getResult({ pollingIntervalMs: 50 }).catch(() => 'failed');
    }
    return looked.value.state;
  };
}

async function look(
  services: Services,
  at: LookAt,
  { id, checkouts }: { readonly id: string; readonly checkouts: SharedCheckouts },
): Promise<Looked> {
  const skipped: Looked = { state: 'skipped', correction: undefined };
  const facts = await driftFacts(services, at);
  if (!facts || (facts.settings.mode === 'off' && !at.asked) || (await isBusy(services, at))) return skipped;
  const began = services.clock.now();
  const place = { repository: at.repository, stack: at.stack, commit: facts.known.appliedCommit };
  const run = { id, ...place, kind: 'drift' as const, change: undefined };
  const { stack, engine, access } = await stackAt(services, run);
  const found = await checkouts.use(
    `${run.repository} ${run.commit} ${stack.project.file}`,
    () => checkOut(services, run, stack),
    (checkout) => engine.look(openStack({ run, stack, engine, access, checkout, signal: services.ending }).work),
  );
  // Who was at it meanwhile made what was seen old.
  if (await wasTouched(services, at, { facts, began })) return skipped;
  if (found.outcome?.result === 'failed')
    throw new MainstayError('user', found.outcome.problem ?? 'the program failed without saying why');
  return remember(services, at, { id, facts, found });
}

async function wasTouched(
  services: Services,
  at: StackAt,
  { facts, began }: { readonly facts: DriftFacts; readonly began: number },
): Promise<boolean> {
  const now = await driftFacts(services, at);
  if (now?.known.appliedCommit !== facts.known.appliedCommit || (await isBusy(services, at))) return true;
  const [last] = (await services.store.runs.page({ ...at, kind: 'update', limit: 1 })).items;
  return last?.endedAt !== undefined && last.endedAt.getTime() >= began;
}

/** Judges what was found, writes it down, and makes the run that shows it where it is news. */
async function remember(
  services: Services,
  at: LookAt,
  { id, facts, found }: { readonly id: string; readonly facts: DriftFacts; readonly found: StackLook },
): Promise<Looked> {
  const { store, clock } = services;
  const { settings, closed, known } = facts;
  const now = new Date(clock.now());
  const before = await store.drift.get(at.repository, at.stack);
  const finding = judgeLook(found, { ignore: settings.ignore, today: now.toISOString().slice(0, 10) });
  const last = lastCorrection(before, { now: now.getTime(), commit: known.appliedCommit, every: settings.every });
  const asked = at.asked?.correct ?? false;
  const verdict = correctionVerdict(finding, { settings, closed, last, asked });
  const { repository, stack } = at;
  const place = { repository, stack, commit: known.appliedCommit };
  const record = recordAfter(before, { ...place, at: now, finding, verdict, correction: last });
  const isNews = record.run === undefined && (finding.differences.length > 0 || at.asked !== undefined);
  if (isNews) await addLookRun(services, { id, at, record, found });
  await store.drift.put({ ...record, run: record.run ?? (isNews ? id : undefined) });
  if (isNews || before?.state !== record.state) await sayState(services, record, before?.state);
  if (verdict.kind === 'leave') return { state: record.state, correction: undefined };
  const correction = runId('c', id);
  const reason = at.asked ? `asked by ${at.asked.by}` : 'it differs from its program';
  await store.runs.add({
    ...{ id: correction, ...place, kind: 'correction', change: undefined, rollout: undefined },
    reasons: [{ kind: at.asked ? 'asked' : 'drift', text: reason }],
  });
  return { state: record.state, correction };
}

async function addLookRun(
  { store, clock }: Services,
  {
    id,
    at,
    record,
    found,
  }: { readonly id: string; readonly at: LookAt; readonly record: DriftRecord; readonly found: StackLook },
): Promise<void> {
  const text = at.asked ? `asked by ${at.asked.by}` : 'its turn';
  const { repository, stack } = at;
  await store.runs.add({
    ...{ id, repository, stack, kind: 'drift', change: undefined, rollout: undefined, commit: record.commit! },
    reasons: [{ kind: at.asked ? 'asked' : 'drift', text }],
  });
  const ended = new Date(clock.now());
  const state = 'succeeded' as const;
  await store.runs.set(id, {
    state,
    summary: record.summary,
    outcome: found.outcome,
    startedAt: ended,
    endedAt: ended,
  });
}

async function sayState(services: Services, record: DriftRecord, before: DriftState | undefined): Promise<void> {
  // A first look that finds nothing is no news.
  if (record.state === 'none' && before === undefined) return;
  services.tell(`drift of ${record.stack} at ${short(record.commit!)}: ${record.summary}`);
  await services.store.audit.add({
    ...{ kind: 'drift', repository: record.repository, subject: record.stack, by: 'mainstay', text: record.summary },
    detail: { state: record.state },
    key: `drift ${record.repository} ${record.stack} ${record.lookedAt?.toISOString()}`,
  });
}

async function recordFailure(services: Services, at: StackAt, problem: string): Promise<DriftState> {
  const { store, clock } = services;
  const before = await store.drift.get(at.repository, at.stack);
  const commit = (await driftFacts(services, at).catch(() => undefined))?.known.appliedCommit;
  const { repository, stack } = at;
  const record = recordOfFailure(before, { repository, stack, commit, at: new Date(clock.now()), problem });
  await store.drift.put(record);
  if (before?.state !== 'unknown') services.tell(`drift of ${at.stack} ${record.summary}`);
  return record.state;
}
