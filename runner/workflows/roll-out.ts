import { DBOS } from '@dbos-inc/dbos-sdk';
import { short } from '../core/report-text.ts';
import type { Decision, Rollout, RolloutState } from '../core/rollout.ts';
import type { RunState } from '../core/run.ts';
import type { Stage } from '../core/stack-order.ts';
import { attempt } from './attempt.ts';
import { planRollout } from './plan-rollout.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import type { Services } from './services.ts';

/** What ends a rollout's wait. */
export type RolloutMessage = Decision | { readonly kind: 'overtaken'; readonly by: string };

/** The queue of updates: one at a time per stack, in the order in which they came. */
export const STACKS_QUEUE = 'stacks';

const DECISION_DAYS = 30;

/**
 * The workflow of one commit of the base branch: find what it affects, then environment by environment update. A failure stops it there until
 * somebody retries or a newer commit overtakes it; a newer commit carries whatever is left, as each stack is compared with the
 * commit that it is at.
 */
export function rollOut(services: Services, update: (id: string) => Promise<RunState>) {
  return async (at: RolloutAt): Promise<RolloutState> => {
    const planned = await DBOS.runStep(() => attempt(() => planRollout(services, at), services), { name: 'plan' });
    if (!planned.ok) return end(services, at, { state: 'failed', summary: planned.error.message });
    for (const id of planned.value.overtaken)
      await DBOS.send(id, { kind: 'overtaken', by: short(at.commit) } satisfies RolloutMessage, 'decision');
    const { stages, runs } = planned.value;
    for (const stage of stages) {
      const stopped = await runStage(services, { at, stage, runs, update });
      if (stopped) return end(services, at, stopped);
    }
    const count = Object.keys(runs).length;
    return end(services, at, { state: 'succeeded', summary: count === 0 ? 'affects no stack' : `${count} updated` });
  };
}

type Ended = Pick<Rollout, 'state' | 'summary'>;

interface StageWork {
  readonly at: RolloutAt;
  readonly stage: Stage;
  /** Run ids by stack id. */
  readonly runs: Readonly<Record<string, string>>;
  readonly update: (id: string) => Promise<RunState>;
}

/** Updates one environment. Returns the end of the rollout where it stops here. */
async function runStage(services: Services, work: StageWork): Promise<Ended | undefined> {
  const { at, stage, runs } = work;
  const overtaken = await DBOS.runStep(() => newerRollout(services, at), {
    name: `${stage.environment}: newer commit?`,
  });
  if (overtaken) return overtakenBy(services, work, short(overtaken));
  const refused = await waitForApprovals(services, work);
  if (refused) return refused;
  for (const group of stage.groups) {
    let pending: readonly string[] = group.map((stack) => runs[stack]!);
    for (let attemptNumber = 1; pending.length > 0; attemptNumber += 1) {
      pending = await updateGroup(work, { pending, attemptNumber });
      if (pending.length === 0) break;
      const stopped = await waitAfterFailure(services, work, pending);
      if (stopped) return stopped;
      await DBOS.runStep(() => queueAgain(services, pending, attemptNumber + 1), {
        name: `${stage.environment}: again`,
      });
    }
  }
  return undefined;
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
    const state = await handle.getResult({ pollingIntervalMs: 50 }).catch(() => 'failed' as const);
    if (state !== 'succeeded') failed.push(id);
  }
  return failed;
}

/** The workflow that carries out one attempt of a run: where decisions about it are sent. */
export function attemptId(run: string, attemptNumber: number): string {
  return attemptNumber === 1 ? run : `${run}.${attemptNumber}`;
}

async function queueAgain(services: Services, runs: readonly string[], attemptNumber: number): Promise<void> {
  for (const id of runs)
    await services.store.runs.set(id, {
      state: 'queued',
      summary: '',
      attempt: attemptNumber,
      startedAt: undefined,
      endedAt: undefined,
    });
}

