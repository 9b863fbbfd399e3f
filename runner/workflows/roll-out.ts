import { DBOS } from '@dbos-inc/dbos-sdk';
import { NO_GATE } from '../core/gate.ts';
import { short } from '../core/report-text.ts';
import type { RolloutState } from '../core/rollout.ts';
import type { RunState } from '../core/run.ts';
import { stacksOfStage } from '../core/stack-order.ts';
import { attempt } from './attempt.ts';
import { attemptId } from './attempt-id.ts';
import { offerRevert, withdrawRevert } from './offer-revert.ts';
import { passGate } from './pass-gate.ts';
import { planRollout, type RolloutPlan } from './plan-rollout.ts';
import { promoteVerified } from './promote.ts';
import { tellDue, wantReport } from './report-rollout.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import {
  type Ended,
  newerRollout,
  overtakenBy,
  type RolloutMessage,
  recordOvertaken,
  rejectedBy,
  type StageWork,
  waitForMessage,
} from './rollout-wait.ts';
import type { Services } from './services.ts';
import { verifyStage } from './verify-stage.ts';

/** The queue of updates: one at a time per stack, in the order in which they came. */
export const STACKS_QUEUE = 'stacks';

export interface RolloutWorkflows {
  update(id: string): Promise<RunState>;
  preview(id: string): Promise<RunState>;
  writePromotions(repository: string): Promise<void>;
}

/**
 * The workflow of one commit of the base branch: find what it affects, then environment by environment pass the gate, update, verify. A failure stops
 * it there until somebody retries or a newer commit overtakes it; a newer commit carries whatever is left, as each stack is compared
 * with the commit that it is at.
 */
export function rollOut(services: Services, workflows: RolloutWorkflows) {
  return async (at: RolloutAt): Promise<RolloutState> => {
    const planned = await DBOS.runStep(() => attempt(() => planRollout(services, at), services), { name: 'plan' });
    if (!planned.ok) return end(services, at, { state: 'failed', summary: planned.error.message });
    const { overtakenBy: newer } = planned.value;
    if (newer !== undefined) {
      const summary = `overtaken by ${short(newer)} before it began`;
      await DBOS.runStep(() => recordOvertaken(services, at, summary), { name: 'overtaken' });
      return end(services, at, { state: 'overtaken', summary });
    }
    for (const id of planned.value.overtaken)
      await DBOS.send(id, { kind: 'overtaken', by: short(at.commit) } satisfies RolloutMessage, 'decision');
    for (const { id, attempt: number } of planned.value.overtakenRuns ?? [])
      await DBOS.send(attemptId(id, number), { kind: 'overtaken', by: short(at.commit) }, 'decision');
    const ended = await runStages(services, { at, plan: planned.value, workflows });
    return end(services, at, ended);
  };
}

async function runStages(
  services: Services,
  { at, plan, workflows }: { readonly at: RolloutAt; readonly plan: RolloutPlan; readonly workflows: RolloutWorkflows },
): Promise<Ended> {
  const { stages, runs } = plan;
  let goodSince: number | undefined;
  for (const [index, stage] of stages.entries()) {
    const later = stages.slice(index + 1).map(({ environment }) => environment);
    const ended = await runStage(services, { at, stage, later, runs, ...workflows }, goodSince);
    if (ended.kind === 'ended') return ended.end;
    await promoteVerified(services, { at, stage, later, runs, ...workflows }, workflows.writePromotions);
    goodSince = ended.goodAt;
  }
  const count = Object.keys(runs).length;
  const verified = stages.filter(({ verifies }) => verifies).map(({ environment }) => `${environment} verified`);
  const done = [...(count > 0 ? [`${count} updated`] : []), ...verified];
  return { state: 'succeeded', summary: done.join(', ') || 'affects no stack' };
}

type StageEnd =
  | { readonly kind: 'ended'; readonly end: Ended }
  | { readonly kind: 'good'; readonly goodAt: number | undefined };

/** Updates and verifies one environment. Where only its checks are to be made, no gate is in the way but that the commit was taken back. */
async function runStage(services: Services, work: StageWork, goodSince: number | undefined): Promise<StageEnd> {
  const { at, stage, runs } = work;
  const gate = stage.gate ?? NO_GATE;
  const overtaken = await DBOS.runStep(() => newerRollout(services, at), {
    name: `${stage.environment}: newer commit?`,
  });
  if (overtaken) return { kind: 'ended', end: await overtakenBy(services, work, short(overtaken)) };
  const gated = stage.verifies ? { ...work, stage: { ...stage, gate: NO_GATE } } : work;
  const refused = await passGate(services, gated, goodSince);
  if (refused) return { kind: 'ended', end: refused };
  // It brings nothing to this environment that its revert would take back.
  if (stage.verifies)
    return verifyUntilGood(services, { ...work, stage: { ...stage, gate: { ...gate, onFailure: 'stop' } } });
  await DBOS.runStep(() => sayUpdating(services, work), { name: `${stage.environment}: updating` });
  for (const group of stage.groups) {
    const pending = group.map((stack) => runs[stack]!);
    const stopped = await updateUntilGood(services, work, pending);
    if (stopped) return { kind: 'ended', end: stopped };
  }
  return verifyUntilGood(services, work);
}

