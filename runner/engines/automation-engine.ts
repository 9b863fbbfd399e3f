import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineEvent, PulumiCommand, Stack } from '@pulumi/pulumi/automation/index.js';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { ownIdentity } from '../../foundation/processes.ts';
import type { Outcome } from '../core/run.ts';
import { appliedCommit, messageFor } from './applied-commit.ts';
import { createOutcomeCollector } from './collect-outcome.ts';
import { earlierProcesses, endEarlier, isGone } from './earlier-processes.ts';
import type { Destruction, Engine, Recovery, StackWork } from './engine.ts';
import { failureText, isLocked, lockedError, lockHolders } from './engine-failure.ts';
import { Foreseen } from './foreseen.ts';
import { lookForDrift } from './look-for-drift.ts';
import type { RunnableCommand } from './official-command.ts';
import { type AutomationEngineOptions, failureOf, openStack, outputsOf, ownerOf, readConfig } from './open-stack.ts';
import { judgePending, type PendingOperation } from './pending-operations.ts';
import { withPolicies } from './policy-options.ts';
import { previewRevert } from './preview-revert.ts';
import { recordEvents, type StateResource } from './record-events.ts';
import { type FindableCreate, type PendingDeployment, supposeMade, withoutPending } from './settle-creates.ts';
import { mark, markOf, removeState, stackNames } from './stack-marks.ts';
import { withinTime } from './time-limit.ts';

/** An engine behind the Pulumi Automation API, whichever executable or implementation its command is. */
export function createAutomationEngine(options: AutomationEngineOptions): Engine {
  const foreseen = new Foreseen();
  return {
    name: options.name,
    exists: (work) => exists(options, work),
    outputs: (work) =>
      options.previews.run(async () =>
        (await exists(options, work)) ? outputsOf(await openStack(options, work)) : {},
      ),
    appliedCommit: (work) => options.previews.run(() => appliedCommit(options, work)),
    ...(options.checkTypes && { checkTypes: checkOf(options, options.checkTypes) }),
    preview: (work) => options.previews.run(() => previewForeseeing(options, work, foreseen)),
    ...(options.proposing && { previewBehind: behindOf(options, options.proposing) }),
    ...(options.foreseeing && { previewRevert: revertOf({ ...options, foreseeing: options.foreseeing, foreseen }) }),
    look: (work) => options.previews.run(() => lookForDrift(options, work)),
    update: (work) =>
      options.updates.run(() => withinTime(work, (limited) => operate(options, limited, { verb: 'update' }))),
    stackNames: (work) => options.previews.run(() => stackNames(options, work)),
    markOf: (work) => options.previews.run(() => markOf(options, work)),
    mark: (work, text) => options.updates.run(() => mark(options, work, text)),
    destroy: (work) => options.updates.run(() => destroy(options, work)),
    correct: (work, targets) => options.updates.run(() => operate(options, work, { verb: 'update', targets })),
    recover: (work, { assumeNotCreated = false, clearLock = false } = {}) =>
      recover(options, work, { assumeNotCreated, clearLock }),
  };
}

/** Where the engine can, what the preview would leave is kept for the preview of its revert. */
async function previewForeseeing(
  options: AutomationEngineOptions,
  work: StackWork,
  foreseen: Foreseen,
): Promise<Outcome> {
  const command = options.foreseeing?.();
  const used = command ? { ...options, command: () => command } : options;
  const outcome = await withinTime(work, (limited) => operate(used, limited, { verb: 'preview' }));
  if (command && outcome.result === 'succeeded') foreseen.keep(work, command, outcome);
  return outcome;
}

/** Nobody waits for it as for a preview. */
function checkOf(
  { previews }: AutomationEngineOptions,
  check: NonNullable<AutomationEngineOptions['checkTypes']>,
): NonNullable<Engine['checkTypes']> {
  const checked = ({ folder, signal, limits }: StackWork) =>
    check(folder, { ...(signal && { signal }), ...(limits && { limits }) });
  return (work) => previews.run(() => withinTime(work, checked), { background: true });
}

function revertOf(options: Parameters<typeof previewRevert>[0]): NonNullable<Engine['previewRevert']> {
  // Nobody waits for it, and somebody may wait for a first preview.
  return (work, before) => options.previews.run(() => previewRevert(options, { work, before }), { background: true });
}

