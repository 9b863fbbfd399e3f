import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import type { Actor } from '../core/account.ts';
import type { Run } from '../core/run.ts';
import { describeError } from '../core/summarise.ts';
import type { Attempt } from './attempt.ts';
import type { StackAt } from './drift-facts.ts';
import { STACKS_QUEUE } from './roll-out.ts';
import { repositoryOf, type Services } from './services.ts';
import { type CheckoutOf, withCheckout } from './with-checkout.ts';

/** Which stack, and who asked. */
export interface UnlockAt extends StackAt, Actor {
  /** Names this unlocking in the audit trail, once. */
  readonly id: string;
}

/** The workflow `unlock-stack`, as it is started. */
export type Unlock = (at: UnlockAt) => Promise<Attempt<string>>;

/**
 * The workflow that clears what interrupted updates of a stack left: their processes and our own locks, never somebody else's. It runs in the queue
 * of the stack's updates, so nothing of ours is at the stack meanwhile. Its result says what was done, in one line.
 */
export function unlockStack(services: Services) {
  return (at: UnlockAt): Promise<Attempt<string>> =>
    DBOS.runStep(() => once(services, () => unlockNow(services, at)), { name: 'unlock' });
}

/** Somebody waits for the answer: what fails is said at once. */
async function once<T>(services: Services, work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    services.ending.throwIfAborted();
    const { kind, message } = describeError(error);
    return { ok: false, error: { kind, message: redactor.redact(message) } };
  }
}

async function unlockNow(services: Services, { id, repository, stack, by, via }: UnlockAt): Promise<string> {
  const commit = await commitOf(services, { repository, stack });
  const text = await recoverNow(services, { id, repository, stack, commit, kind: 'update', change: undefined });
  const key = `unlock ${id}`;
  await services.store.audit.add({ kind: 'unlock', repository, subject: stack, by, via, text, key });
  return text;
}

/** Where the stack's settings are read: the head of the base branch, or what was applied last. */
async function commitOf(services: Services, { repository, stack }: StackAt): Promise<string> {
  const head = (await services.store.events.heads(repository)).get(repositoryOf(services, repository).base)?.commit;
  if (head) return head;
  const known = (await services.store.stacks.list(repository)).find(({ id }) => id === stack);
  if (known?.appliedCommit) return known.appliedCommit;
  throw userError(
    `Cannot unlock the stack as its repository has not been looked at yet: ${repository}. Wait a moment.`,
  );
}

/** Has a stack unlocked, in its turn. Returns what was done; see `Worker.unlock`. */
export async function unlock(services: Services, at: StackAt & Actor, workflow: Unlock): Promise<string> {
  const run = await busyWith(services, at);
  if (run) {
    const advice = run.state === 'waiting' ? 'Approve or reject it' : 'Wait for its end, or cancel it first';
    throw new MainstayError('conflict', `Cannot unlock the stack as it is being updated: ${run.id}. ${advice}.`);
  }
  const done = await unlockInTurn({ ...at, id: `unlock-${randomUUID()}` }, workflow);
  if (done.ok) return done.value;
  // The error's class did not survive being stored.
  throw done.error.kind === 'bug'
    ? new Error(done.error.message)
    : new MainstayError(done.error.kind, done.error.message);
}

/** Starts the workflow after whatever is at the stack, and waits for what it says. The same id is one unlocking; may be called in a workflow. */
export async function unlockInTurn(at: UnlockAt, workflow: Unlock): Promise<Attempt<string>> {
  const enqueueOptions = { queuePartitionKey: `${at.repository}:${at.stack}` };
  const options = { workflowID: at.id, queueName: STACKS_QUEUE, enqueueOptions };
  const handle = await DBOS.startWorkflow(workflow, options)(at);
  return handle.getResult({ pollingIntervalMs: 50 });
}

/** The update or correction of ours that is at a stack: that holds its own lock, or waits for a person. */
export async function busyWith({ store }: Services, { repository, stack }: StackAt): Promise<Run | undefined> {
  const runs = await store.runs.list({ repository, stack, states: ['running', 'waiting'] });
  return runs.find(({ kind }) => kind !== 'preview' && kind !== 'drift');
}

/** Ends what an interrupted update of the stack left. Returns what was done, in one line. */
async function recoverNow(services: Services, run: CheckoutOf): Promise<string> {
  const at = { run, signal: services.ending };
  const { done, unclear } = await withCheckout(services, at, ({ engine, work }) =>
    engine.recover(work, { clearLock: true }),
  );
  const open = unclear.length > 0 ? `; nobody can say whether these were created: ${unclear.join(', ')}` : '';
  return `${done.join(', ') || 'nothing was left'}${open}`;
}