/** A hundred names are no sentence. */
const MOST_NAMED = 8;

function namedStacks(stacks: readonly string[]): string {
  if (stacks.length <= MOST_NAMED) return stacks.join(', ');
  return `${stacks.slice(0, MOST_NAMED).join(', ')} and ${stacks.length - MOST_NAMED} more`;
}

async function sayUpdating({ store }: Services, { at, stage, later }: StageWork): Promise<void> {
  const after = later.length > 0 ? `; ${later.join(', ')} after that` : '';
  const summary = `updates ${stage.environment}: ${namedStacks(stage.groups.flat())}${after}`;
  const why = `not verified yet since it was updated at ${short(at.commit)}`;
  const isChecked = (stage.gate ?? NO_GATE).verify.length > 0;
  await store.stacks.setUnproven(at.repository, stacksOfStage(stage), isChecked ? { bad: false, why } : undefined);
  await store.rollouts.set(rolloutId(at), { summary });
}

async function updateUntilGood(
  services: Services,
  work: StageWork,
  group: readonly string[],
): Promise<Ended | undefined> {
  let pending = group;
  for (let attemptNumber = 1; ; attemptNumber += 1) {
    pending = await updateGroup(work, { pending, attemptNumber });
    if (pending.length === 0) return undefined;
    const stacks = Object.keys(work.runs).filter((stack) => pending.includes(work.runs[stack]!));
    const stopped = await waitAfterFailure(
      services,
      work,
      `stopped at ${work.stage.environment} as ${namedStacks(stacks)} failed`,
    );
    if (stopped) return stopped;
    await DBOS.runStep(() => queueAgain(services, pending, attemptNumber + 1), {
      name: `${work.stage.environment}: again`,
    });
  }
}

async function verifyUntilGood(services: Services, work: StageWork): Promise<StageEnd> {
  for (let round = 1; ; round += 1) {
    const proof = await verifyStage(services, work, round);
    if (proof.good) {
      const offered = work.stage.gate !== undefined && work.stage.gate.onFailure !== 'stop';
      if (offered)
        await DBOS.runStep(() => withdrawRevert(services, work), { name: `${work.stage.environment}: good` });
      return { kind: 'good', goodAt: proof.at };
    }
    const why = `stopped at ${work.stage.environment} as it is not good: ${proof.text}`;
    const stopped = await waitAfterFailure(services, work, why);
    if (stopped) return { kind: 'ended', end: stopped };
  }
}

/** Starts all updates of a group and waits for them. Returns the runs that did not succeed. */
async function updateGroup(
  { at, runs, update }: StageWork,
  { pending, attemptNumber }: { readonly pending: readonly string[]; readonly attemptNumber: number },
): Promise<readonly string[]> {
  const handles = [];
  for (const id of pending) {
    const stack = Object.keys(runs).find((key) => runs[key] === id)!;
    const workflowID = attemptId(id, attemptNumber);
    const enqueueOptions = { queuePartitionKey: `${at.repository}:${stack}` };
    handles.push({
      id,
      handle: await DBOS.startWorkflow(update, { workflowID, queueName: STACKS_QUEUE, enqueueOptions })(id),
    });
  }
  const failed: string[] = [];
  for (const { id, handle } of handles) {
    const state = await handle.getResult({ pollingIntervalMs: 20 }).catch(() => 'failed' as const);
    if (state !== 'succeeded') failed.push(id);
  }
  return failed;
}

export async function queueAgain(services: Services, runs: readonly string[], attemptNumber: number): Promise<void> {
  for (const id of runs)
    await services.store.runs.set(id, {
      state: 'queued',
      summary: '',
      attempt: attemptNumber,
      startedAt: undefined,
      endedAt: undefined,
    });
}

/** A failure stops everything after it, and offers the revert where the settings say so. Returns the end where it is not tried again. */
async function waitAfterFailure(services: Services, work: StageWork, why: string): Promise<Ended | undefined> {
  const { environment, gate = NO_GATE } = work.stage;
  const offered = gate.onFailure === 'stop' ? '' : await offerRevert(services, work, why);
  const wait = {
    environment,
    for: 'failure' as const,
    text: `${why}${offered}`,
    until: undefined,
    approval: undefined,
  };
  for (;;) {
    const message = await waitForMessage(services, work, wait);
    if (message.kind === 'retry') return undefined;
    if (message.kind === 'overtaken') return overtakenBy(services, work, message.by);
    if (message.kind === 'give-up' || message.kind === 'reject')
      return rejectedBy(services, work, message, `${why}; given up`);
  }
}

async function end(services: Services, at: RolloutAt, ended: Ended): Promise<RolloutState> {
  const state = await DBOS.runStep(
    async () => {
      const endedAt = new Date(services.clock.now());
      await services.store.rollouts.set(rolloutId(at), { ...ended, waits: undefined, endedAt });
      services.tell(`rollout of ${short(at.commit)} ${ended.state}: ${ended.summary}`);
      return ended.state;
    },
    { name: 'end' },
  );
  await DBOS.runStep(() => wantReport(services, at), { name: 'tell the forge' });
  await DBOS.runStep(() => tellDue(services, rolloutId(at)), { name: 'tell the changes' });
  return state;
}