function behindOf(
  options: AutomationEngineOptions,
  proposing: () => PulumiCommand,
): NonNullable<Engine['previewBehind']> {
  return (work, upstreams) =>
    options.previews.run(async () => {
      const command = proposing();
      const used = { ...options, command: () => command };
      const previewed = (of: StackWork) => withinTime(of, (limited) => operate(used, limited, { verb: 'preview' }));
      for (const upstream of upstreams) {
        const { result, problem } = await previewed(upstream);
        if (result === 'failed')
          throw userError(
            `Cannot preview ${work.stack} as the stack whose outputs it reads cannot be previewed: ${upstream.stack}: ${problem}. Correct that one.`,
          );
      }
      return previewed(work);
    });
}

async function operate(
  options: AutomationEngineOptions,
  work: StackWork,
  { verb, targets }: { readonly verb: 'preview' | 'update' | 'destroy'; readonly targets?: readonly string[] },
): Promise<Outcome> {
  const collector = createOutcomeCollector(work.folder);
  const stack = await openStack(options, work);
  const config = readConfig(stack);
  const recording = work.witness && recordEvents(work.witness, config);
  const onEvent = (event: EngineEvent) => {
    collector.take(event);
    recording?.take(event);
  };
  const common = { onEvent, color: 'never' as const, signal: work.signal };
  const message = messageFor(work, targets !== undefined);
  // What is put back is compared with what is there now, and nothing else is touched.
  const only = targets && { refresh: true, target: [...targets] };
  const failure = await withPolicies(work.policies ?? [], (policies) => {
    if (verb === 'preview') return failureOf(() => stack.preview({ ...common, ...policies }), work);
    const change = async () => {
      if (verb === 'destroy') await stack.destroy({ ...common, message });
      else await stack.up({ ...common, ...policies, ...only, message });
    };
    return recorded(options, work, () =>
      failureOf(() => withOwnLocksCancelled(options, { work, stack }, change), work),
    );
  });
  const { sandbox } = await config;
  // Who depends on whom is in the state alone; a preview has the one of before.
  recording?.finish(verb !== 'preview' || options.name === 'embedded' ? await stateOf(stack, work) : []);
  const outputs = verb === 'update' && failure === undefined ? await outputsOf(stack) : {};
  return collector.finish({ failure, outputs, engine: options.name, sandbox });
}

/** What the graph needs of the state. A state that cannot be read fails what needs it, not the picture of it. */
async function stateOf(stack: Stack, work: StackWork): Promise<readonly StateResource[]> {
  const text = await exportText(stack, work).catch(() => '{}');
  return (JSON.parse(text) as { deployment?: { resources?: readonly StateResource[] } }).deployment?.resources ?? [];
}

async function exists(options: AutomationEngineOptions, work: StackWork): Promise<boolean> {
  return (await stackNames(options, work)).includes(work.stackName);
}

/** What stays is known of the state alone: its destroy says nothing of it. */
async function destroy(options: AutomationEngineOptions, work: StackWork): Promise<Destruction> {
  if (!(await exists(options, work))) return { outcome: undefined, retained: [] };
  const stack = await openStack(options, work);
  const retained = (await stateOf(stack, work)).filter(({ retainOnDelete }) => retainOnDelete).map(({ urn }) => urn);
  const outcome = await operate(options, work, { verb: 'destroy' });
  if (outcome.result === 'succeeded') await removeState(stack, work);
  return { outcome, retained };
}

/**
 * Runs an update with our own process on record, as it holds the lock where the engine is in it: a later life knows then whose lock it finds.
 * When the update has come through, what earlier lives recorded is settled too.
 */
async function recorded<T>(options: AutomationEngineOptions, work: StackWork, update: () => Promise<T>): Promise<T> {
  const owner = ownerOf(work);
  await options.processes.add(owner, ownIdentity());
  try {
    const result = await update();
    for (const process of await earlierProcesses(options.processes, work))
      if (isGone(process)) await options.processes.remove({ ...owner, host: process.host }, process);
    return result;
  } finally {
    await options.processes.remove(owner, ownIdentity());
  }
}

