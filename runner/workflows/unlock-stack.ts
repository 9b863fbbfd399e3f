import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { describeError } from '../core/summarise.ts';
import type { Attempt } from './attempt.ts';
import type { StackAt } from './drift-facts.ts';
import { STACKS_QUEUE } from './roll-out.ts';
import { repositoryOf, type Services } from './services.ts';
import { type CheckoutOf, withCheckout } from './with-checkout.ts';

/** Which stack, and who asked. */
export interface UnlockAt extends StackAt {
  /** Names this unlocking in the audit trail, once. */
  readonly id: string;
  readonly by: string;
}

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

async function unlockNow(services: Services, { id, repository, stack, by }: UnlockAt): Promise<string> {
  const commit = await commitOf(services, { repository, stack });
  const text = await recoverNow(services, { id, repository, stack, commit, kind: 'update', change: undefined });
  await services.store.audit.add({ kind: 'unlock', repository, subject: stack, by, text, key: `unlock ${id}` });
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
export async function unlock(
  services: Services,
  at: StackAt & { readonly by: string },
  workflow: (at: UnlockAt) => Promise<Attempt<string>>,
): Promise<string> {
  await refuseBusy(services, at);
  const id = `unlock-${randomUUID()}`;
  const enqueueOptions = { queuePartitionKey: `${at.repository}:${at.stack}` };
  const options = { workflowID: id, queueName: STACKS_QUEUE, enqueueOptions };
  const handle = await DBOS.startWorkflow(workflow, options)({ ...at, id });
  const done = await handle.getResult({ pollingIntervalMs: 50 });
  if (done.ok) return done.value;
  // The error's class did not survive being stored.
  throw done.error.kind === 'bug'
    ? new Error(done.error.message)
    : new MainstayError(done.error.kind, done.error.message);
}

/** Refuses a stack that an update or a correction of ours is at: that holds its own lock, or waits for a person. */
async function refuseBusy({ store }: Services, { repository, stack }: StackAt): Promise<void> {
  const [run] = (await store.runs.list({ repository, stack, states: ['running', 'waiting'] })).filter(
    ({ kind }) => kind === 'update' || kind === 'correction',
  );
  if (!run) return;
  const advice = run.state === 'waiting' ? 'Approve or reject it' : 'Wait for its end, or cancel it first';
  throw new MainstayError('conflict', `Cannot unlock the stack as it is being updated: ${run.id}. ${advice}.`);
}

/** Ends what an interrupted update of the stack left. Returns what was done, in one line. */
export async function recoverNow(services: Services, run: CheckoutOf): Promise<string> {
  const at = { run, signal: services.ending };
  const { done, unclear } = await withCheckout(services, at, ({ engine, work }) =>
    engine.recover(work, { clearLock: true }),
  );
  const open = unclear.length > 0 ? `; nobody can say whether these were created: ${unclear.join(', ')}` : '';
  return `${done.join(', ') || 'nothing was left'}${open}`;
}
