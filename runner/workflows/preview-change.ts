import { createHash } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { messageOf } from '../../foundation/errors.ts';
import { type Affected, findAffected } from '../core/affected-stacks.ts';
import type { Change } from '../core/change.ts';
import { type CommitStatus, statusStateOf } from '../core/forge.ts';
import { type ChangeReport, commentOf, short, undoVerdict, verdictOf } from '../core/report-text.ts';
import type { Run, RunState } from '../core/run.ts';
import { readSettings } from '../core/settings.ts';
import { isBlocked, type TypeCheck, typesText } from '../core/type-check.ts';
import { type Attempt, attempt, OUTAGE_SECONDS } from './attempt.ts';
import { attemptId } from './attempt-id.ts';
import { type ChangeAt, changeId } from './change-at.ts';
import { checkTypes } from './check-types.ts';
import { judgeUndo } from './judge-undo.ts';
import { upstreamsOf } from './known-upstreams.ts';
import { repositoryOf, type Services } from './services.ts';

export interface ChangePlan {
  /** Ids of the preview runs, one per affected stack. */
  readonly runs: readonly string[];
  /** The stacks of the runs. */
  readonly stacks: readonly string[];
  /** Earlier runs whose place these take. */
  readonly superseded: readonly string[];
  /** Their workflows. */
  readonly supersededAttempts?: readonly string[];
  readonly untouched: number;
  readonly removed: readonly string[];
  readonly problem: string | undefined;
}

/** The workflow of a change: merge, find the affected stacks, preview each, report, and say whether it can be undone. A newer one supersedes what is left of the older. */
export function previewChange(services: Services, preview: (id: string) => Promise<RunState>) {
  return async (at: ChangeAt): Promise<void> => {
    const started = await DBOS.runStep(async () => services.clock.now(), { name: 'begin' });
    const planned = await DBOS.runStep(() => attempt(() => planChange(services, at, DBOS.workflowID!), services), {
      name: 'plan',
    });
    const plan = await DBOS.runStep(() => recordPlan(services, at, planned), { name: 'record plan' });
    if (!plan) return;
    for (const id of plan.supersededAttempts ?? plan.superseded) await DBOS.cancelWorkflow(id);
    // Not waited for before the previews begin: the forge may be slow.
    const told = DBOS.runStep(() => tellPending(services, at, plan), { name: 'pending' });
    told.catch(() => {});
    const handles = [];
    for (const id of plan.runs) handles.push(await DBOS.startWorkflow(preview, { workflowID: id })(id));
    await told;
    for (const handle of handles) await settled(handle.getResult());
    await DBOS.runStep(() => reportChange(services, at, { plan, started }), { name: 'report' });
    if (at.queue) return;
    const news = await judgeUndo(services, at, plan.runs);
    await DBOS.runStep(() => tellUndo(services, at, { plan, news }), { name: 'tell the undo' });
    const types = await DBOS.runStep(() => checkTypes(services, at, plan.stacks), { name: 'types' });
    if (types) await DBOS.runStep(() => tellTypes(services, at, { plan, types }), { name: 'tell the types' });
  };
}

/** A preview that was cancelled or broke has said so in its run. */
async function settled(result: Promise<unknown>): Promise<void> {
  await result.catch(() => {});
}

async function planChange(
  services: Services,
  at: ChangeAt,
  workflow: string,
): Promise<ChangePlan & { readonly merge: string | undefined }> {
  const { store } = services;
  const { mirror } = repositoryOf(services, at.repository);
  const id = changeId(at);
  const earlier = await store.runs.list({ change: id, kind: 'preview', states: ['queued', 'running'], limit: 1000 });
  const superseded = earlier.map((run) => run.id);
  const supersededAttempts = earlier.map((run) => attemptId(run.id, run.attempt));
  const merge = await mirror.merge(at.base, at.head);
  if (merge.kind === 'conflict') {
    const problem = `It conflicts with the base branch in ${merge.files.join(', ')}. Merge the base branch into it and resolve that.`;
    return {
      runs: [],
      stacks: [],
      superseded,
      supersededAttempts,
      untouched: 0,
      removed: [],
      problem,
      merge: undefined,
    };
  }
  const { affected, untouched, removed } = await affectedBy(services, { ...at, merge: merge.commit });
  const runs: string[] = [];
  for (const { stack, reasons } of affected) {
    const run = runId('p', `${workflow}/${stack.id}`);
    const place = { repository: at.repository, stack: stack.id, commit: merge.commit };
    await store.runs.add({ id: run, ...place, kind: 'preview', change: id, rollout: undefined, reasons });
    runs.push(run);
  }
  return {
    runs,
    stacks: affected.map(({ stack }) => stack.id),
    superseded: superseded.filter((run) => !runs.includes(run)),
    supersededAttempts: supersededAttempts.filter((run) => !runs.includes(run)),
    untouched: untouched.length,
    removed,
    problem: undefined,
    merge: merge.commit,
  };
}