async function recover(
  options: AutomationEngineOptions,
  work: StackWork,
  { assumeNotCreated, clearLock }: { readonly assumeNotCreated: boolean; readonly clearLock: boolean },
): Promise<Recovery> {
  const recorded = await earlierProcesses(options.processes, work);
  if (recorded.length === 0 && !assumeNotCreated && !clearLock) return { done: [], unclear: [] };
  const done: string[] = [];
  for (const process of recorded)
    if (await endEarlier(process)) done.push(`ended process ${process.pid} of an earlier life`);
  if (clearLock && !(await exists(options, work))) return { done, unclear: [] };
  const stack = await openStack(options, work);
  const { repeatable, findable, unclear } = judgePending(await readPending(stack, work));
  if (unclear.length > 0 && !assumeNotCreated) return { done, unclear: unclear.map(({ resource }) => resource.urn) };
  for (const { type, resource } of [...repeatable, ...unclear]) done.push(`${type} ${resource.urn} is done again`);
  for (const { operation } of findable) done.push(`what became of creating ${operation.resource.urn} was looked at`);
  // Whoever writes the state back needs the lock: that is how one that is left comes to light.
  if (clearLock || findable.length > 0 || unclear.length > 0) {
    const told = { work, stack, onCancelled: () => done.push('cancelled the lock that it left') };
    await holding(options, work, () =>
      withOwnLocksCancelled(options, told, () => settleCreates(stack, work, findable)),
    );
  }
  return { done, unclear: [] };
}

/** With our own process on record, as it holds the lock. */
async function holding(
  { processes }: AutomationEngineOptions,
  work: StackWork,
  action: () => Promise<void>,
): Promise<void> {
  const owner = ownerOf(work);
  await processes.add(owner, ownIdentity());
  try {
    await action();
  } finally {
    await processes.remove(owner, ownIdentity());
  }
}

/** Where the lock is of processes that we recorded and that are gone, it is cancelled and the work done again; somebody else's stays. */
async function withOwnLocksCancelled<T>(
  options: AutomationEngineOptions,
  { work, stack, onCancelled }: { readonly work: StackWork; readonly stack: Stack; readonly onCancelled?: () => void },
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!isLocked(error)) throw error;
    const gone = (await earlierProcesses(options.processes, work)).filter(isGone);
    const holders = lockHolders(error);
    const ours = holders.every(({ host, pid }) => gone.some((record) => record.pid === pid && record.host === host));
    if (holders.length === 0 || !ours) throw lockedError(work.stack, error);
    await stack.cancel();
    onCancelled?.();
    return await operation();
  }
}

function commandOf({ workspace }: Stack): {
  readonly command: RunnableCommand;
  readonly environment: Readonly<Record<string, string>>;
} {
  return {
    command: workspace.pulumiCommand as unknown as RunnableCommand,
    environment: workspace.envVars as Record<string, string>,
  };
}

/** The state as it is stored: its secrets stay encrypted. */
async function exportText(stack: Stack, work: StackWork): Promise<string> {
  const { command, environment } = commandOf(stack);
  try {
    const args = ['stack', 'export', '--stack', work.stackName];
    return (await command.run(args, work.folder, environment)).stdout;
  } catch (error) {
    throw userError(
      `Cannot read the state of ${work.stack} as the engine says: ${failureText(error)}. Correct it and retry.`,
      {
        cause: error,
      },
    );
  }
}

async function readPending(stack: Stack, work: StackWork): Promise<readonly PendingOperation[]> {
  const state = JSON.parse(await exportText(stack, work)) as {
    deployment?: { pending_operations?: PendingOperation[] };
  };
  return state.deployment?.pending_operations ?? [];
}

/** An engine keeps pending creates until somebody says what became of them: that is us, now, after a look. */
async function settleCreates(stack: Stack, work: StackWork, creates: readonly FindableCreate[]): Promise<void> {
  if (creates.length > 0) {
    await rewriteState(stack, work, (deployment) => supposeMade(deployment, creates));
    const target = creates.map(({ operation }) => operation.resource.urn);
    try {
      await stack.refresh({ target, color: 'never', ...(work.signal && { signal: work.signal }) });
    } catch (error) {
      if (isLocked(error)) throw error;
      throw new MainstayError(
        'transient',
        `Cannot see what an interrupted update of ${work.stack} has made as the engine says: ${failureText(error)}. Correct it and retry.`,
        { cause: error },
      );
    }
  }
  await rewriteState(stack, work, withoutPending);
}

async function rewriteState(
  stack: Stack,
  work: StackWork,
  rewrite: (deployment: PendingDeployment) => PendingDeployment,
): Promise<void> {
  const state = JSON.parse(await exportText(stack, work)) as { deployment: PendingDeployment };
  const file = join(work.folder, `.mainstay-state-${process.pid}.json`);
  const { command, environment } = commandOf(stack);
  writeFileSync(file, JSON.stringify({ ...state, deployment: rewrite(state.deployment) }), { mode: 0o600 });
  try {
    await command.run(['stack', 'import', '--file', file, '--stack', work.stackName], work.folder, environment);
  } finally {
    rmSync(file, { force: true });
  }
}
