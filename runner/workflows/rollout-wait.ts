import { DBOS } from '@dbos-inc/dbos-sdk';
import type { RolloutWait } from '../core/gate.ts';
import { short } from '../core/report-text.ts';
import type { Decision, Rollout } from '../core/rollout.ts';
import type { RunState } from '../core/run.ts';
import type { Stage } from '../core/stack-order.ts';
import { reportRollout } from './report-rollout.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import type { Services } from './services.ts';

/** What ends a rollout's wait. `wake` says that time has gone by, or that something else may have changed: whatever was waited for is looked at again. */
export type RolloutMessage = Decision | { readonly kind: 'overtaken'; readonly by: string } | { readonly kind: 'wake' };

export type Ended = Pick<Rollout, 'state' | 'summary'>;

/** One environment of one rollout, being worked on. */
export interface StageWork {
  readonly at: RolloutAt;
  readonly stage: Stage;
  /** Environments after this one. */
  readonly later: readonly string[];
  /** Run ids by stack id. */
  readonly runs: Readonly<Record<string, string>>;
  readonly update: (id: string) => Promise<RunState>;
  readonly preview: (id: string) => Promise<RunState>;
}

const DECISION_DAYS = 30;

/** Says what it waits for and waits for a message. Costs no worker and survives restarts. */
export async function waitForMessage(
  services: Services,
  { at, later }: Pick<StageWork, 'at' | 'later'>,
  wait: RolloutWait,
): Promise<RolloutMessage> {
  const id = rolloutId(at);
  const newer = await DBOS.runStep(() => beginWait(services, { at, later }, wait), { name: `wait: ${wait.for}` });
  if (newer !== undefined) return { kind: 'overtaken', by: newer };
  let message: RolloutMessage | null = null;
  while (message === null)
    message = await DBOS.recv<RolloutMessage>('decision', { timeoutSeconds: DECISION_DAYS * 86_400 });
  await DBOS.runStep(() => services.store.rollouts.set(id, { state: 'running', summary: '', waits: undefined }), {
    name: 'go on',
  });
  return message;
}

/** Returns the newer commit that this rollout is overtaken by, where there is one: it may have come between the last look and now. */
async function beginWait(
  services: Services,
  { at, later }: Pick<StageWork, 'at' | 'later'>,
  wait: RolloutWait,
): Promise<string | undefined> {
  const id = rolloutId(at);
  const before = await services.store.rollouts.get(id);
  const summary = later.length > 0 ? `${wait.text}; ${later.join(', ')} after that` : wait.text;
  await services.store.rollouts.set(id, { state: 'waiting', summary, waits: wait });
  const newer = await newerRollout(services, at);
  if (newer !== undefined) return short(newer);
  const key = `wait ${id} ${wait.text}`;
  const said = (await services.store.audit.list({ subject: id, limit: 1 }))[0];
  if (said?.text === wait.text || before?.summary === summary) return undefined;
  services.tell(`rollout ${id} ${wait.text}`);
  await services.store.audit.add({
    kind: 'gate',
    repository: at.repository,
    subject: id,
    by: 'mainstay',
    text: wait.text,
    key,
  });
  await reportRollout(services, at);
  return undefined;
}

/** The commit of a rollout that came after this one and is not given up. */
export async function newerRollout(services: Services, at: RolloutAt): Promise<string | undefined> {
  const [newest] = await services.store.rollouts.list(at.repository, 1);
  return newest && newest.id !== rolloutId(at) && newest.state !== 'failed' ? newest.commit : undefined;
}

export async function overtakenBy(services: Services, work: StageWork, by: string): Promise<Ended> {
  const summary = `overtaken by ${by} before ${work.stage.environment}`;
  await DBOS.runStep(
    async () => {
      await cancelRest(services, work, `overtaken by ${by}`);
      await recordOvertaken(services, work.at, summary);
    },
    { name: `${work.stage.environment}: overtaken` },
  );
  return { state: 'overtaken', summary };
}

export async function recordOvertaken({ store }: Services, at: RolloutAt, text: string): Promise<void> {
  const id = rolloutId(at);
  const what = { kind: 'overtaken', repository: at.repository, subject: id, by: 'mainstay', text } as const;
  await store.audit.add({ ...what, key: `overtaken ${id}` });
}

/** Ends a rollout because somebody said so. */
export async function rejectedBy(services: Services, work: StageWork, decision: Decision, why: string): Promise<Ended> {
  const summary = `${why} by ${decision.by}${decision.reason ? `: ${decision.reason}` : ''}`;
  await DBOS.runStep(() => cancelRest(services, work, summary), {
    name: `${work.stage.environment}: ${decision.kind}`,
  });
  return { state: 'failed', summary };
}

/** Runs that have not begun never will. */
async function cancelRest(services: Services, { runs }: StageWork, summary: string): Promise<void> {
  for (const id of Object.values(runs)) {
    const run = await services.store.runs.get(id);
    if (run?.state === 'queued')
      await services.store.runs.set(id, { state: 'superseded', summary, endedAt: new Date(services.clock.now()) });
  }
}