async function affectedBy(
  services: Services,
  { repository, base, merge }: Pick<ChangeAt, 'repository' | 'base'> & { readonly merge: string },
): Promise<Affected> {
  const { mirror } = repositoryOf(services, repository);
  const [before, after] = await Promise.all([mirror.tree(base), mirror.tree(merge)]);
  // Settings grant power, so the base branch's count; those of the change have to be readable all the same.
  const settings = await readSettings(before);
  await readSettings(after);
  const upstreams = upstreamsOf(await services.store.stacks.list(repository));
  return findAffected(before, after, { settings, upstreams });
}

/** Short, and the same when a workflow is done again. */
export function runId(prefix: 'p' | 'u' | 'd' | 'c' | 'v' | 'i' | 'e', text: string): string {
  return `${prefix}-${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;
}

/** Undefined where a newer head has come, or the change is closed, and nobody pushed this one: then all stays as it is. */
async function recordPlan(
  services: Services,
  at: ChangeAt,
  planned: Attempt<ChangePlan & { readonly merge: string | undefined }>,
): Promise<ChangePlan | undefined> {
  const { store, clock } = services;
  const plan = planned.ok
    ? planned.value
    : {
        runs: [],
        stacks: [],
        superseded: [],
        untouched: 0,
        removed: [],
        problem: planned.error.message,
        merge: undefined,
      };
  const { repository, name, head, base } = at;
  // What a queue asks about is no change that anybody proposed: nothing else looks at it.
  const state = at.queue ? ('closed' as const) : ('open' as const);
  const { merge, problem } = plan;
  const change = { id: changeId(at), repository, name, state, head, base, merge, problem, author: at.author };
  // Heads that strangers pushed come here by a maintainer's word alone, which is for previews.
  const allowed = !at.sameHead && !at.queue;
  const isRecorded = await store.changes.put({ ...change, held: false, allowed }, at.sameHead ? { head } : undefined);
  const summary = isRecorded ? `superseded by ${short(head)}` : 'the change is at another head';
  for (const id of isRecorded ? plan.superseded : plan.runs)
    await store.runs.set(id, { state: 'superseded', summary, endedAt: new Date(clock.now()) });
  return isRecorded ? plan : undefined;
}

/** Statuses of the stacks that are going to be previewed, each taken back by the end of its run. Plain Git has the one for all. */
async function tellPending(services: Services, at: ChangeAt, plan: ChangePlan): Promise<void> {
  const { forge } = repositoryOf(services, at.repository);
  if (!forge.proposals || plan.runs.length === 0) return;
  const link = services.link(`changes/${changeId(at)}`);
  const pending = { commit: at.head, state: 'pending' as const, text: 'is being previewed', link };
  const contexts = ['mainstay', ...plan.stacks.map((stack) => `mainstay/${stack}`)];
  const results = await Promise.allSettled(contexts.map((context) => forge.setStatus({ ...pending, context })));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed)
    services.log.warn({ change: changeId(at), error: messageOf(failed.reason) }, 'the forge did not take a status');
}

/** Writes the comment and the statuses, and says the verdict. A forge that cannot be reached is said and does not undo the preview. */
async function reportChange(
  services: Services,
  at: ChangeAt,
  { plan, started }: { readonly plan: ChangePlan; readonly started: number },
): Promise<void> {
  const report = await reportOf(services, at, plan);
  if (!report) return;
  const seconds = ((services.clock.now() - started) / 1000).toFixed(2);
  services.tell(`change ${at.name} at ${short(at.head)} in ${seconds} s: ${verdictOf(report)}`);
  const { forge } = repositoryOf(services, at.repository);
  await deliver(services, at, async () => {
    if (!at.queue) await forge.putComment({ change: at.name, commit: at.head, text: commentOf(report) });
    const state = stateOf(report);
    await forge.setStatus({
      ...{ commit: at.head, context: 'mainstay', state, text: verdictOf(report), link: report.link },
    });
  });
}

function stateOf({ change, runs }: ChangeReport): CommitStatus['state'] {
  const states = runs.map(({ state }) => statusStateOf(state));
  if (change.problem || states.includes('failure') || isBlocked(change)) return 'failure';
  return states.includes('pending') ? 'pending' : 'success';
}

/**
 * When a preview of a change is tried again, and when that has ended: the comment and the status for all say what is now. What belongs to an
 * earlier head or base says nothing any more.
 */
export async function reportAgain(services: Services, run: Run): Promise<void> {
  const { store } = services;
  const change = run.change === undefined ? undefined : await store.changes.get(run.change);
  if (change?.state !== 'open' || change.merge !== run.commit || change.base === undefined) return;
  const newest = new Map<string, string>();
  for (const each of await store.runs.list({ change: change.id, kind: 'preview', limit: 1000 }))
    if (each.commit === change.merge && !newest.has(each.stack)) newest.set(each.stack, each.id);
  const { repository, name, head, base, merge } = change;
  const { untouched, removed } = await affectedBy(services, { repository, base, merge });
  const plan = { runs: [...newest.values()], stacks: [], superseded: [], problem: undefined };
  const started = run.startedAt?.getTime() ?? services.clock.now();
  await reportChange(
    services,
    { repository, name, head, base },
    { plan: { ...plan, untouched: untouched.length, removed }, started },
  );
}

/** Says whether the change can be undone: as a check of its own where there are such, and in the comment where it is not what was said there. */
async function tellUndo(
  services: Services,
  at: ChangeAt,
  { plan, news }: { readonly plan: ChangePlan; readonly news: boolean },
): Promise<void> {
  const report = await reportOf(services, at, plan);
  if (report?.change.state !== 'open' || report.runs.length === 0) return;
  const { forge } = repositoryOf(services, at.repository);
  const undo = undoVerdict(report.runs);
  await deliver(services, at, async () => {
    if (news) await forge.putComment({ change: at.name, commit: at.head, text: commentOf(report) });
    if (!forge.proposals) return;
    const state = undo.answer === 'no' ? 'failure' : 'success';
    await forge.setStatus({ commit: at.head, context: 'mainstay/undo', state, text: undo.text, link: report.link });
  });
}

/** Says what is wrong with the types, as a check of its own where there are such. It fails only where the settings say so. */
async function tellTypes(
  services: Services,
  at: ChangeAt,
  { plan, types }: { readonly plan: ChangePlan; readonly types: TypeCheck },
): Promise<void> {
  const report = await reportOf(services, at, plan);
  if (report?.change.state !== 'open') return;
  const { forge } = repositoryOf(services, at.repository);
  services.tell(`types of ${at.name} at ${short(at.head)}: ${typesText(types)}`);
  await deliver(services, at, async () => {
    if (types.state !== 'passed') await forge.putComment({ change: at.name, commit: at.head, text: commentOf(report) });
    const status = { commit: at.head, link: report.link };
    const own = types.blocks && types.state !== 'passed' ? ('failure' as const) : ('success' as const);
    if (forge.proposals)
      await forge.setStatus({ ...status, context: 'mainstay/types', state: own, text: `types: ${typesText(types)}` });
    if (own === 'failure')
      await forge.setStatus({ ...status, context: 'mainstay', state: stateOf(report), text: verdictOf(report) });
  });
}

/** Undefined where a newer push has taken over: its own report counts. */
async function reportOf(
  services: Services,
  at: ChangeAt,
  plan: ChangePlan,
): Promise<(ChangeReport & { readonly change: Change }) | undefined> {
  const { store } = services;
  const change = await store.changes.get(changeId(at));
  if (!change || change.head !== at.head || change.base !== at.base) return undefined;
  const loaded = await Promise.all(plan.runs.map((id) => store.runs.get(id)));
  const runs = loaded.filter((run) => run !== undefined).sort((a, b) => a.stack.localeCompare(b.stack));
  const link = services.link(`changes/${change.id}`);
  return { change, runs, untouched: plan.untouched, removed: plan.removed, link };
}

/** What a newer push has taken over in the meantime is not delivered any more. */
async function deliver(services: Services, at: ChangeAt, call: () => Promise<void>): Promise<void> {
  const work = async () => ((await isCurrent(services, at)) ? call() : undefined);
  const delivered = await attempt(work, { ...services, patienceSeconds: OUTAGE_SECONDS });
  if (!delivered.ok)
    services.log.error(
      { change: changeId(at), error: messageOf(delivered.error.message) },
      'the forge did not take the report',
    );
}

async function isCurrent({ store }: Services, at: ChangeAt): Promise<boolean> {
  const change = await store.changes.get(changeId(at));
  return change !== undefined && change.head === at.head && change.base === at.base;
}
