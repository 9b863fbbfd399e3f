import { DBOS, Error as DBOSErrors } from '@dbos-inc/dbos-sdk';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import pg from 'pg';
import { messageOf, userError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Actor } from '../core/account.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import type { Decision } from '../core/rollout.ts';
import { type ActedRun, cancelRun, retryPreview } from './act-on-run.ts';
import { attemptId } from './attempt-id.ts';
import { startCleaning } from './clean-history.ts';
import { correctStack } from './correct-stack.ts';
import type { StackAt } from './drift-facts.ts';
import { judgeRolloutDecision, judgeRunDecision } from './judge-decision.ts';
import { type LookAt, lookAtStack } from './look-at-stack.ts';
import type { OfferedRevert } from './open-revert.ts';
import { previewChange } from './preview-change.ts';
import { previewStack } from './preview-stack.ts';
import { type PromotionRequest, requestPromotion, WRITES_QUEUE } from './promote.ts';
import { receiveEvent } from './receive-event.ts';
import { type RollbackRequest, rollBack } from './roll-back.ts';
import { rollOut, STACKS_QUEUE } from './roll-out.ts';
import type { RolloutMessage } from './rollout-wait.ts';
import type { Services } from './services.ts';
import { unlock, unlockStack } from './unlock-stack.ts';
import { updateStack } from './update-stack.ts';
import { writePromotions } from './write-promotions.ts';

/** Durable runs, carried out by this process. */
export interface Worker {
  /** Takes an event; when it resolves, the event is not lost any more. The same id twice is handled once. */
  receive(event: RepositoryEvent): Promise<void>;
  /** Lets a rollout look again at what it waits for. */
  wake(id: string): Promise<void>;
  /** Hands a decision to a run or a rollout that waits. Rejects with a user error that says why where it does not count. */
  decideRun(run: { readonly id: string; readonly attempt: number }, decision: Decision): Promise<void>;
  decideRollout(id: string, decision: Decision): Promise<void>;
  /** Writes a tested version into the next stack's file. Returns the promotion's id; `store.promotions` says what became of it. */
  promote(request: PromotionRequest): Promise<string>;
  /** Opens the change that takes a stack back to a commit. */
  rollBack(request: RollbackRequest): Promise<OfferedRevert>;
  /** Starts a look for drift; the same id is one look. False where a look at the stack is under way and nobody has asked for another. */
  look(id: string, at: LookAt): Promise<boolean>;
  /** Ends a run that has not ended: its engine finishes what it is at. */
  cancelRun(run: ActedRun, actor: Actor): Promise<void>;
  /** Previews again what failed or was cancelled. */
  retryPreview(run: ActedRun, actor: Actor): Promise<void>;
  /**
   * Clears what interrupted updates of a stack left. Returns what was done, in one line. Rejects with a conflict while an update of ours is at the
   * stack, and with a user error where it cannot be done.
   */
  unlock(at: StackAt & Actor): Promise<string>;
  close(): Promise<void>;
}

/** Never derived from the code: runs outlive an upgrade. A workflow whose steps change order asks `DBOS.patch`. */
const APPLICATION_VERSION = 'stable';

/** Our part of the database's advisory locks: one lock per living worker. */
const LOCK_SPACE = 7206;
const LOCK_WITHIN_MS = 10_000;
const TAKEOVER_EVERY_MS = 3000;

/** Looks for drift. Each holds a place while what it found is put back; the engines' own limits decide what really runs at once. */
const LOOKS_QUEUE = 'looks';
const LOOKS_AT_ONCE = 24;

/**
 * Registers the workflows and starts to carry runs out, those of an earlier life of `name` first. Liveness of workers is a session lock of the database:
 * every 3 s each worker looks for runs of workers that hold none, and takes them over. Calls `onLost` when its own session is lost: then others may
 * take its runs over, and it must end. Once per process.
 */
export async function startWorker(options: {
  readonly services: Services;
  readonly databaseUrl: string;
  /** Unique among living workers, the same after a restart. */
  readonly name: string;
  readonly log: Log;
  readonly onLost: (error: Error) => void;
  /** Interrupts what runs, once nothing of it can be recorded as its end any more. */
  readonly interrupt: () => void;
}): Promise<Worker> {
  const { services, databaseUrl, name, log } = options;
  const session = await holdWorkerLock(options);
  const workflows = register(services);
  DBOS.setConfig({
    name: 'mainstay',
    systemDatabaseUrl: databaseUrl,
    executorID: name,
    applicationVersion: APPLICATION_VERSION,
    logger: quietLogger(log),
    notificationCoalesceMs: 1,
  });
  await DBOS.launch();
  const common = { minPollingIntervalMs: 50, onConflict: 'always_update' } as const;
  await Promise.all([
    DBOS.registerQueue(STACKS_QUEUE, { ...common, partitionConcurrency: 1 }),
    DBOS.registerQueue(WRITES_QUEUE, { ...common, partitionConcurrency: 1 }),
    DBOS.registerQueue(LOOKS_QUEUE, { ...common, workerConcurrency: LOOKS_AT_ONCE }),
  ]);
  const stopCleaning = startCleaning({ clock: services.clock, log });
  const takeover = setInterval(() => void takeOverDead(session, name, log), TAKEOVER_EVERY_MS);
  return {
    receive: async (event) => void (await DBOS.startWorkflow(workflows.receive, { workflowID: event.id })(event)),
    look: (id, at) => startLook(workflows.look, id, at),
    decideRun: async ({ id, attempt }, decision) => {
      await judgeRunDecision(services, id, decision);
      await DBOS.send(attemptId(id, attempt), decision, 'decision');
    },
    decideRollout: async (id, decision) => {
      await judgeRolloutDecision(services, id, decision);
      await DBOS.send(id, decision, 'decision');
    },
    wake: (id) => DBOS.send(id, { kind: 'wake' } satisfies RolloutMessage, 'decision'),
    promote: async (request) => {
      const id = await requestPromotion(services, request);
      const enqueueOptions = { queuePartitionKey: request.repository };
      const workflowID = `write ${id}`;
      await DBOS.startWorkflow(workflows.write, { workflowID, queueName: WRITES_QUEUE, enqueueOptions })(
        request.repository,
      );
      return id;
    },
    rollBack: (request) => rollBack(services, request),
    cancelRun: (run, actor) => cancelRun(services, run, actor),
    retryPreview: (run, actor) => retryPreview(services, { run, actor }, workflows.preview),
    unlock: (at) => unlock(services, at, workflows.unlock),
    async close() {
      clearInterval(takeover);
      stopCleaning();
      await DBOS.shutdown({ workflowCompletionTimeoutMS: 0 });
      options.interrupt();
      session.removeAllListeners('end');
      await session.end();
    },
  };
}