async function newerRollout(services: Services, at: RolloutAt): Promise<string | undefined> {
  const [newest] = await services.store.rollouts.list(at.repository, 1);
  return newest && newest.id !== rolloutId(at) && newest.state !== 'failed' ? newest.commit : undefined;
}

/** As many people as the environment asks for, none counted twice. */
async function waitForApprovals(services: Services, work: StageWork): Promise<Ended | undefined> {
  const { stage } = work;
  const approvers = new Set<string>();
  while (approvers.size < stage.approvals) {
    const missing = stage.approvals - approvers.size;
    const why = `waits for ${missing} approval${missing === 1 ? '' : 's'} for ${stage.environment}`;
    const message = await receive(services, work, why);
    if (message.kind === 'overtaken') return overtakenBy(services, work, message.by);
    if (message.kind === 'approve') approvers.add(message.by);
    if (message.kind === 'reject') {
      const summary = `${stage.environment} rejected by ${message.by}${message.reason ? `: ${message.reason}` : ''}`;
      await DBOS.runStep(() => cancelRest(services, work, summary), { name: `${stage.environment}: rejected` });
      return { state: 'failed', summary };
    }
  }
  return undefined;
}

/** A failed update stops everything after it. Returns the end where it is not retried. */
async function waitAfterFailure(
  services: Services,
  work: StageWork,
  failed: readonly string[],
): Promise<Ended | undefined> {
  const stacks = Object.keys(work.runs).filter((stack) => failed.includes(work.runs[stack]!));
  const why = `stopped at ${work.stage.environment} as ${stacks.join(', ')} failed`;
  for (;;) {
    const message = await receive(services, work, why);
    if (message.kind === 'retry') return undefined;
    if (message.kind === 'overtaken') return overtakenBy(services, work, message.by);
    if (message.kind === 'give-up' || message.kind === 'reject') {
      const summary = `${why}; given up by ${message.by}`;
      await DBOS.runStep(() => cancelRest(services, work, summary), { name: `${work.stage.environment}: given up` });
      return { state: 'failed', summary };
    }
  }
}

async function receive(services: Services, { at }: StageWork, why: string): Promise<RolloutMessage> {
  const id = rolloutId(at);
  await DBOS.runStep(
    async () => {
      await services.store.rollouts.set(id, { state: 'waiting', summary: why });
      services.tell(`rollout ${id} ${why}`);
    },
    { name: 'wait' },
  );
  let message: RolloutMessage | null = null;
  while (message === null)
    message = await DBOS.recv<RolloutMessage>('decision', { timeoutSeconds: DECISION_DAYS * 86_400 });
  await DBOS.runStep(() => services.store.rollouts.set(id, { state: 'running', summary: '' }), { name: 'go on' });
  return message;
}

async function overtakenBy(services: Services, work: StageWork, by: string): Promise<Ended> {
  await DBOS.runStep(() => cancelRest(services, work, `overtaken by ${by}`), {
    name: `${work.stage.environment}: overtaken`,
  });
  return { state: 'overtaken', summary: `overtaken by ${by} before ${work.stage.environment}` };
}

/** Runs that have not begun never will. */
async function cancelRest(services: Services, { runs }: StageWork, summary: string): Promise<void> {
  for (const id of Object.values(runs)) {
    const run = await services.store.runs.get(id);
    if (run?.state === 'queued')
      await services.store.runs.set(id, { state: 'superseded', summary, endedAt: new Date(services.clock.now()) });
  }
}

async function end(services: Services, at: RolloutAt, ended: Ended): Promise<RolloutState> {
  return DBOS.runStep(
    async () => {
      await services.store.rollouts.set(rolloutId(at), { ...ended, endedAt: new Date(services.clock.now()) });
      services.tell(`rollout of ${short(at.commit)} ${ended.state}: ${ended.summary}`);
      return ended.state;
    },
    { name: 'end' },
  );
}
