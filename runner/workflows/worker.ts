import { DBOS, Error as DBOSErrors } from '@dbos-inc/dbos-sdk';
import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Actor } from '../core/account.ts';
import type { Change } from '../core/change.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import type { Decision } from '../core/rollout.ts';
import type { Run } from '../core/run.ts';
import { type ActedRun, cancelRun, retryPreview } from './act-on-run.ts';
import { askForEnvironment, type EnvironmentRequest, heldError } from './ask-for-environment.ts';
import { attemptId } from './attempt-id.ts';
import { startCleaning } from './clean-history.ts';
import { correctStack } from './correct-stack.ts';
import type { StackAt } from './drift-facts.ts';
import { judgeRolloutDecision, judgeRunDecision } from './judge-decision.ts';
import { keepEnvironment } from './keep-environment.ts';
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
import { startTakingOver } from './take-over.ts';
import { unlock, unlockStack } from './unlock-stack.ts';
import { updateStack } from './update-stack.ts';
import type { StartWriting } from './watch-images.ts';
import { openWorkerSession } from './worker-session.ts';
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
  /** Writes what is queued for the branches of a repository; the same promotion starts it once. */
  readonly startWriting: StartWriting;
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
  /** Asks for the preview environments of a change, or for their end. Rejects with a user error where that cannot be. */
  askForEnvironment(change: Change, request: EnvironmentRequest & Actor): Promise<void>;
  /** Starts the run of a preview environment, in its stack's turn. The same id is one run. */
  keepEnvironment(run: Pick<Run, 'id' | 'repository' | 'stack'>): Promise<void>;
  /** Looks at a repository while no other worker does: heads are handed on in the order in which they came. */
  alone<T>(repository: string, look: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Never derived from the code: runs outlive an upgrade. A workflow whose steps change order asks `DBOS.patch`. */
const APPLICATION_VERSION = 'stable';

/** Looks for drift. Each holds a place while what it found is put back; the engines' own limits decide what really runs at once. */
const LOOKS_QUEUE = 'looks';
const LOOKS_AT_ONCE = 24;

/**
 * Registers the workflows and starts to carry runs out, those of an earlier life of `name` first. Liveness of workers is a session lock of the database:
 * whose runs have none for a while, those are taken over by another worker. Calls `onLost` when its own session is lost for good: then others may
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
  const session = await openWorkerSession(options);
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
  const stopTakingOver = startTakingOver(session, log);
  const startWriting: StartWriting = async (repository, promotion) => {
    const enqueueOptions = { queuePartitionKey: repository };
    const workflowID = `write ${promotion}`;
    await DBOS.startWorkflow(workflows.write, { workflowID, queueName: WRITES_QUEUE, enqueueOptions })(repository);
  };
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
      await startWriting(request.repository, id);
      return id;
    },
    startWriting,
    rollBack: (request) => rollBack(services, request),
    cancelRun: (run, actor) => cancelRun(services, run, actor),
    retryPreview: (run, actor) => retryPreview(services, { run, actor }, workflows.preview),
    unlock: (at) => unlock(services, at, workflows.unlock),
    askForEnvironment: async (change, request) => {
      if (change.held && request.asked === 'up') throw heldError(change);
      await askForEnvironment(services, change, request);
    },
    keepEnvironment: async ({ id, repository, stack }) => {
      const enqueueOptions = { queuePartitionKey: `${repository}:${stack}` };
      await DBOS.startWorkflow(workflows.keep, { workflowID: id, queueName: STACKS_QUEUE, enqueueOptions })(id);
    },
    alone: (repository, look) => session.alone(repository, look),
    async close() {
      await stopTakingOver();
      stopCleaning();
      await DBOS.shutdown({ workflowCompletionTimeoutMS: 0 });
      options.interrupt();
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
  const keep = DBOS.registerWorkflow(keepEnvironment(services), { name: 'keep-environment', maxRecoveryAttempts: 100 });
  return { receive, look, write, preview, unlock, keep };
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