/** A look that takes longer than its stack's turns is not waited for by more and more of them. */
async function startLook(look: (at: LookAt) => Promise<unknown>, id: string, at: LookAt): Promise<boolean> {
  const enqueueOptions = at.asked ? {} : { deduplicationID: `${at.repository}:${at.stack}` };
  try {
    await DBOS.startWorkflow(look, { workflowID: id, queueName: LOOKS_QUEUE, enqueueOptions })(at);
    return true;
  } catch (error) {
    if (error instanceof DBOSErrors.DBOSQueueDuplicatedError) return false;
    throw error;
  }
}

function register(services: Services) {
  const preview = DBOS.registerWorkflow(previewStack(services), { name: 'preview-stack', maxRecoveryAttempts: 20 });
  const change = DBOS.registerWorkflow(previewChange(services, preview), {
    name: 'preview-change',
    maxRecoveryAttempts: 20,
  });
  const update = DBOS.registerWorkflow(updateStack(services), { name: 'update-stack', maxRecoveryAttempts: 100 });
  const write = DBOS.registerWorkflow(writePromotions(services), {
    name: 'write-promotions',
    maxRecoveryAttempts: 100,
  });
  const rollout = DBOS.registerWorkflow(rollOut(services, { update, preview, writePromotions: write }), {
    name: 'roll-out',
    maxRecoveryAttempts: 1000,
  });
  const unlock = DBOS.registerWorkflow(unlockStack(services), { name: 'unlock-stack', maxRecoveryAttempts: 20 });
  const receive = DBOS.registerWorkflow(
    receiveEvent(services, { previewChange: change, previewStack: preview, rollOut: rollout, unlock }),
    {
      name: 'receive-event',
      maxRecoveryAttempts: 20,
    },
  );
  const correct = DBOS.registerWorkflow(correctStack(services), { name: 'correct-stack', maxRecoveryAttempts: 100 });
  const look = DBOS.registerWorkflow(lookAtStack(services, correct), {
    name: 'look-at-stack',
    maxRecoveryAttempts: 20,
  });
  return { receive, look, write, preview, unlock };
}

async function holdWorkerLock({ databaseUrl, name, onLost }: Parameters<typeof startWorker>[0]): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: databaseUrl, keepAlive: true });
  session.on('error', () => {});
  await session.connect();
  const deadline = performance.now() + LOCK_WITHIN_MS;
  while (!(await tryLock(session, name))) {
    if (performance.now() < deadline) {
      await new Promise((resume) => setTimeout(resume, 100));
      continue;
    }
    await session.end();
    throw userError(
      `Cannot start the worker as one of the same name is running: ${name}. End that one, or set MAINSTAY_WORKER to another name.`,
    );
  }
  session.on('end', () => onLost(new Error('the connection that shows that this worker lives was lost')));
  return session;
}

async function tryLock(session: pg.Client, name: string): Promise<boolean> {
  const { rows } = await session.query<{ held: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as held', [
    LOCK_SPACE,
    name,
  ]);
  return rows[0]!.held;
}

/** Queues the runs of workers that are gone again. Their steps are done again by whoever takes them; a result that comes late is refused by DBOS. */
async function takeOverDead(session: pg.Client, own: string, log: Log): Promise<void> {
  try {
    const { rows } = await session.query<{ executor_id: string }>(
      `select distinct executor_id from dbos.workflow_status where status = 'PENDING' and executor_id is not null and executor_id <> $1`,
      [own],
    );
    for (const { executor_id: dead } of rows) {
      if (!(await tryLock(session, dead))) continue;
      // Not public: the public way resets attempts and deadlines. The exact version is pinned, and test/journeys/takeover.test.ts covers it.
      const runs = await DBOSExecutor.globalInstance!.recoverPendingWorkflows([dead]);
      await session.query('select pg_advisory_unlock($1, hashtext($2))', [LOCK_SPACE, dead]);
      log.warn({ worker: dead, runs: runs.length }, 'took the runs of a lost worker over');
    }
  } catch (error) {
    log.debug({ error: messageOf(error) }, 'could not look for lost workers');
  }
}

/** What DBOS says of itself is for us, not for users; its errors are shown. */
function quietLogger(log: Log) {
  const say = (entry: unknown) => (typeof entry === 'string' ? entry : messageOf(entry));
  return {
    info: (entry: unknown) => log.debug({ from: 'dbos' }, say(entry)),
    debug: (entry: unknown) => log.trace({ from: 'dbos' }, say(entry)),
    warn: (entry: unknown) => log.debug({ from: 'dbos' }, say(entry)),
    error: (entry: unknown) => log.debug({ from: 'dbos' }, say(entry)),
  };
}
